"""An institution of raw rows on a fixed day, for tests of what is sold: its parents are proved by their own tests."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from marketplace.inventory import operations
from marketplace.inventory.rules import NightRange
from marketplace.kit import db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.ids import new_id

NOW = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)
TODAY = date(2027, 3, 1)


@dataclass
class House:
    """A certified institution; day 0 is today."""

    id: UUID = field(default_factory=new_id)
    now: datetime = NOW
    today: date = TODAY

    def day(self, n: int) -> date:
        return self.today + timedelta(days=n)

    async def add_room_type(
        self, *, units: int = 2, nights: int = 30, guests_max: int = 2, sold_by: str = "room", beds_per_room: int = 1
    ) -> UUID:
        room_type_id = new_id()
        await db.execute(
            "INSERT INTO room_types (id, institution_id, name, name_en, sold_by, unit_count, guests_max, area_m2, bed_kind,"
            " is_barrier_free, beds_per_room, added_at)"
            " VALUES ($1, $2, $3, 'Twin', $4, $5, $6, 30, 'twin', true, $8, $7)",
            room_type_id,
            self.id,
            f"双人间 {room_type_id.hex[-6:]}",
            sold_by,
            units,
            guests_max,
            self.now,
            beds_per_room,
        )
        if nights:
            await self.sell(room_type_id, 0, nights, unit_count=units, price_amount=20_000)
        return room_type_id

    async def sell(self, room_type_id: UUID, first: int, end: int, **facts) -> int:
        return await self.sell_ranges(room_type_id, NightRange(first=self.day(first), end=self.day(end), **facts))

    async def sell_ranges(self, room_type_id: UUID, *ranges: NightRange) -> int:
        return await operations.set_nights(actor=SYSTEM, room_type_id=room_type_id, ranges=ranges, now=self.now)

    async def plant(self) -> None:
        """Write the institution and its parents into the present database."""
        await db.execute(
            "INSERT INTO divisions (code, name_zh, name_en, level, is_statistical)"
            " VALUES ('220000', '吉林省', 'Jilin', 'province', false)"
        )
        await db.execute(
            "INSERT INTO jurisdictions (code, name_zh, name_en, level)"
            " VALUES ('220000', '吉林省民政厅', 'Jilin', 'province')"
        )
        await db.execute(
            "INSERT INTO places (code, name_zh, name_en, division_code, jurisdiction_code, latitude, longitude, datum,"
            " accuracy_m) VALUES ('erdaobaihe', '二道白河', 'Erdaobaihe', '220000', '220000', 42.42, 128.12, 'wgs84', 500)"
        )
        await db.execute(
            "INSERT INTO institutions (id, name, name_en, place_code, jurisdiction_code, address, latitude, longitude,"
            " datum, licensed_bed_count, opened_on, is_example, registered_at)"
            " VALUES ($1, '白河旅居（示例）', 'Baihe', 'erdaobaihe', '220000', '白山大街 1 号', 42.42, 128.12, 'wgs84',"
            " 100000, '2020-01-01', true, $2)",
            self.id,
            self.now,
        )
        await db.execute(
            "INSERT INTO certifications (id, institution_id, number, status, grade, valid_from_on, valid_until_on,"
            " assessed_on, assessment_due_on, assessment_overdue, safety_defect, is_current, version, granted_at)"
            " VALUES ($1, $2, 'JL-2027-0001', 'certified', 4, '2027-01-01', '2029-12-31', '2026-12-01', '2027-12-01',"
            " false, false, true, 1, $3)",
            new_id(),
            self.id,
            self.now,
        )
