"""Rooms for those who arrive: each night for the next days, and once more at the front desk."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from marketplace.bookings import queries
from marketplace.inventory import operations as inventory
from marketplace.inventory import queries as houses
from marketplace.inventory.rules import ROOMS_AHEAD_DAYS
from marketplace.kit.clock import local_date
from marketplace.kit.db import transaction

log = structlog.get_logger("bookings")


async def assign_rooms(*, now: datetime) -> int:
    """Give rooms to the arrivals of the next days, of every room type whose rooms are known; returns how many those are."""
    room_type_ids = await houses.room_types_with_rooms()
    for room_type_id in room_type_ids:
        async with transaction():
            await give_out(room_type_id=room_type_id, now=now)
    return len(room_type_ids)


async def give_out(*, room_type_id: UUID, now: datetime) -> None:
    """Give out the rooms of one room type; locks it, so it comes before any booking is locked.

    Who finds none is logged, never refused: a list of rooms that is too short is no reason to leave guests at the door.
    """
    today = local_date(now)
    wishes = await queries.room_wishes(
        room_type_id=room_type_id, first=today, last=today + timedelta(days=ROOMS_AHEAD_DAYS)
    )
    found = await inventory.assign_rooms(room_type_id=room_type_id, wishes=wishes, now=now)
    if found.unplaced:
        log.warning(
            "more units are taken than there are rooms", room_type_id=str(room_type_id), parties=len(found.unplaced)
        )
