"""Promotion codes on the wire."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from marketplace.inventory.rules import STAY_NIGHTS_MAX
from marketplace.kit.errors import invalid
from marketplace.kit.ids import pattern, wire
from marketplace.kit.money import Money
from marketplace.kit.text import LINE
from marketplace.pricing.rules import CURRENCY, DISCOUNT_BPS_MAX, Promotion
from marketplace.pricing.rules.promotions import USES_MAX

CODE = Annotated[str, msgspec.Meta(min_length=4, max_length=20, pattern="^[A-Za-z0-9]+$", examples=["SUMMER27"])]
NAME = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=LINE, examples=["避暑早订"])]
NAME_EN = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=LINE, examples=["Summer early bird"])]
BPS = Annotated[int, msgspec.Meta(ge=1, le=DISCOUNT_BPS_MAX, examples=[500])]
FROM = Annotated[date, msgspec.Meta(examples=["2027-05-01"])]
UNTIL = Annotated[date, msgspec.Meta(examples=["2027-07-01"], description="The first day on which it is over.")]


class PromotionInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A code that takes either a share or an amount off a stay, for bookings made on the days [valid_from, valid_until).

    One code goes into a quote. It comes after the discounts for long and early stays, on what these leave of the room.
    """

    code: CODE
    name: NAME
    name_en: NAME_EN
    discount_bps: BPS | None = None
    discount_amount: Money | None = None
    nights_min: Annotated[int, msgspec.Meta(ge=1, le=STAY_NIGHTS_MAX, examples=[7])] = 1
    valid_from: FROM
    valid_until: UNTIL
    usage_max: (
        Annotated[int, msgspec.Meta(ge=1, le=USES_MAX, examples=[100], description="Bookings; null for any number.")]
        | None
    ) = None

    def amount(self) -> int | None:
        """Return the amount in fen. Refuses: Invalid for another currency."""
        if self.discount_amount is None:
            return None
        if self.discount_amount.currency != CURRENCY:
            raise invalid("discount_amount.currency", zh="仅支持人民币", en="Amounts are in CNY.")
        return self.discount_amount.amount


class PromotionView(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion of an institution; ``usable`` says whether one more booking may use it today."""

    id: Annotated[str, msgspec.Meta(pattern=pattern("prm"))]
    code: CODE
    name: NAME
    name_en: NAME_EN
    discount_bps: BPS | None
    discount_amount: Money | None
    nights_min: int
    valid_from: FROM
    valid_until: UNTIL
    usage_max: int | None
    ended_at: datetime | None
    usable: bool

    @classmethod
    def of(cls, found: Promotion, *, today: date) -> "PromotionView":
        """Write a promotion as it stands today."""
        return cls(
            id=wire("prm", found.id),
            code=found.code,
            name=found.name_zh,
            name_en=found.name_en,
            discount_bps=found.discount_bps,
            discount_amount=None if found.discount_amount is None else Money(found.discount_amount, CURRENCY),
            nights_min=found.nights_min,
            valid_from=found.valid_from_on,
            valid_until=found.valid_until_on,
            usage_max=found.usage_max,
            ended_at=found.ended_at,
            usable=found.left and found.ended_at is None and found.valid_from_on <= today < found.valid_until_on,
        )
