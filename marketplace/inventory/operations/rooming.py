"""Physical rooms: which there are, and giving them out around check-in, under the room type's lock."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
from asyncpg import Range

from marketplace.inventory import queries
from marketplace.inventory.errors import RoomInUse
from marketplace.inventory.operations.locking import lock_room_types
from marketplace.inventory.rules import (
    ROOMS_AHEAD_DAYS,
    AllocationKind,
    Party,
    Placement,
    RoomDraft,
    Rooming,
    Wish,
    check_rooms,
    give_out,
    give_out_beds,
)
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch, fetch_one, require_transaction, transaction
from marketplace.kit.errors import invalid
from marketplace.kit.ids import new_id

# What giving out rooms anew leaves alone: promises, and whoever is or should be in the room today.
_KEPT = "(pinned OR lower(stay) <= $2)"


async def set_rooms(*, actor: audit.Actor, room_type_id: UUID, drafts: Sequence[RoomDraft], now: datetime) -> None:
    """Say which rooms a room type has; rooms that are no longer named are retired. Neighbours follow each other.

    Refuses: NotFound; Invalid naming the field (more rooms than units, R34; a number given twice or used elsewhere in the
    house); RoomInUse for one that would be retired under somebody.
    """
    async with transaction():
        room_type = await queries.hosted_room_type(room_type_id, actor=actor)
        check_rooms(drafts, unit_count=room_type.unit_count, beds_per_room=room_type.beds_per_room)
        await lock_room_types([room_type_id])
        await _retire(room_type_id, keeping=[draft.number for draft in drafts], now=now)
        try:
            async with transaction():
                await _write(room_type_id, room_type.institution_id, drafts)
        except asyncpg.UniqueViolationError:
            raise invalid("rooms", zh="房号已属于另一房型", en="A number belongs to another room type.") from None
        await audit.record("inventory.rooms_set", actor=actor, subject=room_type_id, now=now, after=drafts)


async def assign_rooms(*, room_type_id: UUID, wishes: Sequence[Wish], now: datetime) -> Rooming:
    """Give rooms to everybody who is in the house or arrives within three days, and return what changed.

    Guests who are in a room, or should be, stay put; rooms of later arrivals are given out anew each time, in order of
    check-in, so that a stay booked since then finds its place. Holds get no room before they are paid.
    """
    require_transaction()
    today = local_date(now)
    await fetch_one("SELECT FROM room_type_locks WHERE room_type_id = $1 FOR NO KEY UPDATE", room_type_id)
    rooms = await queries.rooms_of_type(room_type_id)
    if not rooms:
        return Rooming(placed=(), claimed=(), unplaced=())
    room_ids = [room.id for room in rooms]
    kept = await _kept(room_ids, today=today, wishes=wishes)
    if rooms[0].in_room is None:
        found = give_out(rooms, kept=kept, parties=await _parties(room_type_id, kept, wishes, today=today), today=today)
    else:
        found = give_out_beds(rooms, kept=kept, parties=await _sleepers(room_type_id, wishes, today=today), today=today)
    await execute(f"DELETE FROM room_assignments WHERE room_id = ANY($1) AND NOT {_KEPT}", room_ids, today)
    await _place(found.placed, now=now)
    for one in found.claimed:
        await execute(
            "UPDATE room_assignments SET occupant_id = $4"
            " WHERE room_id = $1 AND allocation_id = $2 AND upper(stay) = $3 AND occupant_id IS NULL",
            one.room_id,
            one.allocation_id,
            one.end,
            one.occupant_id,
        )
    return found


async def pin(  # noqa: PLR0913 - a promise is these facts, each named at the call.
    *, room_type_id: UUID, number: str, allocation_id: UUID, first: date, end: date, now: datetime
) -> None:
    """Promise a room to an allocation whose room type the caller has locked; later arrivals make way.

    Refuses: Invalid naming /room; RoomInUse.
    """
    require_transaction()
    row = await fetch_one(
        "SELECT id, institution_id, in_room FROM rooms WHERE room_type_id = $1 AND number = $2 AND retired_at IS NULL",
        room_type_id,
        number,
    )
    if row is None:
        raise invalid("room", zh=f"没有 {number} 房", en=f"There is no room {number}.")
    nights = Range(first, end)
    # Nobody sleeps beside a bed under repair: its whole room is set aside.
    beside = await fetch_one(
        f"SELECT FROM room_assignments WHERE stay && $3 AND {_KEPT} AND room_id IN (SELECT id FROM rooms"
        " WHERE room_type_id = $1 AND in_room = $4 AND retired_at IS NULL)",
        room_type_id,
        local_date(now),
        nights,
        row["in_room"],
    )
    if beside is not None:
        raise RoomInUse(number=number)
    await execute(
        f"DELETE FROM room_assignments WHERE room_id = $1 AND stay && $3 AND NOT {_KEPT}",
        row["id"],
        local_date(now),
        nights,
    )
    try:
        async with transaction():
            await execute(
                "INSERT INTO room_assignments (room_id, stay, institution_id, allocation_id, pinned, assigned_at)"
                " VALUES ($1, $2, $3, $4, true, $5)",
                row["id"],
                nights,
                row["institution_id"],
                allocation_id,
                now,
            )
    except asyncpg.ExclusionViolationError:
        raise RoomInUse(number=number) from None


async def _retire(room_type_id: UUID, *, keeping: Sequence[str], now: datetime) -> None:
    today = local_date(now)
    await execute(
        f"DELETE FROM room_assignments WHERE NOT {_KEPT} AND room_id IN (SELECT id FROM rooms"
        " WHERE room_type_id = $1 AND number <> ALL ($3))",
        room_type_id,
        today,
        list(keeping),
    )
    occupied = await fetch_one(
        "SELECT r.number FROM rooms r JOIN room_assignments a ON a.room_id = r.id WHERE r.room_type_id = $1"
        " AND r.retired_at IS NULL AND upper(a.stay) > $2 AND r.number <> ALL ($3) ORDER BY r.number LIMIT 1",
        room_type_id,
        today,
        list(keeping),
    )
    if occupied is not None:
        raise RoomInUse(number=occupied["number"])
    await execute(
        "UPDATE rooms SET retired_at = $2 WHERE room_type_id = $1 AND retired_at IS NULL AND number <> ALL ($3)",
        room_type_id,
        now,
        list(keeping),
    )


async def _write(room_type_id: UUID, institution_id: UUID, drafts: Sequence[RoomDraft]) -> None:
    await execute(
        "MERGE INTO rooms r USING unnest($3::uuid[], $4::text[], $5::int[], $6::boolean[], $7::text[], $8::text[])"
        "  WITH ORDINALITY AS given (id, number, floor, has_lift, wing, in_room, position)"
        " ON r.room_type_id = $1 AND r.number = given.number AND r.retired_at IS NULL"
        " WHEN MATCHED THEN UPDATE SET floor = given.floor, has_lift = given.has_lift, wing = given.wing,"
        "  in_room = given.in_room, position = given.position"
        " WHEN NOT MATCHED THEN INSERT (id, room_type_id, institution_id, number, floor, has_lift, wing, in_room, position)"
        "  VALUES (given.id, $1, $2, given.number, given.floor, given.has_lift, given.wing, given.in_room, given.position)",
        room_type_id,
        institution_id,
        [new_id() for _ in drafts],
        [draft.number for draft in drafts],
        [draft.floor for draft in drafts],
        [draft.has_lift for draft in drafts],
        [draft.wing for draft in drafts],
        [draft.in_room for draft in drafts],
    )


async def _kept(room_ids: Sequence[UUID], *, today: date, wishes: Sequence[Wish]) -> list[Placement]:
    together = {wish.occupant_id: wish.together for wish in wishes}
    rows = await fetch(
        "SELECT room_id, allocation_id, occupant_id, lower(stay) AS first, upper(stay) AS end FROM room_assignments"
        f" WHERE room_id = ANY($1) AND upper(stay) > $2 AND {_KEPT} ORDER BY room_id, stay",
        list(room_ids),
        today,
    )
    return [Placement(**dict(row), together=together.get(row["occupant_id"])) for row in rows]


async def _parties(
    room_type_id: UUID, kept: Sequence[Placement], wishes: Sequence[Wish], *, today: date
) -> list[Party]:
    """Return who still needs rooms: the occupants of each allocation, and then whatever it has beside them."""
    rows = await fetch(
        "SELECT id, kind, owner_id, lower(stay) AS first, upper(stay) AS end, unit_count FROM allocations"
        " WHERE room_type_id = $1 AND expires_at IS NULL AND lower(stay) <= $2 AND upper(stay) > $3 ORDER BY stay, id",
        room_type_id,
        today + timedelta(days=ROOMS_AHEAD_DAYS),
        today,
    )
    parties: list[Party] = []
    for row in rows:
        here = [one for one in kept if one.allocation_id == row["id"]]
        occupants = {one.occupant_id for one in here}
        asked = [wish for wish in wishes if wish.allocation_id == row["id"] and wish.occupant_id not in occupants]
        facts = {"allocation_id": row["id"], "first": row["first"], "end": row["end"]}
        parties += [
            Party(
                **facts,
                occupant_id=wish.occupant_id,
                room_count=wish.room_count,
                step_free=wish.step_free,
                together=wish.together,
            )
            for wish in asked
        ]
        # Rooms that are kept for a block are there to be claimed by its parties.
        needed = 0 if None in occupants else sum(wish.room_count for wish in asked)
        rest = row["unit_count"] - len(here) - needed
        if rest > 0:
            occupant_id = row["owner_id"] if row["kind"] == AllocationKind.BOOKING else None
            parties.append(Party(**facts, occupant_id=occupant_id, room_count=rest))
    return parties


async def _sleepers(room_type_id: UUID, wishes: Sequence[Wish], *, today: date) -> list[Party]:
    """Return everybody who sleeps in a shared type's beds now or soon, those who have a bed already too."""
    rows = await fetch(
        "SELECT id AS allocation_id, CASE WHEN kind = 'booking' THEN owner_id END AS occupant_id, share_id,"
        " lower(stay) AS first, upper(stay) AS end, greatest(own_count, unit_count) AS room_count FROM allocations"
        " WHERE room_type_id = $1 AND expires_at IS NULL AND lower(stay) <= $2 AND upper(stay) > $3 ORDER BY stay, id",
        room_type_id,
        today + timedelta(days=ROOMS_AHEAD_DAYS),
        today,
    )
    wished = {wish.occupant_id: wish for wish in wishes}
    parties = []
    for row in rows:
        wish = wished.get(row["occupant_id"])
        parties.append(
            Party(
                **dict(row),
                step_free=wish is not None and wish.step_free,
                together=wish.together if wish is not None else None,
            )
        )
    return parties


async def _place(placements: Sequence[Placement], *, now: datetime) -> None:
    await execute(
        "INSERT INTO room_assignments (room_id, stay, institution_id, allocation_id, occupant_id, pinned, assigned_at)"
        ' SELECT r.id, daterange(given.first, given."end"), r.institution_id, given.allocation_id, given.occupant_id,'
        "        false, $6"
        "   FROM unnest($1::uuid[], $2::date[], $3::date[], $4::uuid[], $5::uuid[])"
        '        AS given (room_id, first, "end", allocation_id, occupant_id) JOIN rooms r ON r.id = given.room_id',
        [one.room_id for one in placements],
        [one.first for one in placements],
        [one.end for one in placements],
        [one.allocation_id for one in placements],
        [one.occupant_id for one in placements],
        now,
    )
