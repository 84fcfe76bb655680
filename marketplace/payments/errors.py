"""What payments refuse."""

from marketplace.kit.errors import DomainError


class AlreadyPaid(DomainError):
    """This leg of the booking has been paid; there is nothing left to collect for it."""

    code = "already_paid"
    zh = "此款项已支付"
    en = "This leg has already been paid."


class PaymentClosed(DomainError):
    """The payment has ended; open a new one."""

    code = "payment_closed"
    zh = "此次支付已结束（{payment_status}），请重新发起"
    en = "The payment is {payment_status}; open a new one."


class PaymentRefused(DomainError):
    """The payment provider will not collect this payment by this method; choose another."""

    code = "payment_refused"
    zh = "支付渠道未受理，请更换支付方式"
    en = "The payment provider refused this payment; choose another method."


class NotCaptured(DomainError):
    """Only money that has arrived can be given back."""

    code = "not_captured"
    zh = "此款项尚未到账，不能退款"
    en = "The payment has not been captured."


class RefundTooLarge(DomainError):
    """The refunds of a payment never exceed what it brought in."""

    code = "refund_too_large"
    zh = "退款超过可退金额"
    en = "At most {refundable_amount} can still be refunded."


class BadWebhookSignature(DomainError):
    """The webhook was not signed by the payment provider, not now, or not for this environment."""

    code = "bad_webhook_signature"
    status = 400
    zh = "回调签名无效"
    en = "The webhook signature is not valid."


class ProviderUnavailable(DomainError):
    """The payment provider did not answer; repeat the request, it will not charge twice."""

    code = "payment_provider_unavailable"
    status = 503
    zh = "支付渠道暂时不可用，请稍后再试"
    en = "The payment provider is briefly unavailable; try again."
    retryable = True

    def __init__(self, *, retry_after_s: int = 2) -> None:
        self.retry_after_s = retry_after_s  # type: ignore[misc]  # How long is known only when it is left alone.
        super().__init__()


class ProviderDisagrees(DomainError):
    """The provider's books say something of a payment that ours cannot accept; people look at it."""

    code = "payment_mismatch"
    zh = "支付结果与订单不符，已转人工核对"
    en = "The provider's record does not match this payment."


class ApprovedBySelf(DomainError):
    """Whoever proposed that a refund is paid by bank cannot approve it."""

    code = "approved_by_self"
    zh = "提出人不能审批同一笔退款"
    en = "Another person must approve this refund."
