"""Reads of room types."""

from collections.abc import Collection
from uuid import UUID

import asyncpg

from marketplace.catalog.rules import RoomType
from marketplace.kit.db import fetch, fetch_one
from marketplace.kit.errors import NotFound

_SELECT = (
    "SELECT id, institution_id, name, name_en, sold_by, unit_count, guests_max, area_m2, bed_kind, is_barrier_free,"
    " beds_per_room FROM room_types"
)


async def room_type(room_type_id: UUID) -> RoomType:
    """Return one room type. Refuses: NotFound."""
    row = await fetch_one(f"{_SELECT} WHERE id = $1", room_type_id)
    if row is None:
        raise NotFound
    return _room_type(row)


async def room_types(room_type_ids: Collection[UUID]) -> dict[UUID, RoomType]:
    """Return room types by id; unknown ids are left out."""
    rows = await fetch(f"{_SELECT} WHERE id = ANY($1) ORDER BY id", list(room_type_ids))
    return {row["id"]: _room_type(row) for row in rows}


async def room_types_of(institution_id: UUID) -> list[RoomType]:
    """Return an institution's room types in the order in which they were added."""
    return (await room_types_of_many([institution_id]))[institution_id]


async def room_types_of_many(institution_ids: Collection[UUID]) -> dict[UUID, list[RoomType]]:
    """Return the room types of several institutions in one query, an empty list for one that has none."""
    rows = await fetch(f"{_SELECT} WHERE institution_id = ANY($1) ORDER BY institution_id, id", list(institution_ids))
    found: dict[UUID, list[RoomType]] = {institution_id: [] for institution_id in institution_ids}
    for row in rows:
        found[row["institution_id"]].append(_room_type(row))
    return found


def _room_type(row: asyncpg.Record) -> RoomType:
    return RoomType(**dict(row))
