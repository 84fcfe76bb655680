"""What pricing refuses. Each of the three refusals of a quote is answered together with a fresh one."""

from marketplace.kit.errors import DomainError


class QuoteExpired(DomainError):
    """The quote has run out or has been withdrawn; ``quote`` is a fresh one, or null when none can be made."""

    code = "quote_expired"
    zh = "报价已过期，请确认新的报价"
    en = "The quote has expired; see the new one."


class QuoteUsed(DomainError):
    """A booking was already made with this quote; ``quote`` is a fresh one, or null when none can be made."""

    code = "quote_used"
    zh = "该报价已用于预订"
    en = "A booking was already made with this quote."


class PriceChanged(DomainError):
    """The price is no longer the quoted one; ``quote`` has the new price, or is null when none can be made."""

    code = "price_changed"
    zh = "价格已变化，请确认新的报价"
    en = "The price has changed; see the new quote."


class PromotionUnusable(DomainError):
    """The promotion code cannot be used for this stay; ``errors[]`` says why. Ask again without it for the plain price."""

    code = "promotion_unusable"
    status = 422
    zh = "优惠码不能使用"
    en = "The promotion code cannot be used."


class PromotionCodeTaken(DomainError):
    """Another promotion has this code; codes are unique, so that one code means one thing everywhere."""

    code = "promotion_code_taken"
    zh = "该优惠码已被占用"
    en = "Another promotion has this code."


class PrepaymentUnlawful(DomainError):
    """More would be taken in advance than the law lets anybody take; ``rule`` names the limit (R14–R16)."""

    code = "prepayment_unlawful"
    status = 422
    zh = "预收款超过法定上限（{rule}）"
    en = "This prepayment is beyond what the law allows ({rule})."
