"""Rate plans and seasons on the wire: an institution's whole price list beside its nights."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from marketplace.inventory.rules import HORIZON_NIGHTS
from marketplace.kit.errors import invalid
from marketplace.kit.ids import pattern, wire
from marketplace.kit.money import Money
from marketplace.pricing.rules import (
    CURRENCY,
    DISCOUNT_BPS_MAX,
    ORDER,
    WEEKDAYS,
    Discount,
    EarlyBooking,
    MealPlan,
    RatePlan,
    Season,
    Supplements,
)
from marketplace.pricing.rules.rates import THRESHOLDS_MAX, WEEKDAY_BPS, Weekday

BPS = Annotated[int, msgspec.Meta(ge=1, le=DISCOUNT_BPS_MAX, examples=[500])]
SINGLE_USE = Annotated[
    int,
    msgspec.Meta(
        ge=0, le=DISCOUNT_BPS_MAX, examples=[1500], description="Off units for two or more that one guest has."
    ),
]


class MealPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A meal plan that is offered, per guest and night; never taken unless asked for."""

    meal_plan: MealPlan
    price: Money


class CarePrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Care for a guest of an ability level (GB/T 42195), per night; a level that is not listed costs nothing more."""

    level: Annotated[int, msgspec.Meta(ge=1, le=4, examples=[2])]
    price: Money


class LengthOfStay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes off stays of at least so many nights; only the longest that is reached counts."""

    nights_min: Annotated[int, msgspec.Meta(examples=[28])]
    discount_bps: BPS


class EarlyBird(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes off stays that are asked for so many days before check-in; only the earliest that is reached counts."""

    days_ahead_min: Annotated[int, msgspec.Meta(examples=[60])]
    discount_bps: BPS


class RatePlanInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything an institution charges or takes off beside its nights, from ``effective_from`` on.

    What is left out is not offered, or takes nothing off.
    """

    effective_from: Annotated[date, msgspec.Meta(examples=["2027-05-02"])]
    single_use_discount_bps: SINGLE_USE = 0
    companion_bed: Money | None = None
    meals: Annotated[list[MealPrice], msgspec.Meta(max_length=3)] = []
    care: Annotated[list[CarePrice], msgspec.Meta(max_length=4)] = []
    length_of_stay: Annotated[list[LengthOfStay], msgspec.Meta(max_length=THRESHOLDS_MAX)] = []
    early_booking: Annotated[list[EarlyBird], msgspec.Meta(max_length=THRESHOLDS_MAX)] = []

    def supplements(self) -> Supplements:
        """Return the supplements as the domain knows them. Refuses: Invalid naming the field."""
        meals = {one.meal_plan: _fen(one.price, f"meals.{i}.price") for i, one in enumerate(self.meals)}
        if len(meals) < len(self.meals) or MealPlan.NONE in meals:
            raise invalid(
                "meals", zh="餐食方案不能重复，也不能为 none", en="Each meal plan once, and none has no price."
            )
        care = {one.level: _fen(one.price, f"care.{i}.price") for i, one in enumerate(self.care)}
        if len(care) < len(self.care):
            raise invalid("care", zh="能力等级不能重复", en="Each level once.")
        return Supplements(
            single_use_bps=self.single_use_discount_bps,
            companion_bed_amount=_fen(self.companion_bed, "companion_bed") if self.companion_bed else None,
            meal_amounts=meals,
            care_amounts=(0, care.get(1, 0), care.get(2, 0), care.get(3, 0), care.get(4, 0)),
        )

    def discounts(self) -> tuple[tuple[Discount, ...], tuple[EarlyBooking, ...]]:
        """Return the discounts for long and for early stays."""
        return (
            tuple(Discount(nights_min=one.nights_min, discount_bps=one.discount_bps) for one in self.length_of_stay),
            tuple(
                EarlyBooking(days_ahead_min=one.days_ahead_min, discount_bps=one.discount_bps)
                for one in self.early_booking
            ),
        )


class RatePlanView(msgspec.Struct, frozen=True, kw_only=True):
    """An institution's price list beside its nights. Tax is included, and nothing else is charged (R21).

    Discounts are taken off in the order of ``order``, each off what the ones before it left.
    """

    institution_id: Annotated[str, msgspec.Meta(pattern=pattern("ins"))]
    effective_from: Annotated[
        date | None, msgspec.Meta(examples=["2027-05-02"], description="Null when there is no plan on the day.")
    ]
    single_use_discount_bps: SINGLE_USE
    companion_bed: Money | None
    meals: list[MealPrice]
    care: list[CarePrice]
    length_of_stay: list[LengthOfStay]
    early_booking: list[EarlyBird]
    service_fee_bps: Annotated[int, msgspec.Meta(examples=[0])]
    order: Annotated[list[str], msgspec.Meta(examples=[list(ORDER)])]

    @classmethod
    def of(cls, institution_id: UUID, plan: RatePlan) -> "RatePlanView":
        """Write a plan."""
        prices = plan.supplements
        bed = prices.companion_bed_amount
        return cls(
            institution_id=wire("ins", institution_id),
            effective_from=plan.effective_from_on,
            single_use_discount_bps=prices.single_use_bps,
            companion_bed=None if bed is None else Money(bed, CURRENCY),
            meals=[MealPrice(meal, Money(amount, CURRENCY)) for meal, amount in prices.meal_amounts.items()],
            care=[
                CarePrice(level, Money(amount, CURRENCY)) for level, amount in enumerate(prices.care_amounts) if amount
            ],
            length_of_stay=[LengthOfStay(one.nights_min, one.discount_bps) for one in plan.length_of_stay],
            early_booking=[EarlyBird(one.days_ahead_min, one.discount_bps) for one in plan.early_booking],
            service_fee_bps=plan.service_fee_bps,
            order=list(ORDER),
        )


class SeasonInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The price of a unit on the nights [from, to), and what weekdays add to it or take off it, in basis points."""

    from_: date = msgspec.field(name="from")
    to: date
    price: Money
    weekday_adjustments: Annotated[
        dict[Weekday, Annotated[int, msgspec.Meta(ge=WEEKDAY_BPS.start, le=WEEKDAY_BPS.stop - 1)]],
        msgspec.Meta(examples=[{"fri": 1000, "sat": 1000}]),
    ] = {}


class SeasonsInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seasons of a room type, applied all or none; they may not overlap."""

    seasons: Annotated[list[SeasonInput], msgspec.Meta(min_length=1, max_length=HORIZON_NIGHTS)]

    def asked(self) -> list[Season]:
        """Return the seasons as the domain knows them. Refuses: Invalid for another currency."""
        return [
            Season(
                first=one.from_,
                end=one.to,
                price_amount=_fen(one.price, f"seasons.{i}.price"),
                weekday_bps=tuple(one.weekday_adjustments.get(day, 0) for day in WEEKDAYS),
            )
            for i, one in enumerate(self.seasons)
        ]


class RatesSet(msgspec.Struct, frozen=True):
    """How many nights are priced as was asked; nights that are not on sale are left alone."""

    room_type_id: Annotated[str, msgspec.Meta(pattern=pattern("rmt"))]
    night_count: Annotated[int, msgspec.Meta(ge=0, examples=[90])]


def _fen(price: Money, field: str) -> int:
    if price.currency != CURRENCY:
        raise invalid(f"{field}.currency", zh="仅支持人民币", en="Prices are in CNY.")
    return price.amount
