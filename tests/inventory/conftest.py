"""A small institution to sell nights of. Its parents are raw rows: what they mean is proved by their own tests."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from marketplace.inventory import operations, queries
from marketplace.inventory.rules import NightRange
from marketplace.kit import clock, db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.ids import new_id

NOW = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)
TODAY = date(2027, 3, 1)


@dataclass
class House:
    """An institution with room types of a few units, whose nights are on sale from today on."""

    id: UUID = field(default_factory=new_id)
    now: datetime = NOW
    today: date = TODAY

    def day(self, n: int) -> date:
        return self.today + timedelta(days=n)

    async def add_room_type(self, *, units: int = 2, nights: int = 30, price: int = 20_000, **facts) -> UUID:
        room_type_id = new_id()
        await db.execute(
            "INSERT INTO room_types (id, institution_id, name, name_en, sold_by, unit_count, guests_max, area_m2, bed_kind,"
            " is_barrier_free, added_at) VALUES ($1, $2, $3, 'Twin', $4, $5, $6, 30, 'twin', true, $7)",
            room_type_id,
            self.id,
            f"双人间 {room_type_id.hex[-6:]}",
            facts.get("sold_by", "room"),
            units,
            facts.get("guests_max", 2),
            self.now,
        )
        if nights:
            await self.sell(room_type_id, 0, nights, unit_count=units, price_amount=price)
        return room_type_id

    async def sell(self, room_type_id: UUID, first: int, end: int, **facts) -> int:
        ranges = [NightRange(first=self.day(first), end=self.day(end), **facts)]
        return await operations.set_nights(actor=SYSTEM, room_type_id=room_type_id, ranges=ranges, now=self.now)

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
                now=facts.get("now", self.now),
            )

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


async def build() -> House:
    """Make the institution in the present database."""
    house = House()
    await db.execute(
        "INSERT INTO divisions (code, name_zh, name_en, level, is_statistical)"
        " VALUES ('220000', '吉林省', 'Jilin', 'province', false)"
    )
    await db.execute(
        "INSERT INTO jurisdictions (code, name_zh, name_en, level) VALUES ('220000', '吉林省民政厅', 'Jilin', 'province')"
    )
    await db.execute(
        "INSERT INTO places (code, name_zh, name_en, division_code, jurisdiction_code, latitude, longitude, datum,"
        " accuracy_m) VALUES ('erdaobaihe', '二道白河', 'Erdaobaihe', '220000', '220000', 42.42, 128.12, 'wgs84', 500)"
    )
    await db.execute(
        "INSERT INTO institutions (id, name, name_en, place_code, jurisdiction_code, address, latitude, longitude, datum,"
        " licensed_bed_count, opened_on, is_example, registered_at)"
        " VALUES ($1, '白河旅居（示例）', 'Baihe', 'erdaobaihe', '220000', '白山大街 1 号', 42.42, 128.12, 'wgs84',"
        " 500, '2020-01-01', true, $2)",
        house.id,
        house.now,
    )
    return house


@pytest.fixture
async def house(database) -> House:
    clock.travel(NOW - datetime.now(UTC))
    return await build()


@pytest.fixture
async def committed_house(committed) -> House:
    clock.travel(NOW - datetime.now(UTC))
    return await build()
