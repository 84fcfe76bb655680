"""A small institution to take nights of."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from marketplace.inventory import operations, queries
from marketplace.inventory.rules import RoomDraft
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.ids import new_id
from tests.support.house import House


class Inn(House):
    """A house whose nights can be taken and counted."""

    async def take(
        self, room_type_id: UUID, first: int, end: int, *, units: int = 1, hold_s: int | None = None, **facts
    ):
        async with db.transaction():
            return await operations.take(
                room_type_id=room_type_id,
                check_in=self.day(first),
                check_out=self.day(end),
                unit_count=units,
                kind=facts.get("kind", "booking"),
                owner_id=new_id(),
                expires_at=None if hold_s is None else self.now + timedelta(seconds=hold_s),
                gender=facts.get("gender"),
                companion_bed_count=facts.get("companions", 0),
                now=facts.get("now", self.now),
            )

    async def add_shared(self, *, rooms: int = 2, beds: int = 2, nights: int = 30) -> UUID:
        """Add a room type of single beds, so many to a room, with every bed and room numbered."""
        room_type_id = await self.add_room_type(
            units=rooms * beds, nights=nights, guests_max=1, sold_by="bed", beds_per_room=beds
        )
        prefix = room_type_id.hex[-6:]
        drafts = [
            RoomDraft(number=f"{prefix}{n}-{bed}", floor=1, has_lift=False, wing="东", in_room=f"{prefix}{n}")
            for n in range(rooms)
            for bed in range(beds)
        ]
        await operations.set_rooms(actor=SYSTEM, room_type_id=room_type_id, drafts=drafts, now=self.now)
        return room_type_id

    async def taken(self, room_type_id: UUID, first: int, end: int) -> list[int]:
        rows = await db.fetch(
            "SELECT taken_count FROM room_nights WHERE room_type_id = $1 AND night >= $2 AND night < $3 ORDER BY night",
            room_type_id,
            self.day(first),
            self.day(end),
        )
        return [row["taken_count"] for row in rows]

    async def available(self, room_type_id: UUID, first: int, end: int, *, now: datetime | None = None) -> list[int]:
        found = await queries.nights(
            room_type_ids=[room_type_id], first=self.day(first), end=self.day(end), now=now or self.now
        )
        return [night.available_count for night in found[room_type_id]]


@pytest.fixture
async def house(database) -> Inn:
    inn = Inn()
    await inn.plant()
    return inn


@pytest.fixture
async def committed_house(committed) -> Inn:
    inn = Inn()
    await inn.plant()
    return inn
