"""The one lock of inventory."""

from uuid import UUID

from marketplace.kit.db import execute, fetch_one, require_transaction


async def lock_room_type(room_type_id: UUID, *, institution_id: UUID) -> None:
    """Lock the room type's row, making it first for one that was never on sale, in the state of its siblings."""
    require_transaction()
    locking = "SELECT room_type_id FROM room_type_locks WHERE room_type_id = $1 FOR NO KEY UPDATE"
    if await fetch_one(locking, room_type_id) is None:
        await execute(
            "INSERT INTO room_type_locks (room_type_id, institution_id, sold_by, guests_max, unit_count, beds_per_room,"
            " stop_sale) SELECT id, $2, sold_by, guests_max, unit_count, beds_per_room,"
            " coalesce((SELECT bool_or(stop_sale) FROM room_type_locks WHERE institution_id = $2), false)"
            " FROM room_types WHERE id = $1 ON CONFLICT DO NOTHING",
            room_type_id,
            institution_id,
        )
        await fetch_one(locking, room_type_id)
