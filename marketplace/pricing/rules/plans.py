"""What a price depends on beside the nights: an institution's rate plan, the party, and a promotion."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from marketplace.inventory.rules import Gender

# Care by ability level (GB/T 42195): 0 is able and pays nothing, 4 is completely dependent.
CARE_LEVELS = range(5)
# No single discount takes more, so that a slip of the keyboard does not give rooms away.
DISCOUNT_BPS_MAX = 9_000


class MealPlan(StrEnum):
    """Which meals are taken; nobody takes any who has not asked (电商法 19, R10)."""

    NONE = "none"
    BREAKFAST = "breakfast"
    HALF_BOARD = "half_board"
    FULL_BOARD = "full_board"


class Discount(msgspec.Struct, frozen=True, kw_only=True):
    """``discount_bps`` off the nights of stays that last at least ``nights_min``."""

    nights_min: int
    discount_bps: int


class EarlyBooking(msgspec.Struct, frozen=True, kw_only=True):
    """``discount_bps`` off stays that are asked for at least ``days_ahead_min`` days before check-in."""

    days_ahead_min: int
    discount_bps: int


class Supplements(msgspec.Struct, frozen=True, kw_only=True):
    """What an institution charges beside the nights, in fen a night; None is not offered.

    ``single_use_bps`` comes off the nights of each unit for two or more that one guest has alone. Meals are per guest,
    ``care_amounts`` per guest of an ability level. Nobody's age is asked (R11).
    """

    single_use_bps: int = 0
    companion_bed_amount: int | None = None
    meal_amounts: Mapping[MealPlan, int] = {}
    care_amounts: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)


class RatePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a price out of an institution's nights on one day.

    ``effective_from_on`` is None while the institution has published no plan: nothing beside the nights is charged or
    offered then. ``service_fee_bps`` is the platform's.
    """

    effective_from_on: date | None = None
    supplements: Supplements = Supplements()
    length_of_stay: tuple[Discount, ...] = ()
    early_booking: tuple[EarlyBooking, ...] = ()
    service_fee_bps: int = 0


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a room type is sold on: the plan, whom its institution cares for, and what may be shown struck through.

    ``ability_level_max`` is of GB/T 42195; ``lowest_deal`` is the least that a unit was sold for a night in the seven
    days before, None when none was.
    """

    plan: RatePlan
    ability_level_max: int
    lowest_deal: int | None


NO_PLAN = RatePlan()


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who stays in how many units of one room type, and what they chose; companions count among the guests.

    ``single_use_count`` units have one guest although they have room for more. ``care_levels`` are those of the guests
    who need care. ``gender`` is known only where rooms are shared with strangers.
    """

    guest_count: int
    unit_count: int = 1
    single_use_count: int = 0
    companion_bed_count: int = 0
    meal_plan: MealPlan = MealPlan.NONE
    care_levels: tuple[int, ...] = ()
    gender: Gender | None = None


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """A code that takes a share or an amount off the price of a stay of at least ``nights_min`` nights.

    It is good on the days ``[valid_from_on, valid_until_on)`` on which a booking is made, for one institution or, when
    that is None, for all. ``usage_max`` bookings may use it, None any number; ``left`` says whether one more may.
    """

    id: UUID
    institution_id: UUID | None
    code: str
    name_zh: str
    name_en: str
    discount_bps: int | None
    discount_amount: int | None
    nights_min: int
    valid_from_on: date
    valid_until_on: date
    usage_max: int | None
    ended_at: datetime | None
    left: bool = True
