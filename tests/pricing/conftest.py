"""A certified institution to price stays of. Its parents are raw rows: what they mean is proved by their own tests."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from marketplace.identity.rules import Principal
from marketplace.inventory import operations as inventory
from marketplace.inventory.rules import NightRange
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.ids import new_id
from marketplace.pricing import operations

NOW = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)
TODAY = date(2027, 3, 1)


def family() -> Principal:
    return Principal(kind="family", id=new_id(), session_id=new_id())


@dataclass
class House:
    """A certified institution; day 0 is today."""

    id: UUID = field(default_factory=new_id)
    now: datetime = NOW
    today: date = TODAY
    family: Principal = field(default_factory=family)

    def day(self, n: int) -> date:
        return self.today + timedelta(days=n)

    async def add_room_type(self, *, units: int = 3, guests_max: int = 2, sold_by: str = "room") -> UUID:
        room_type_id = new_id()
        await db.execute(
            "INSERT INTO room_types (id, institution_id, name, name_en, sold_by, unit_count, guests_max, area_m2, bed_kind,"
            " is_barrier_free, added_at) VALUES ($1, $2, $3, 'Twin', $4, $5, $6, 30, 'twin', true, $7)",
            room_type_id,
            self.id,
            f"双人间 {room_type_id.hex[-6:]}",
            sold_by,
            units,
            guests_max,
            self.now,
        )
        await self.sell(room_type_id, 0, 400, unit_count=units, price_amount=20_000)
        return room_type_id

    async def sell(self, room_type_id: UUID, first: int, end: int, **facts) -> None:
        ranges = [NightRange(first=self.day(first), end=self.day(end), **facts)]
        await inventory.set_nights(actor=SYSTEM, room_type_id=room_type_id, ranges=ranges, now=self.now)

    async def quote(self, room_type_id: UUID, first: int, end: int, **facts):
        return await operations.quote_stay(
            principal=facts.pop("principal", self.family),
            room_type_id=room_type_id,
            check_in=self.day(first),
            check_out=self.day(end),
            guest_count=facts.pop("guest_count", 2),
            now=facts.pop("now", self.now),
            **facts,
        )

    async def claim(self, quote_id: UUID, **facts):
        async with db.transaction():
            return await operations.claim(
                quote_id=quote_id,
                booking_id=facts.get("booking_id") or new_id(),
                principal=facts.get("principal", self.family),
                now=facts.get("now", self.now),
                lines=facts.get("lines"),
            )


@pytest.fixture
async def house(database) -> House:
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
    await db.execute(
        "INSERT INTO certifications (id, institution_id, number, status, grade, valid_from_on, valid_until_on,"
        " assessed_on, assessment_due_on, assessment_overdue, safety_defect, is_current, version, granted_at)"
        " VALUES ($1, $2, 'JL-2027-0001', 'certified', 4, '2027-01-01', '2029-12-31', '2026-12-01', '2027-12-01',"
        " false, false, true, 1, $3)",
        new_id(),
        house.id,
        house.now,
    )
    return house
