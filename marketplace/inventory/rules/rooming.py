"""Which party lives in which room: interval colouring in order of check-in, so that nobody changes rooms mid-stay.

A room is given only now, never when a stay is booked: fixing it then would lose 1–6 % of the nights. In order of
check-in it always succeeds when the counters hold. Whoever is in a room already, or should be, began no later than the
party at hand; so a room that is free on its first night is free for good, and on that night at most all the other rooms
are taken. That holds as long as no room is promised for later; such a promise is kept, and may leave somebody without.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from uuid import UUID

import msgspec

from marketplace.kit.errors import invalid

# Rooms of different wings, or of none, are further apart than any two of one.
APART = 1_000
# Rooms are given out for arrivals this many days ahead, so that the front desk can prepare.
ROOMS_AHEAD_DAYS = 3


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room, or a bed where beds are sold. Rooms of one ``wing`` lie in the order of their ``position``.

    Beds of a type whose rooms are shared say ``in_room`` which room they stand in.
    """

    id: UUID
    number: str
    floor: int
    has_lift: bool
    wing: str | None
    position: int
    in_room: str | None = None

    @property
    def is_step_free(self) -> bool:
        """Whether one gets there without a stair."""
        return self.floor == 1 or self.has_lift


class RoomDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A room as its institution describes it; neighbours of one wing follow each other in the list."""

    number: str
    floor: int
    has_lift: bool
    wing: str | None = None
    in_room: str | None = None


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an occupant of an allocation would like; see ``Party``."""

    allocation_id: UUID
    occupant_id: UUID
    room_count: int
    step_free: bool
    together: UUID | None


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who needs ``room_count`` rooms on the nights ``[first, end)``, and what they would like.

    ``occupant_id`` is a booking, or None for units of a block nobody has booked, and for units out of service.
    ``together`` is the same for parties that belong together, such as the bookings of one family. Parties of one
    ``share_id`` sleep in one room.
    """

    allocation_id: UUID
    occupant_id: UUID | None
    first: date
    end: date
    room_count: int
    step_free: bool = False
    together: UUID | None = None
    share_id: UUID | None = None


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """A room that is a party's on the nights ``[first, end)``."""

    room_id: UUID
    allocation_id: UUID
    occupant_id: UUID | None
    first: date
    end: date
    together: UUID | None = None


class Rooming(msgspec.Struct, frozen=True, kw_only=True):
    """What came of giving out rooms: ``claimed`` were kept for a block until one of its parties was known."""

    placed: tuple[Placement, ...]
    claimed: tuple[Placement, ...]
    unplaced: tuple[Party, ...]


def check_rooms(drafts: Sequence[RoomDraft], *, unit_count: int, beds_per_room: int = 1) -> None:
    """Refuse more rooms than the room type has units (R34), and a number that is given twice.

    Beds of shared rooms must say which room they stand in, and fill it. Refuses: Invalid.
    """
    if len(drafts) > unit_count:
        raise invalid("rooms", zh=f"该房型共 {unit_count} 间", en=f"The room type has {unit_count} units.")
    seen: set[str] = set()
    for i, draft in enumerate(drafts):
        if draft.number in seen:
            raise invalid(f"rooms.{i}.number", zh="房号重复", en="The number is given twice.")
        seen.add(draft.number)
    beds = Counter(draft.in_room for draft in drafts)
    for i, draft in enumerate(drafts):
        if (draft.in_room is None) != (beds_per_room == 1):
            raise invalid(f"rooms.{i}.in_room", zh="仅合住床位须填写所在房间", en="Say it of beds in shared rooms.")
        if draft.in_room is not None and beds[draft.in_room] != beds_per_room:
            raise invalid(
                f"rooms.{i}.in_room", zh=f"每间须有 {beds_per_room} 床", en=f"A room has {beds_per_room} beds."
            )


def give_out(rooms: Sequence[Room], *, kept: Sequence[Placement], parties: Sequence[Party], today: date) -> Rooming:
    """Give every party its rooms from ``today`` on, around those that are ``kept``.

    Nobody is left without while the counters hold and whatever is kept began today or before. Wishes are soft: no stairs
    for who cannot climb, then neighbouring rooms, then rooms near one's own people, and stairless rooms left to others.
    """
    calendar = {room.id: [one for one in kept if one.room_id == room.id] for room in rooms}
    claimed, placed, unplaced = list[Placement](), list[Placement](), list[Party]()
    for party in sorted(parties, key=lambda party: (max(party.first, today), party.allocation_id, party.room_count)):
        reserved = [one for one in kept if one.allocation_id == party.allocation_id and one.occupant_id is None]
        reserved = [one for one in reserved if one.room_id not in {claim.room_id for claim in claimed}]
        if party.occupant_id is not None and len(reserved) >= party.room_count:
            free, mine = _rooms_of(rooms, reserved), claimed
        else:
            free, mine = [room for room in rooms if _is_free(calendar[room.id], party, today=today)], placed
        if len(free) < party.room_count:
            unplaced.append(party)
            continue
        for room in _choose(free, party, relatives=_relatives(rooms, calendar, party)):
            placement = Placement(
                room_id=room.id,
                allocation_id=party.allocation_id,
                occupant_id=party.occupant_id,
                first=max(party.first, today),
                end=party.end,
                together=party.together,
            )
            mine.append(placement)
            calendar[room.id].append(placement)
    return Rooming(placed=tuple(placed), claimed=tuple(claimed), unplaced=tuple(unplaced))


def _is_free(taken: Iterable[Placement], party: Party, *, today: date) -> bool:
    first = max(party.first, today)
    return not any(one.first < party.end and first < one.end for one in taken)


def _rooms_of(rooms: Sequence[Room], placements: Sequence[Placement]) -> list[Room]:
    held = {one.room_id for one in placements}
    return [room for room in rooms if room.id in held]


def _relatives(rooms: Sequence[Room], calendar: dict[UUID, list[Placement]], party: Party) -> list[Room]:
    """Return the rooms of one's own people while one is there."""
    if party.together is None:
        return []
    return [
        room
        for room in rooms
        if any(
            one.together == party.together and one.first < party.end and party.first < one.end
            for one in calendar[room.id]
        )
    ]


def _choose(free: Sequence[Room], party: Party, *, relatives: Sequence[Room]) -> list[Room]:
    """Return the best rooms for a party: the best run of neighbours, or the best single rooms where there is none."""

    def single(room: Room) -> tuple[bool, int, bool, str, int]:
        return (*_merit(room, party, relatives), room.wing or "", room.position)

    best_singles = sorted(free, key=single)[: party.room_count]
    order = sorted(free, key=lambda room: (room.wing or "", room.position))
    runs = [order[i : i + party.room_count] for i in range(len(order) - party.room_count + 1)]
    return min([best_singles, *runs], key=lambda chosen: _score(chosen, party, relatives))


def _merit(room: Room, party: Party, relatives: Sequence[Room]) -> tuple[bool, int, bool]:
    near = min((_distance(room, other) for other in relatives), default=0)
    return (party.step_free and not room.is_step_free, near, not party.step_free and room.is_step_free)


def _score(chosen: Sequence[Room], party: Party, relatives: Sequence[Room]) -> tuple[int, int, int, int]:
    merits = [_merit(room, party, relatives) for room in chosen]
    spread = sum(_distance(one, other) for one, other in pairwise(chosen))
    return (sum(m[0] for m in merits), spread, sum(m[1] for m in merits), sum(m[2] for m in merits))


def _distance(one: Room, other: Room) -> int:
    if one.wing is None or one.wing != other.wing:
        return APART + abs(one.floor - other.floor)
    return abs(one.position - other.position)
