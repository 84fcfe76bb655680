"""Numbers and pure decisions of bookings."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from marketplace.bookings.states import ChargeStatus, Status
from marketplace.inventory.rules import Gender
from marketplace.kit.clock import local_time
from marketplace.kit.errors import invalid
from marketplace.kit.money import yuan
from marketplace.pricing.rules import Leg, Line, MealPlan, Quote, Used, used_by

HOLD = timedelta(minutes=30)
HOLD_EXTENSION = timedelta(minutes=30)
CANCELLATION_QUOTE = timedelta(minutes=15)
STEP_FREE_AGE = 75
# A long stay is paid by the month, while the guests are there too.
OPEN_FOR_PAYMENT = frozenset({Status.ON_HOLD, Status.CONFIRMED, Status.CHECKED_IN})
# How long the payment page of a confirmed booking's balance stays open.
PAYMENT_OPEN = timedelta(hours=23)
# A month of a long stay can be paid this long before it is due.
MONTH_OPEN = timedelta(days=30)
# A payment in parts is of ¥100 at least: every one of them costs a fee.
PART_MIN = 10_000


class Item(StrEnum):
    """What an institution may ask for beside the price; the list is closed, so that nothing unheard of is charged."""

    EXTRA_MEALS = "extra_meals"
    EXTRA_CARE = "extra_care"
    LAUNDRY = "laundry"
    SUPPLIES = "supplies"
    TRANSPORT = "transport"
    DAMAGE = "damage"
    # Named so that they can be refused by law rather than by spelling (R15, R16).
    SECURITY_DEPOSIT = "security_deposit"
    MEMBERSHIP = "membership"

    @property
    def is_prepayment(self) -> bool:
        """Whether it is taken in advance and held, not for something served."""
        return self in (Item.SECURITY_DEPOSIT, Item.MEMBERSHIP)


_ITEMS = {
    Item.EXTRA_MEALS: ("加餐", "份", "Extra meals"),
    Item.EXTRA_CARE: ("增加护理", "次", "Extra care"),
    Item.LAUNDRY: ("洗衣", "次", "Laundry"),
    Item.SUPPLIES: ("护理用品", "件", "Supplies"),
    Item.TRANSPORT: ("接送", "次", "Transport"),
    Item.DAMAGE: ("物品损坏赔偿", "件", "Damage"),
    Item.SECURITY_DEPOSIT: ("押金", "笔", "Security deposit"),
    Item.MEMBERSHIP: ("会员费", "笔", "Membership"),
}


def line_of_item(item: Item, *, unit_amount: int, quantity: int) -> Line:
    """Write what is asked for as a line of the price: so many at so much each."""
    zh, unit, en = _ITEMS[item]
    return Line(
        code=item.value,
        reason_zh=f"{zh} {yuan(unit_amount)} × {quantity} {unit}",
        reason_en=f"{en} {yuan(unit_amount)} × {quantity}",
        amount=unit_amount * quantity,
        unit_amount=unit_amount,
        quantity=quantity,
    )


def used_until(lines: Sequence[Line], *, check_in: date, check_out: date, left_on: date) -> Used:
    """Return what of a stay was used by those who leave on a day; what was served beside it is used whole."""
    beside = sum(line.amount for line in lines if line.code in _ITEMS)
    used = used_by(
        [line for line in lines if line.code not in _ITEMS], check_in=check_in, check_out=check_out, left_on=left_on
    )
    return Used(list_amount=used.list_amount + beside, price_amount=used.price_amount + beside)


def month_fee(total_amount: int, *, nights: int) -> int:
    """Return what thirty nights of a stay cost."""
    return total_amount * 30 // nights


class ChargeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A charge beside the price as its guests and its institution see it."""

    id: UUID
    booking_id: UUID
    kind: str
    number: int
    status: ChargeStatus
    first_on: date
    end_on: date
    lines: list[Line]
    amount: int
    currency: str
    due_at: datetime
    settled_at: datetime | None


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """What one payment brought in and has not yet given back."""

    payment_id: UUID
    amount: int


class DefaultCause(StrEnum):
    """Why an institution cannot honour a stay; all of them are its own cause."""

    OVERBOOKED = "overbooked"
    OUT_OF_SERVICE = "out_of_service"
    STAFFING = "staffing"
    CLOSING = "closing"
    OTHER = "other"


class Defaulted(msgspec.Struct, frozen=True, kw_only=True):
    """A stay that its institution cancelled: what goes back, and the interest that the institution owes beside it."""

    booking_id: UUID
    refund_amount: int
    interest_amount: int


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who will stay."""

    name: str
    birth_year: int | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to call about the stay; ``phone`` is E.164."""

    name: str
    phone: str


class StayWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A stay to be priced."""

    room_type_id: UUID
    check_in: date
    check_out: date
    guest_count: int
    unit_count: int
    companion_bed_count: int = 0
    meal_plan: MealPlan = MealPlan.NONE
    care_levels: tuple[int, ...] = ()
    gender: Gender | None = None
    promotion_code: str | None = None


class SeatsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Seats on a departure to be priced."""

    departure_id: UUID
    traveller_count: int


def wish_of(quote: Quote) -> StayWanted | SeatsWanted:
    """Return what a quote was asked for, to ask for it again."""
    if quote.departure_id is not None:
        return SeatsWanted(departure_id=quote.departure_id, traveller_count=quote.guest_count)
    assert quote.room_type_id is not None
    assert quote.party is not None
    return StayWanted(
        room_type_id=quote.room_type_id,
        check_in=quote.check_in,
        check_out=quote.check_out,
        guest_count=quote.guest_count,
        unit_count=quote.unit_count,
        companion_bed_count=quote.party.companion_bed_count,
        meal_plan=quote.party.meal_plan,
        care_levels=quote.party.care_levels,
        gender=quote.party.gender,
        promotion_code=quote.promotion_code,
    )


class CancellationOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What cancelling would refund until ``expires_at``."""

    id: UUID
    booking_id: UUID
    paid_amount: int
    refund_amount: int
    expires_at: datetime
    free_cancel: bool = False


def cancels_free(from_at: datetime | None, until_at: datetime | None, *, now: datetime) -> bool:
    """Say whether a booking may be cancelled free of charge: from a suspension on, until some days after its end (R03)."""
    return from_at is not None and (until_at is None or now < until_at)


def prefers_step_free(guests: Sequence[Guest], *, year: int) -> bool:
    """Say whether a party should be spared stairs, as long as nothing but its guests' years of birth is known."""
    return any(guest.birth_year is not None and year - guest.birth_year >= STEP_FREE_AGE for guest in guests)


def shown_status(status: Status, *, hold_expires_at: datetime | None, now: datetime) -> Status:
    """Return the status a reader sees: a lapsed hold is expired, whether or not a worker has tidied it."""
    if status is Status.ON_HOLD and hold_expires_at is not None and hold_expires_at <= now:
        return Status.EXPIRED
    return status


class Payable(msgspec.Struct, frozen=True, kw_only=True):
    """The leg to be paid next, and how much of it is left to pay."""

    leg: Leg
    left_amount: int


def payable(schedule: Sequence[Leg], *, paid_amount: int) -> Payable | None:
    """Return the leg to be paid next: legs are paid in order, each whole or in parts."""
    reached = 0
    for leg in schedule:
        reached += leg.amount
        if paid_amount < reached:
            return Payable(leg=leg, left_amount=min(leg.amount, reached - paid_amount))
    return None


def payable_leg(schedule: Sequence[Leg], *, paid_amount: int) -> Leg | None:
    """Return the leg to be paid next."""
    found = payable(schedule, paid_amount=paid_amount)
    return found.leg if found else None


class Chase(msgspec.Struct, frozen=True, kw_only=True):
    """One step of chasing a leg: so many days after it was due, before when negative. The last one ends the matter."""

    name: str
    days: int
    ends: bool = False


CHASES = (
    Chase(name="upcoming", days=-7),
    Chase(name="overdue", days=1),
    Chase(name="final", days=4),
    Chase(name="lapsed", days=8, ends=True),
)
_CHASE_HOUR = 10


def chase_at(leg: Leg, step: Chase) -> datetime:
    """Return when a step is due: in the morning, since it may send an SMS."""
    return local_time(leg.due_on + timedelta(days=step.days), hour=_CHASE_HOUR)


def next_chase(leg: Leg, *, now: datetime) -> Chase:
    """Return the first step whose time has not passed; nobody is told that they were late before they could pay."""
    return next((step for step in CHASES if chase_at(leg, step) >= now), CHASES[-1])


def left_of(schedule: Sequence[Leg], wanted: Leg, *, paid_amount: int) -> int:
    """Return how much of a leg is unpaid, in fen: what was paid fills the legs in order."""
    before = 0
    for leg in schedule:
        if leg == wanted:
            return leg.amount - min(max(paid_amount - before, 0), leg.amount)
        before += leg.amount
    return 0


def due_by(schedule: Sequence[Leg], *, day: date) -> int:
    """Return how much is to have been paid by the end of a day, in fen."""
    return sum(leg.amount for leg in schedule if leg.due_on <= day)


def opens_on(leg: Leg) -> date:
    """Return from when a leg can be paid: months not long before they are due, so that no money is held for a season."""
    return leg.due_on - MONTH_OPEN if leg.leg == "month" else date.min


def part_to_pay(found: Payable, *, wished: int | None, may_part: bool) -> int:
    """Return what one payment is to bring: the rest of the leg, or the part of it that is wished for.

    What is left afterwards must be nothing or enough for a payment of its own. Refuses: Invalid.
    """
    if wished is None or wished == found.left_amount:
        return found.left_amount
    if not may_part:
        raise invalid("amount", zh="首笔款项须一次付清", en="The first payment is made whole.")
    if wished > found.left_amount or min(wished, found.left_amount - wished) < PART_MIN:
        raise invalid(
            "amount",
            zh=f"每次至少支付 {yuan(PART_MIN)}，且不超过待付金额",
            en=f"Pay at least {yuan(PART_MIN)} at a time and no more than is left.",
        )
    return wished


def spread_refund(payments: Sequence[Paid], amount: int) -> list[Paid]:
    """Take ``amount`` out of the payments, the newest first, never more than each still holds."""
    left = amount
    parts = []
    for paid in reversed(payments):
        part = min(left, paid.amount)
        if part > 0:
            parts.append(Paid(payment_id=paid.payment_id, amount=part))
            left -= part
    if left:
        raise ValueError("a refund must not exceed what was paid")
    return parts
