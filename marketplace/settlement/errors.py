"""What settlement refuses."""

from marketplace.kit.errors import DomainError


class PayeeRefused(DomainError):
    """The payment provider does not accept this institution as a payee."""

    code = "payee_refused"
    zh = "支付渠道未受理收款账户，请联系平台"
    en = "The payment provider did not accept this payee."
