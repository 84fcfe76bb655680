"""Two certified institutions and a tour between them. Their parents are raw rows: what they mean is proved elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from marketplace.identity.rules import Principal
from marketplace.inventory import operations as inventory
from marketplace.inventory.rules import NightRange
from marketplace.kit import clock, db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.ids import new_id
from marketplace.tours import operations, queries
from marketplace.tours.rules import BlockWanted, DepartureDraft, ItineraryDay, TourDraft, TourKind

NOW = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)
TODAY = date(2027, 3, 1)
NIGHTS = 4

DRAFT = TourDraft(
    kind=TourKind.CUSTOM,
    name="长白山清凉五日",
    name_en="Five cool days at Changbai Mountain",
    summary="看天池，泡温泉，慢慢走。",
    summary_en="The crater lake, hot springs, no hurry.",
    origin="上海",
    organiser_name="长白山国际旅行社（示例）",
    organiser_licence="L-JL00123",
    services=("transport", "lodging", "meals", "guide"),
    itinerary=tuple(
        ItineraryDay(
            day=day, place_code="erdaobaihe", title=f"第 {day} 天", title_en=f"Day {day}", meals=("breakfast",)
        )
        for day in range(1, NIGHTS + 2)
    ),
    inclusions=("住宿", "三餐"),
    exclusions=("个人消费",),
    group_min_count=4,
    group_max_count=8,
)


@dataclass
class World:
    """Day 0 is today; ``houses`` are certified institutions."""

    now: datetime = NOW
    today: date = TODAY
    houses: list[UUID] = field(default_factory=list)
    family: Principal = field(default_factory=lambda: Principal(kind="family", id=new_id(), session_id=new_id()))

    def day(self, n: int) -> date:
        return self.today + timedelta(days=n)

    async def add_house(self) -> UUID:
        house = new_id()
        await db.execute(
            "INSERT INTO institutions (id, name, name_en, place_code, jurisdiction_code, address, latitude, longitude,"
            " datum, licensed_bed_count, opened_on, is_example, registered_at)"
            " VALUES ($1, $2, 'Baihe', 'erdaobaihe', '220000', '白山大街 1 号', 42.42, 128.12, 'wgs84',"
            " 500, '2020-01-01', true, $3)",
            house,
            f"白河旅居 {len(self.houses) + 1}（示例）",
            self.now,
        )
        await db.execute(
            "INSERT INTO certifications (id, institution_id, number, status, grade, valid_from_on, valid_until_on,"
            " assessed_on, assessment_due_on, assessment_overdue, safety_defect, is_current, version, granted_at)"
            " VALUES ($1, $2, $3, 'certified', 4, '2027-01-01', '2029-12-31', '2026-12-01', '2027-12-01',"
            " false, false, true, 1, $4)",
            new_id(),
            house,
            f"JL-2027-000{len(self.houses) + 1}",
            self.now,
        )
        self.houses.append(house)
        return house

    async def suspend(self, house: UUID) -> None:
        await db.execute(
            "UPDATE certifications SET status = 'suspended', restricted_by = 'county' WHERE institution_id = $1", house
        )

    async def add_room_type(self, house: UUID, *, units: int = 4, guests_max: int = 2) -> UUID:
        room_type_id = new_id()
        await db.execute(
            "INSERT INTO room_types (id, institution_id, name, name_en, sold_by, unit_count, guests_max, area_m2,"
            " bed_kind, is_barrier_free, added_at) VALUES ($1, $2, $3, 'Twin', 'room', $4, $5, 30, 'twin', true, $6)",
            room_type_id,
            house,
            f"双人间 {room_type_id.hex[-6:]}",
            units,
            guests_max,
            self.now,
        )
        ranges = [NightRange(first=self.today, end=self.day(200), unit_count=units, price_amount=20_000)]
        await inventory.set_nights(actor=SYSTEM, room_type_id=room_type_id, ranges=ranges, now=self.now)
        return room_type_id

    async def publish(self, **changes) -> UUID:
        draft = msgspec.structs.replace(DRAFT, **changes)
        return await operations.publish_tour(draft=draft, actor=SYSTEM, now=self.now)

    async def open(self, tour_id: UUID, blocks: Sequence[tuple[UUID, int]], *, first: int = 40, **facts) -> UUID:
        draft = DepartureDraft(
            tour_id=tour_id,
            check_in=self.day(first),
            check_out=self.day(first + facts.pop("nights", NIGHTS)),
            price_amount=facts.pop("price_amount", 458_000),
            blocks=tuple(BlockWanted(room_type_id=room_type, unit_count=units) for room_type, units in blocks),
            **facts,
        )
        return await operations.open_departure(draft=draft, actor=SYSTEM, now=self.now)

    async def seat(
        self, departure_id: UUID, travellers: int, *, hold_s: int | None = None, now: datetime | None = None
    ):
        now = now or self.now
        async with db.transaction():
            return await operations.seat(
                departure_id=departure_id,
                booking_id=new_id(),
                traveller_count=travellers,
                expires_at=None if hold_s is None else now + timedelta(seconds=hold_s),
                now=now,
            )

    async def unseat(self, departure_id: UUID, seat_id: UUID) -> bool:
        async with db.transaction():
            return await operations.unseat(departure_id=departure_id, seat_id=seat_id)

    async def read(self, departure_id: UUID, *, now: datetime | None = None):
        return await queries.departure(departure_id, now=now or self.now)

    async def taken(self, room_type_id: UUID, first: int = 40, nights: int = NIGHTS) -> list[int]:
        rows = await db.fetch(
            "SELECT taken_count FROM room_nights WHERE room_type_id = $1 AND night >= $2 AND night < $3 ORDER BY night",
            room_type_id,
            self.day(first),
            self.day(first + nights),
        )
        return [row["taken_count"] for row in rows]


async def build() -> World:
    """Make the two institutions in the present database."""
    clock.travel(NOW - datetime.now(UTC))
    world = World()
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
    await world.add_house()
    await world.add_house()
    return world


@pytest.fixture
async def world(database) -> World:
    return await build()


@pytest.fixture
async def committed_world(committed) -> World:
    return await build()


@pytest.fixture
async def trip(world) -> tuple[World, UUID]:
    """A departure of 4 to 8 travellers: two twin rooms in each of two institutions."""
    rooms = [await world.add_room_type(house) for house in world.houses]
    departure_id = await world.open(await world.publish(), [(room, 2) for room in rooms])
    return world, departure_id
