"""The one lock of inventory."""

from collections.abc import Collection
from uuid import UUID

from marketplace.kit.db import execute, fetch, require_transaction


async def lock_room_types(room_type_ids: Collection[UUID]) -> None:
    """Lock the room types' rows in the order of their ids; one that was never on sale gets its row first.

    It begins in the state of its siblings: where their sale is stopped, so is its own.
    """
    require_transaction()
    if await _lock(room_type_ids) < len(room_type_ids):
        await execute(
            "INSERT INTO room_type_locks (room_type_id, institution_id, sold_by, guests_max, unit_count, beds_per_room,"
            " stop_sale) SELECT id, institution_id, sold_by, guests_max, unit_count, beds_per_room,"
            " coalesce((SELECT bool_or(stop_sale) FROM room_type_locks l WHERE l.institution_id = t.institution_id), false)"
            " FROM room_types t WHERE id = ANY($1) ORDER BY id ON CONFLICT DO NOTHING",
            list(room_type_ids),
        )
        await _lock(room_type_ids)


async def _lock(room_type_ids: Collection[UUID]) -> int:
    """Lock the rows that are there and return how many."""
    rows = await fetch(
        "SELECT room_type_id FROM room_type_locks WHERE room_type_id = ANY($1) ORDER BY room_type_id FOR NO KEY UPDATE",
        list(room_type_ids),
    )
    return len(rows)
