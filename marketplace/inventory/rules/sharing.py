"""Which guest sleeps in which bed of which shared room: first rooms are given out, then the beds in each.

A room is given to a share — guests of one gender whose nights make one unbroken stretch — or to a party that has it to
itself. Both are intervals, of which no night has more than there are rooms, and in a share no night has more guests than
the room has beds; so both steps are the giving out of ``rules.rooming`` and succeed for the same reason. Who shares with
whom is settled when a bed is taken (migration m0018 says why counting beds by gender would not do).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from marketplace.inventory.rules.rooming import Party, Placement, Room, Rooming, give_out


def give_out_beds(beds: Sequence[Room], *, kept: Sequence[Placement], parties: Sequence[Party], today: date) -> Rooming:
    """Give every party its beds from ``today`` on, around those that are ``kept``, with its share in one room.

    ``parties`` are all who are in the house or arrive soon, those whose beds are kept too: a share keeps its room as long
    as anybody of it is there. ``room_count`` of a party that shares are its beds, else all beds of its rooms.
    """
    rooms = _rooms_of(beds)
    room_of = {bed.id: room for room, inside in rooms.items() for bed in inside}
    circles = _circles(parties)
    circle_of = {party.allocation_id: circle for circle, found in circles.items() for party in found}
    kept_rooms = _kept_rooms(kept, room_of, circle_of, circles, today=today)
    settled = {one.allocation_id for one in kept_rooms}
    found = give_out(
        [_as_room(room, inside, position) for position, (room, inside) in enumerate(rooms.items())],
        kept=kept_rooms,
        parties=[_as_party(circle, found, room_of) for circle, found in circles.items() if circle not in settled],
        today=today,
    )
    homes = defaultdict[UUID, list[str]](list)
    for one in (*kept_rooms, *found.placed):
        homes[one.allocation_id].append(room_of[one.room_id])
    placed, unplaced = list[Placement](), list[Party]()
    in_bed = {one.allocation_id for one in kept}
    for circle, members in circles.items():
        inside = [bed for room in dict.fromkeys(homes[circle]) for bed in rooms[room]]
        given = give_out(
            inside,
            kept=[*kept, *placed],
            parties=[member for member in members if member.allocation_id not in in_bed],
            today=today,
        )
        placed += given.placed
        unplaced += given.unplaced
    return Rooming(placed=tuple(placed), claimed=(), unplaced=tuple(unplaced))


def _rooms_of(beds: Sequence[Room]) -> dict[str, list[Room]]:
    rooms = defaultdict[str, list[Room]](list)
    for bed in sorted(beds, key=lambda bed: (bed.position, bed.number)):
        rooms[bed.in_room or bed.number].append(bed)
    return dict(rooms)


def _circles(parties: Sequence[Party]) -> dict[UUID, list[Party]]:
    """Return those who live in rooms together: a share, or one party alone."""
    circles = defaultdict[UUID, list[Party]](list)
    for party in parties:
        circles[party.share_id or party.allocation_id].append(party)
    return dict(circles)


def _kept_rooms(
    kept: Sequence[Placement],
    room_of: Mapping[UUID, str],
    circle_of: Mapping[UUID, UUID],
    circles: Mapping[UUID, Sequence[Party]],
    *,
    today: date,
) -> list[Placement]:
    """Return the rooms of those who are in bed, kept for their whole circle until the last of it leaves.

    Rooms are named by the first bed that is found in them; a promise for later keeps its room for its own nights.
    """
    named = dict[str, UUID]()
    for bed_id, room in room_of.items():
        named.setdefault(room, bed_id)
    found = list[Placement]()
    for one in kept:
        circle = circle_of.get(one.allocation_id, one.allocation_id)
        end = max([one.end, *(party.end for party in circles.get(circle, ()) if one.first <= today)])
        found.append(msgspec.structs.replace(one, room_id=named[room_of[one.room_id]], allocation_id=circle, end=end))
    return found


def _as_room(name: str, inside: Sequence[Room], position: int) -> Room:
    return msgspec.structs.replace(inside[0], number=name, position=position)


def _as_party(circle: UUID, members: Sequence[Party], room_of: Mapping[UUID, str]) -> Party:
    beds_per_room = max(1, len(room_of) // max(1, len(set(room_of.values()))))
    return Party(
        allocation_id=circle,
        occupant_id=circle,
        first=min(member.first for member in members),
        end=max(member.end for member in members),
        room_count=1 if members[0].share_id is not None else -(-members[0].room_count // beds_per_room),
        step_free=any(member.step_free for member in members),
        together=members[0].together,
    )
