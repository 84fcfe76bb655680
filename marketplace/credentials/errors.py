"""What certificates refuse."""

from marketplace.kit.errors import DomainError


class CertificateNotStanding(DomainError):
    """The certificate has ended or is suspended, so no plaque of it is printed; ``certificate_status`` says which."""

    code = "certificate_not_standing"
    zh = "证书当前状态不可打印牌匾"
    en = "A plaque is printed only of a certificate in good standing."
