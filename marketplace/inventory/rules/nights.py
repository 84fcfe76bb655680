"""Shapes of nights and pure checks on what an institution asks for. Nights are ``[first, end)``, like a stay."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec

from marketplace.catalog.rules import RoomType
from marketplace.inventory.errors import (
    ClosedToArrival,
    ClosedToDeparture,
    CompanionBedsTaken,
    LeadTimeTooShort,
    NotAvailable,
    StayRestricted,
    StayTooLong,
    StayTooShort,
)
from marketplace.kit.errors import FieldError, Invalid, invalid

HORIZON_NIGHTS = 400
STAY_NIGHTS_MAX = 180
LEAD_DAYS_MAX = 365
AVAILABILITY_NIGHTS_DEFAULT = 60
# ¥1,000,000 for one night is a slip of the keyboard.
PRICE_AMOUNT_MAX = 100_000_000


class AllocationKind(StrEnum):
    """What units are set aside for: a booking, a tour's block, or nobody, because they cannot be lived in."""

    BOOKING = "booking"
    BLOCK = "block"
    OUT_OF_SERVICE = "out_of_service"


class Gender(StrEnum):
    """Who a party is, where strangers may share a room: fewer of one gender than a room has beds may have to."""

    FEMALE = "female"
    MALE = "male"
    MIXED = "mixed"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one room type to be set aside on every night of a stay.

    Without a ``gender`` beds are never shared: the rooms that they stand in are set aside whole.
    """

    room_type_id: UUID
    check_in: date
    check_out: date
    unit_count: int
    kind: str
    owner_id: UUID
    expires_at: datetime | None = None
    gender: Gender | None = None
    companion_bed_count: int = 0


class NightRange(msgspec.Struct, frozen=True, kw_only=True):
    """What an institution says about the nights ``[first, end)``; None leaves a fact as it is.

    A night that is not on sale yet needs ``unit_count`` and ``price_amount`` (fen for one unit). The bounds of a stay, its
    lead time and ``closed_to_arrival`` are of the night on which it begins, ``closed_to_departure`` of the day it ends.
    ``companion_bed_count`` is how many companion beds there are, one for each unit until it has been said.
    """

    first: date
    end: date
    unit_count: int | None = None
    price_amount: int | None = None
    min_stay_count: int | None = None
    max_stay_count: int | None = None
    lead_day_count: int | None = None
    closed_to_arrival: bool | None = None
    closed_to_departure: bool | None = None
    closed: bool | None = None
    companion_bed_count: int | None = None


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """One night of one room type as a guest sees it; ``available_count`` is 0 when it cannot be had.

    ``companion_beds_left`` is None when every unit may have one. Beds in a room that somebody has already are not among
    the available: only guests of the same gender may have them (``RoomNights.beside``).
    """

    night: date
    available_count: int
    price_amount: int
    min_stay_count: int
    closed: bool
    max_stay_count: int = STAY_NIGHTS_MAX
    lead_day_count: int = 0
    closed_to_arrival: bool = False
    closed_to_departure: bool = False
    companion_beds_left: int | None = None


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Beds left on one night in rooms that women, or men, have already."""

    women_count: int
    men_count: int


class RoomNights(msgspec.Struct, frozen=True, kw_only=True):
    """A room type and its nights on sale within a window, in order; ``beside`` are beds left in shared rooms, by night."""

    room_type: RoomType
    nights: tuple[Night, ...]
    beside: Mapping[date, Beside] = {}


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """What could be booked of an institution on the nights ``[first, end)``; nothing unless it is ``bookable``."""

    institution_id: UUID
    bookable: bool
    first: date
    end: date
    room_types: tuple[RoomNights, ...]


class OutOfService(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a room type that nobody can live in on the nights ``[first, end)``, and why."""

    id: UUID
    room_type_id: UUID
    first: date
    end: date
    unit_count: int
    reason: str
    room_number: str | None = None


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not what it should be the sum of, on one night of a room type.

    ``fact`` is ``taken_count``, ``companion_taken_count`` or ``closed`` (1 for a closed night), recomputed from the
    allocations; ``share``: the beds of a room, and the guests who share it; or ``booking`` or ``block``: the units that a
    booking or a tour's block should hold, and those that it does.
    """

    room_type_id: UUID
    night: date
    fact: str
    expected: int
    found: int


def stretches(drifts: Sequence[Drift]) -> list[tuple[Drift, date]]:
    """Return each drift with its last night, where nights that follow each other and differ alike are one.

    One lost booking of a season is one line to read, not ninety.
    """
    found: list[tuple[Drift, date]] = []
    for drift in sorted(drifts, key=lambda one: (one.room_type_id, one.fact, one.night)):
        if found:
            first, last = found[-1]
            if drift == msgspec.structs.replace(first, night=drift.night) and drift.night == last + timedelta(days=1):
                found[-1] = (first, drift.night)
                continue
        found.append((drift, drift.night))
    return found


def check_ranges(ranges: Sequence[NightRange], *, unit_count: int, beds_per_room: int = 1, today: date) -> None:
    """Refuse what no institution can mean.

    ``unit_count`` is how many units the room type physically has: selling more is selling beds that do not exist (R34).
    Beds of shared rooms are sold by whole rooms, or the last one could never be given to anybody.
    Refuses: Invalid naming the range and the field.
    """
    horizon = today + timedelta(days=HORIZON_NIGHTS)
    for i, asked in enumerate(ranges):
        if asked.end <= asked.first:
            raise invalid(
                f"ranges.{i}.to", zh="结束日期须晚于开始日期", en="Must be after from; the range is [from, to)."
            )
        if asked.first < today:
            raise invalid(f"ranges.{i}.from", zh="不能修改过去的日期", en="Nights in the past cannot be changed.")
        if asked.end > horizon:
            raise invalid(
                f"ranges.{i}.to",
                zh=f"最多可设 {HORIZON_NIGHTS} 晚",
                en=f"At most {HORIZON_NIGHTS} nights ahead ({horizon}).",
            )
        if asked.price_amount is not None and not 0 < asked.price_amount <= PRICE_AMOUNT_MAX:
            raise invalid(
                f"ranges.{i}.price", zh="价格须在 ¥0.01 至 ¥1,000,000 之间", en="A price is ¥0.01 to ¥1,000,000."
            )
        if asked.unit_count is not None and asked.unit_count > unit_count:
            raise invalid(
                f"ranges.{i}.units", zh=f"该房型共 {unit_count} 间", en=f"The room type has {unit_count} units."
            )
        if asked.unit_count is not None and asked.unit_count % beds_per_room:
            raise invalid(
                f"ranges.{i}.units", zh=f"须为每间 {beds_per_room} 床的整数倍", en=f"{beds_per_room} beds to a room."
            )
        if asked.companion_bed_count is not None and not 0 <= asked.companion_bed_count <= unit_count:
            raise invalid(
                f"ranges.{i}.companion_beds", zh=f"最多 {unit_count} 张", en=f"One for each of {unit_count} units."
            )
    _check_overlap(ranges)


def _check_overlap(ranges: Sequence[NightRange]) -> None:
    order = sorted(range(len(ranges)), key=lambda i: ranges[i].first)
    for earlier, later in pairwise(order):
        if ranges[later].first < ranges[earlier].end:
            raise invalid(f"ranges.{later}.from", zh="日期段不能重叠", en=f"Overlaps with ranges[{earlier}].")


def check_outage(*, first: date, end: date, unit_count: int, units_max: int, today: date) -> None:
    """Refuse units out of service that no institution can mean. Refuses: Invalid naming the field."""
    if end <= first:
        raise invalid("to", zh="结束日期须晚于开始日期", en="Must be after from; the nights are [from, to).")
    if first < today:
        raise invalid("from", zh="不能修改过去的日期", en="Nights in the past cannot be changed.")
    if (end - today).days > HORIZON_NIGHTS:
        raise invalid("to", zh=f"最多可设 {HORIZON_NIGHTS} 晚", en=f"At most {HORIZON_NIGHTS} nights ahead.")
    if unit_count > units_max:
        raise invalid("units", zh=f"最多 {units_max} 间", en=f"At most {units_max} units.")


def check_stay(  # noqa: PLR0913 - a stay is these facts, each named at the call.
    nights: Sequence[Night],
    *,
    check_in: date,
    check_out: date,
    unit_count: int,
    companion_bed_count: int = 0,
    in_shared_room: bool = False,
    today: date,
) -> list[Night]:
    """Return the nights of a stay, or refuse one of which a night is missing or full, or that breaks a restriction.

    ``nights`` are those on sale from ``check_in`` to ``check_out``, both included: the last may refuse departures. A bed
    ``in_shared_room`` has been found already.
    Refuses: NotAvailable, StayRestricted, CompanionBedsTaken.
    """
    by_date = {one.night: one for one in nights}
    for step in range((check_out - check_in).days):
        night = check_in + timedelta(days=step)
        found = by_date.get(night)
        if not in_shared_room and (found is None or found.available_count < unit_count):
            raise NotAvailable(first_full_night=night)
    check_restrictions(by_date[check_in], by_date.get(check_out), check_out=check_out, today=today)
    stay = [one for one in nights if one.night < check_out]
    for one in stay:
        if one.companion_beds_left is not None and one.companion_beds_left < companion_bed_count:
            raise CompanionBedsTaken(night=one.night, left=one.companion_beds_left)
    return stay


def check_restrictions(arrival: Night, departure: Night | None, *, check_out: date, today: date) -> None:
    """Refuse a stay by the first restriction that it breaks, in the order in which the database looks at them.

    ``departure`` is the night after the last; None when that is not on sale, and so restricts nothing.
    Refuses: ClosedToArrival, LeadTimeTooShort, StayTooShort, StayTooLong, ClosedToDeparture.
    """
    length, lead = (check_out - arrival.night).days, (arrival.night - today).days
    if arrival.closed_to_arrival:
        raise restricted("closed_to_arrival", night=arrival.night, bound=None)
    if lead < arrival.lead_day_count:
        raise restricted("lead_time_too_short", night=arrival.night, bound=arrival.lead_day_count)
    if length < arrival.min_stay_count:
        raise restricted("stay_too_short", night=arrival.night, bound=arrival.min_stay_count)
    if length > arrival.max_stay_count:
        raise restricted("stay_too_long", night=arrival.night, bound=arrival.max_stay_count)
    if departure is not None and departure.closed_to_departure:
        raise restricted("closed_to_departure", night=departure.night, bound=None)


# Each restriction with the name of its bound, which travels to the caller.
_RESTRICTIONS: dict[str, tuple[type[StayRestricted], str | None]] = {
    "closed_to_arrival": (ClosedToArrival, None),
    "lead_time_too_short": (LeadTimeTooShort, "lead_day_count"),
    "stay_too_short": (StayTooShort, "min_stay_count"),
    "stay_too_long": (StayTooLong, "max_stay_count"),
    "closed_to_departure": (ClosedToDeparture, None),
}
RESTRICTIONS = tuple(refusal for refusal, _ in _RESTRICTIONS.values())


def restricted(code: str, *, night: date, bound: int | None) -> StayRestricted:
    """Make the refusal of a restriction by its code, naming the night and the bound that it has."""
    refusal, fact = _RESTRICTIONS[code]
    facts: dict[str, Any] = {fact: bound} if fact else {}
    return refusal(night=night, **facts)


def window(first: date | None, end: date | None, *, today: date) -> tuple[date, date]:
    """Return the nights ``[first, end)`` to show: from today and for 60 nights unless said otherwise.

    Refuses: Invalid naming the query parameter when the window is reversed, empty or longer than 400 nights.
    """
    first = first or today
    length = timedelta(days=AVAILABILITY_NIGHTS_DEFAULT)
    end = end or (first + length if first <= date.max - length else date.max)
    if end <= first:
        raise _wrong("to", zh="结束日期须晚于开始日期", en="Must be after from; the window is [from, to).")
    if (end - first).days > HORIZON_NIGHTS:
        raise _wrong("to", zh=f"一次最多查询 {HORIZON_NIGHTS} 晚", en=f"At most {HORIZON_NIGHTS} nights at once.")
    return first, end


def sellable(nights: Sequence[Night], *, today: date, until: date | None) -> tuple[Night, ...]:
    """Return nights with nothing available where none may be sold: in the past, or not ended by ``until``.

    A stay may not run past the certificate (R02), so its last night is the one before ``until``; None sells nothing.
    """
    return tuple(
        one if until is not None and today <= one.night < until else msgspec.structs.replace(one, available_count=0)
        for one in nights
    )


def _wrong(parameter: str, *, zh: str, en: str) -> Invalid:
    return Invalid(fields=(FieldError(pointer=f"?{parameter}", zh=zh, en=en),))
