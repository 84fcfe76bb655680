"""What an institution sees of its own: its room types, its rooms, and what is out of service."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from marketplace.catalog import queries as catalog
from marketplace.catalog.rules import RoomType
from marketplace.identity.rules import Action, Principal, Resource, can
from marketplace.inventory.rules import OutOfService, Room
from marketplace.kit.audit import Actor
from marketplace.kit.db import fetch
from marketplace.kit.errors import NotFound


async def hosted_room_type(room_type_id: UUID, *, actor: Actor) -> RoomType:
    """Return a room type that ``actor`` may manage: institutions reach their own only. Refuses: NotFound."""
    return (await hosted_room_types([room_type_id], actor=actor))[room_type_id]


async def hosted_room_types(room_type_ids: Collection[UUID], *, actor: Actor) -> dict[UUID, RoomType]:
    """Return several room types, each of which ``actor`` may manage, by id. Refuses: NotFound when one is not."""
    found = await catalog.room_types(room_type_ids)
    if found.keys() != set(room_type_ids):
        raise NotFound
    if isinstance(actor, Principal):
        for room_type in found.values():
            if not can(actor, Action.HOST, Resource(institution_id=room_type.institution_id)):
                raise NotFound
    return found


async def out_of_service(*, principal: Principal, room_type_id: UUID, today: date) -> list[OutOfService]:
    """List the units of a room type that are out of service now or later, in order. Refuses: NotFound."""
    await hosted_room_type(room_type_id, actor=principal)
    rows = await fetch(
        "SELECT a.id, a.room_type_id, lower(a.stay) AS first, upper(a.stay) AS end, a.unit_count, a.reason,"
        " (SELECT r.number FROM room_assignments x JOIN rooms r ON r.id = x.room_id"
        "   WHERE x.allocation_id = a.id AND x.pinned) AS room_number"
        " FROM allocations a WHERE a.room_type_id = $1 AND a.kind = 'out_of_service' AND upper(a.stay) > $2"
        " ORDER BY a.stay, a.id",
        room_type_id,
        today,
    )
    return [OutOfService(**dict(row)) for row in rows]


async def rooms(*, principal: Principal, room_type_id: UUID) -> list[Room]:
    """List the rooms of a room type, neighbours next to each other. Refuses: NotFound."""
    await hosted_room_type(room_type_id, actor=principal)
    return await rooms_of_type(room_type_id)


_ROOM = "r.id, r.number, r.floor, r.has_lift, r.wing, r.position, r.in_room"


async def rooms_of_type(room_type_id: UUID) -> list[Room]:
    """Return the rooms of a room type that have not been retired."""
    rows = await fetch(
        f"SELECT {_ROOM} FROM rooms r WHERE room_type_id = $1 AND retired_at IS NULL ORDER BY position, number",
        room_type_id,
    )
    return [Room(**dict(row)) for row in rows]


async def rooms_of(occupant_ids: Collection[UUID]) -> dict[UUID, list[Room]]:
    """Return the rooms given to each occupant; an empty list for one that has none yet."""
    rows = await fetch(
        f"SELECT a.occupant_id, {_ROOM} FROM room_assignments a JOIN rooms r ON r.id = a.room_id"
        " WHERE a.occupant_id = ANY($1) ORDER BY r.position, r.number",
        list(occupant_ids),
    )
    found: dict[UUID, list[Room]] = {occupant_id: [] for occupant_id in occupant_ids}
    for row in rows:
        facts = dict(row)
        found[facts.pop("occupant_id")].append(Room(**facts))
    return found


async def room_types_with_rooms() -> list[UUID]:
    """List the room types whose rooms are known, in the order in which they are locked."""
    rows = await fetch("SELECT DISTINCT room_type_id FROM rooms WHERE retired_at IS NULL ORDER BY room_type_id")
    return [row["room_type_id"] for row in rows]
