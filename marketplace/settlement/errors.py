"""What settlement refuses."""

from marketplace.kit.errors import DomainError


class PayeeRefused(DomainError):
    """The payment provider does not accept this institution as a payee."""

    code = "payee_refused"
    zh = "支付渠道未受理收款账户，请联系平台"
    en = "The payment provider did not accept this payee."


class NothingFrozen(DomainError):
    """No transfers of this institution wait because of its certification."""

    code = "nothing_frozen"
    zh = "该机构没有被冻结的转账"
    en = "No transfers of this institution are frozen."


class ReleaseChanged(DomainError):
    """What would be sent is no longer what the first person saw, or it is too late; ask for a new release."""

    code = "release_changed"
    zh = "待放行款项已变化或已过期，请重新发起"
    en = "What would be released has changed or lapsed; ask for a new release."


class SecondPersonRequired(DomainError):
    """Whoever asked for a release cannot approve it."""

    code = "second_person_required"
    zh = "发起人不能审批同一笔放行"
    en = "Another person must approve this release."


class InvoiceExists(DomainError):
    """An invoice of this booking has been asked for or issued."""

    code = "invoice_exists"
    zh = "该预订已申请发票"
    en = "An invoice of this booking has already been asked for."


class NothingToInvoice(DomainError):
    """No money of this booking is with the institution or held for it: an invoice would be of nothing."""

    code = "nothing_to_invoice"
    zh = "没有可开票的金额"
    en = "There is no amount to invoice."
