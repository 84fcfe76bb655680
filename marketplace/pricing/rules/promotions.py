"""Whether a promotion code may be used. One code at most goes into a quote; what it is taken off is in ``charges``."""

import re
from datetime import date
from uuid import UUID

from marketplace.inventory.rules import PRICE_AMOUNT_MAX
from marketplace.kit.errors import FieldError, invalid
from marketplace.pricing.errors import PromotionUnusable
from marketplace.pricing.rules.plans import DISCOUNT_BPS_MAX, Promotion

CODE = re.compile(r"[A-Z0-9]{4,20}")
USES_MAX = 100_000


def normal(code: str) -> str:
    """Return a code as it is stored: people type it in any case and with spaces around it."""
    return code.strip().upper()


def ensure_promotion(promotion: Promotion | None, *, institution_id: UUID, night_count: int, on: date) -> Promotion:
    """Return a promotion that this stay may use when booked on ``on``; one of another institution is unknown.

    Refuses: PromotionUnusable naming the field.
    """
    if (
        promotion is None
        or promotion.institution_id not in (None, institution_id)
        or promotion.ended_at is not None
        or on >= promotion.valid_until_on
    ):
        raise _unusable("优惠码无效或已结束", "The code is unknown or has ended.")
    if on < promotion.valid_from_on:
        raise _unusable(f"优惠码 {promotion.valid_from_on} 起可用", f"The code is good from {promotion.valid_from_on}.")
    if night_count < promotion.nights_min:
        raise _unusable(f"连住 {promotion.nights_min} 晚及以上可用", f"Good for {promotion.nights_min} nights or more.")
    if not promotion.left:
        raise _unusable("优惠码已用完", "Every use of the code is taken.")
    return promotion


def check_promotion(found: Promotion, *, today: date) -> None:
    """Refuse a promotion that makes no sense. Refuses: Invalid naming the field."""
    if not CODE.fullmatch(found.code):
        raise invalid("code", zh="优惠码为 4 至 20 位字母或数字", en="A code has 4 to 20 letters or digits.")
    if (found.discount_bps is None) == (found.discount_amount is None):
        raise invalid("discount_bps", zh="折扣比例与金额二选一", en="Give a share or an amount, not both.")
    if found.discount_bps is not None and not 0 < found.discount_bps <= DISCOUNT_BPS_MAX:
        raise invalid("discount_bps", zh="折扣须在 0.01% 至 90% 之间", en="A discount is 0.01 % to 90 %.")
    if found.discount_amount is not None and not 0 < found.discount_amount <= PRICE_AMOUNT_MAX:
        raise invalid("discount_amount", zh="金额须在 ¥0.01 至 ¥1,000,000 之间", en="An amount is ¥0.01 to ¥1,000,000.")
    if found.valid_until_on <= max(found.valid_from_on, today):
        raise invalid("valid_until", zh="结束日期须在今天及开始日期之后", en="Must be after valid_from and today.")
    if found.usage_max is not None and not 1 <= found.usage_max <= USES_MAX:
        raise invalid("usage_max", zh=f"次数须在 1 至 {USES_MAX} 之间", en=f"A number of uses is 1 to {USES_MAX}.")


def _unusable(zh: str, en: str) -> PromotionUnusable:
    return PromotionUnusable(fields=(FieldError(pointer="/promotion_code", zh=zh, en=en),))
