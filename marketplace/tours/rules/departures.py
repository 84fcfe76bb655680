"""What a departure is, when it is decided, who fits and what it costs. Pure; counts are of people unless said otherwise."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.kit.clock import local_date, local_midnight
from marketplace.kit.errors import invalid
from marketplace.kit.money import yuan
from marketplace.pricing.rules import Line
from marketplace.tours.rules.products import Tour, TourKind
from marketplace.tours.states import ON_SALE, Status

# 旅游法 63: travellers are told at least seven days before; the decision falls at the end of that day (R08).
DECISION_DAYS = 7


class BlockWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one room type to be set aside for a departure, on every night."""

    room_type_id: UUID
    unit_count: int


class DepartureDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A departure as its organiser asks for it; without group counts the tour's own hold. ``price_amount`` is per head."""

    tour_id: UUID
    check_in: date
    check_out: date
    price_amount: int
    blocks: tuple[BlockWanted, ...]
    group_min_count: int | None = None
    group_max_count: int | None = None


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Units set aside in one institution. ``taken_count`` is of units; ``guests_per_unit`` was fixed at opening.

    ``is_bookable`` says whether the institution may be sold on every night, as read without a lock.
    """

    id: UUID
    institution_id: UUID
    room_type_id: UUID
    position: int
    unit_count: int
    guests_per_unit: int
    taken_count: int
    is_bookable: bool

    @property
    def free_count(self) -> int:
        """How many units are free."""
        return self.unit_count - self.taken_count


class Departure(msgspec.Struct, frozen=True, kw_only=True):
    """A dated tour. ``traveller_count`` counts every seat, ``confirmed_count`` only those that have been paid for."""

    id: UUID
    tour_id: UUID
    status: Status
    check_in: date
    check_out: date
    group_min_count: int
    group_max_count: int
    traveller_count: int
    confirmed_count: int
    price_amount: int
    decide_at: datetime
    opened_at: datetime
    decided_at: datetime | None
    blocks: tuple[Block, ...]

    @property
    def hosts(self) -> frozenset[UUID]:
        """The institutions that may be sold, as read without a lock."""
        return frozenset(block.institution_id for block in self.blocks if block.is_bookable)


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """The places of one party on a departure, all in one institution."""

    seat_id: UUID
    institution_id: UUID


class Escorts(msgspec.Struct, frozen=True):
    """Who must travel with a group."""

    leader_count: int
    doctor_count: int


def decide_at(check_in: date) -> datetime:
    """Return the instant at which formation is decided: 24:00 in Jilin, seven days before check-in (R08)."""
    return local_midnight(check_in - timedelta(days=DECISION_DAYS) + timedelta(days=1))


def decide(*, confirmed_count: int, group_min_count: int) -> Status:
    """Return what the decision is: guaranteed when enough travellers have paid, else not formed."""
    return Status.GUARANTEED if confirmed_count >= group_min_count else Status.NOT_FORMED


def on_sale(departure: Departure, *, now: datetime) -> bool:
    """Say whether seats are sold: until the decision, after it when the group formed, and never from check-in on."""
    undecided = departure.status is Status.OPEN and now >= departure.decide_at
    return departure.status in ON_SALE and not undecided and local_date(now) < departure.check_in


def units_for(traveller_count: int, *, guests_per_unit: int) -> int:
    """Return how many units a party needs: it never shares one with strangers."""
    return -(-traveller_count // guests_per_unit)


def choose_block(blocks: Sequence[Block], *, hosts: Collection[UUID], traveller_count: int) -> Block | None:
    """Return the block that a whole party fits into with the least left over, so that large parties fit later too."""
    fitting = [
        block
        for block in blocks
        if block.institution_id in hosts
        and units_for(traveller_count, guests_per_unit=block.guests_per_unit) <= block.free_count
    ]
    return min(fitting, key=lambda block: (block.free_count * block.guests_per_unit, block.position), default=None)


def largest_party(departure: Departure, *, hosts: Collection[UUID]) -> int:
    """Return the largest party that still fits, in one institution among ``hosts``."""
    left = departure.group_max_count - departure.traveller_count
    rooms = [block.free_count * block.guests_per_unit for block in departure.blocks if block.institution_id in hosts]
    return max(0, min(left, max(rooms, default=0)))


def price_seats(price_amount: int, *, traveller_count: int) -> tuple[Line, ...]:
    """Return the price of a party: so much for each, whoever they are (R11; SPC 旅游纠纷规定 20)."""
    return (
        Line(
            code="travellers",
            reason_zh=f"{yuan(price_amount)} × {traveller_count} 人",
            reason_en=f"{yuan(price_amount)} × {traveller_count} travellers",
            amount=price_amount * traveller_count,
            unit_amount=price_amount,
            quantity=traveller_count,
        ),
    )


def escorts(kind: TourKind, *, traveller_count: int) -> Escorts:
    """Return who must travel with a group of elders (LB/T 052-2016): leaders at 1:25, a doctor on trains and from 100 on."""
    with_doctor = kind is TourKind.TRAIN or traveller_count >= 100
    return Escorts(leader_count=max(1, -(-traveller_count // 25)), doctor_count=int(with_doctor))


def check_opening(draft: DepartureDraft, tour: Tour, *, now: datetime) -> None:
    """Refuse a departure that the itinerary, the calendar or the law does not allow. Refuses: Invalid naming the field."""
    if decide_at(draft.check_in) <= now:
        raise invalid(
            "check_in", zh="出发须在七天以后", en="Formation is decided seven days before; choose a later day."
        )
    if (draft.check_out - draft.check_in).days != tour.night_count:
        raise invalid(
            "check_out", zh=f"行程共 {tour.night_count} 晚", en=f"The itinerary has {tour.night_count} nights."
        )
    if draft.price_amount <= 0:
        raise invalid("price_amount", zh="价格须大于零", en="The price must be more than nothing.")
    if not draft.blocks:
        raise invalid("blocks", zh="请至少切一处房源", en="Set units aside in at least one institution.")
    for i, block in enumerate(draft.blocks):
        if block.unit_count < 1:
            raise invalid(f"blocks.{i}.unit_count", zh="数量至少为 1", en="At least one unit is required.")
        if block.room_type_id in {other.room_type_id for other in draft.blocks[:i]}:
            raise invalid(f"blocks.{i}.room_type_id", zh="房型不能重复", en="Each room type is listed once.")


def check_capacity(place_count: int, *, group_max_count: int) -> None:
    """Refuse a group that is larger than its blocks. Refuses: Invalid naming /blocks."""
    if place_count < group_max_count:
        raise invalid(
            "blocks",
            zh=f"切位共 {place_count} 人，少于最多人数 {group_max_count}",
            en=f"The blocks sleep {place_count}, fewer than the maximum group of {group_max_count}.",
        )
