"""A few certified institutions at real places, with nights to search; day 0 is 1 March 2027."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec
import pytest

from marketplace.catalog import operations as catalog
from marketplace.catalog.rules import Filters
from marketplace.identity.rules import Kind, Level, Principal
from marketplace.inventory import operations as inventory
from marketplace.inventory.errors import NotAvailable
from marketplace.inventory.rules import NightRange
from marketplace.kit import clock, db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.ids import new_id
from marketplace.places.queries import places_by_code
from marketplace.places.rules import Place
from marketplace.pricing import operations as pricing
from marketplace.pricing import queries as prices
from marketplace.pricing.rules import Discount, EarlyBooking, Supplements
from marketplace.search import queries
from marketplace.search.rules import ORIGINS, Asked, Party, Window, check_asked
from seed.institutions import InstitutionPlan, plan_institutions, plant_institution
from seed.standings import Timeline, certify
from tests.support.world import plant_gazetteer

NOW = datetime(2027, 3, 1, 4, 0, 30, tzinfo=UTC)
TODAY = date(2027, 3, 1)
PLANS = {plan.place.code: plan for plan in plan_institutions()}


def day(n: int) -> date:
    return TODAY + timedelta(days=n)


def window(first: int, end: int, nights: int | None = None, prefer: str = "earliest") -> Window:
    return Window(first=day(first), end=day(end), nights=nights or end - first, prefer=prefer)


@dataclass
class Town:
    """What is searched, and by whom."""

    places: dict[str, Place] = field(default_factory=dict)
    officer: Principal = field(
        default_factory=lambda: Principal(
            kind=Kind.OFFICER, id=new_id(), session_id=new_id(), level=Level.PROVINCE, jurisdiction="220000"
        )
    )
    family: Principal = field(default_factory=lambda: Principal(kind="family", id=new_id(), session_id=new_id()))

    async def open(
        self,
        place: str = "erdaobaihe",
        *,
        name: str = "白河林海康养院（示例）",
        grade: int = 4,
        certified_days_ago: int = 60,
        services: tuple[str, ...] = ("meals",),
        ability_level_max: int = 2,
        **changes: object,
    ) -> UUID:
        """Certify an institution that has no rooms yet."""
        plan: InstitutionPlan = msgspec.structs.replace(
            PLANS[place],
            name=name,
            services=services,
            ability_level_max=ability_level_max,
            licensed_bed_count=1_000,
            rooms=(),
            **changes,
        )
        planted = await plant_institution(plan, now=NOW, pictures=False)
        found = await certify(
            planted.id, grade=grade, timeline=Timeline(certified_days_ago), officer=self.officer, now=NOW
        )
        self.certifications[planted.id] = found.id
        return planted.id

    certifications: dict[UUID, UUID] = field(default_factory=dict)

    async def room(
        self,
        institution_id: UUID,
        *,
        units: int = 2,
        price: int = 20_000,
        guests_max: int = 2,
        sold_by: str = "room",
        first: int = 0,
        end: int = 400,
    ) -> UUID:
        """Add a room type with nights [first, end) on sale."""
        room_type_id = await catalog.add_room_type(
            institution_id=institution_id,
            name=f"房型 {new_id().hex[-8:]}",
            name_en="Room",
            sold_by=sold_by,
            unit_count=units,
            guests_max=guests_max,
            area_m2=28,
            bed_kind="twin",
            is_barrier_free=True,
            actor=SYSTEM,
            now=NOW,
        )
        if end > first:
            await self.nights(room_type_id, first, end, unit_count=units, price_amount=price)
        return room_type_id

    async def nights(self, room_type_id: UUID, first: int, end: int, **facts: object) -> None:
        await inventory.set_nights(
            actor=SYSTEM,
            room_type_id=room_type_id,
            ranges=[NightRange(first=day(first), end=day(end), **facts)],
            now=NOW,
        )

    async def take(
        self, room_type_id: UUID, first: int, end: int, *, units: int = 1, expires_at: datetime | None = None
    ) -> UUID:
        async with db.transaction():
            return await inventory.take(
                room_type_id=room_type_id,
                check_in=day(first),
                check_out=day(end),
                unit_count=units,
                kind="booking",
                owner_id=new_id(),
                expires_at=expires_at,
                # A hold that has lapsed by NOW was taken before.
                now=NOW if expires_at is None else min(NOW, expires_at) - timedelta(minutes=30),
            )

    async def discount(self, institution_id: UUID, nights_min: int, bps: int) -> None:
        """Take something more off long stays, and leave the rest of the plan as it is."""
        plan = await prices.plan_of(institution_id, now=NOW)
        found = {one.nights_min: one for one in plan.length_of_stay}
        found[nights_min] = Discount(nights_min=nights_min, discount_bps=bps)
        await self.plan(
            institution_id, plan.supplements, length_of_stay=list(found.values()), early_booking=plan.early_booking
        )

    async def plan(
        self,
        institution_id: UUID,
        supplements: Supplements,
        *,
        length_of_stay: Sequence[Discount] = (),
        early_booking: Sequence[EarlyBooking] = (),
    ) -> None:
        await pricing.set_rate_plan(
            actor=SYSTEM,
            institution_id=institution_id,
            effective_from_on=TODAY,
            supplements=supplements,
            length_of_stay=length_of_stay,
            early_booking=early_booking,
            now=NOW,
        )

    async def ask(
        self,
        asked_window: Window,
        *,
        guests: int = 1,
        rooms: int | None = None,
        limit: int = 100,
        after: queries.SortKey | None = None,
        now: datetime = NOW,
        filters: dict[str, object] | None = None,
        **asked: object,
    ) -> queries.Answer:
        question = self.question(asked_window, guests=guests, rooms=rooms, filters=filters, **asked)
        return await self.answer(question, after=after, limit=limit, now=now)

    async def answer(
        self, question: Asked, *, after: queries.SortKey | None = None, limit: int = 100, now: datetime = NOW
    ) -> queries.Answer:
        return await queries.search(asked=question, places=self.places, after=after, limit=limit, now=now)

    def question(
        self,
        asked_window: Window,
        *,
        guests: int = 1,
        rooms: int | None = None,
        filters: dict[str, object] | None = None,
        **asked: object,
    ) -> Asked:
        return check_asked(
            Asked(
                window=asked_window,
                filters=Filters(**filters or {}),
                party=Party(guests=guests, rooms=rooms),
                **asked,
            ),
            self.places,
        )


async def build_town() -> Town:
    await plant_gazetteer(now=NOW)
    return Town(places=await places_by_code())


@pytest.fixture
async def town(planted) -> AsyncIterator[Town]:
    async with planted(build_town) as found:
        yield deepcopy(found)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the clock at the edge at NOW."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
async def random_town(planted) -> AsyncIterator[Town]:
    async with planted(build_random_town) as found:
        yield deepcopy(found)


async def build_random_town() -> Town:
    """Open six institutions with rooms whose nights, prices, restrictions, holds and discounts are drawn at random."""
    random, town = Random(20270301), await build_town()
    for number, place in enumerate(("erdaobaihe", "chixi", "jian", "hunchun", "songyuan", "longjing")):
        house = await town.open(
            place,
            name=f"第{number}号康养院（示例）",
            grade=3 + number % 3,
            certified_days_ago=60 if number else 1_055,
            services=("meals", "hot_spring") if number % 2 else ("meals", "tcm"),
        )
        await town.plan(
            house,
            Supplements(single_use_bps=random.choice((0, 1_234)), companion_bed_amount=4_000),
            early_booking=[
                EarlyBooking(days_ahead_min=days, discount_bps=bps)
                for days, bps in random.sample(((30, 250), (90, 707), (200, 1_111)), random.randint(0, 3))
            ],
        )
        for nights_min, bps in random.sample(((7, 333), (28, 1_050), (60, 1_999)), random.randint(0, 3)):
            await town.discount(house, nights_min, bps)
        for _ in range(random.randint(1, 3)):
            await _random_room(town, house, random)
    # What earlier tests rolled back is all that autovacuum has seen: the planner would take these tables for empty.
    await db.execute(
        "ANALYZE institutions, listings, institution_search, certifications, room_types, room_type_locks,"
        " room_type_seasons, room_nights, allocations, rate_plans"
    )
    return town


async def _random_room(town: Town, house: UUID, random: Random) -> None:
    beds = random.random() < 0.3
    units = random.randint(1, 3)
    room = await town.room(
        house,
        units=units,
        guests_max=1 if beds else random.randint(1, 3),
        sold_by="bed" if beds else "room",
        price=random.randint(5_000, 40_000),
        first=random.choice((0, 0, 25)),
        end=random.choice((400, 300)),
    )
    for _ in range(random.randint(2, 8)):
        first = random.randint(30, 250)
        await town.nights(
            room,
            first,
            first + random.randint(1, 40),
            price_amount=random.randint(5_000, 40_000),
            unit_count=units,
            min_stay_count=random.choice((1, 1, 3, 14)),
            max_stay_count=random.choice((180, 180, 60, 20)),
            lead_day_count=random.choice((0, 0, 60, 120)),
            closed_to_arrival=random.random() < 0.15,
            closed_to_departure=random.random() < 0.15,
            closed=random.random() < 0.15,
        )
    for _ in range(random.randint(0, 6)):
        first, lapsed = random.randint(25, 280), random.random() < 0.5
        # What cannot be taken is simply not taken.
        with suppress(NotAvailable):
            await town.take(
                room,
                first,
                first + random.randint(14, 40),
                units=random.randint(1, units),
                expires_at=NOW - timedelta(minutes=5) if lapsed else None,
            )


def random_window(random: Random) -> Window:
    nights = random.choice((1, 2, 5, 7, 13, 14, 28, 30, 60, 90))
    first = random.randint(0, 390 - nights)
    if random.random() < 0.5:
        return window(first, first + nights)
    end = random.randint(first + nights, 400)
    return window(first, end, nights, random.choice(("earliest", "cheapest", "coolest")))


def random_question(town: Town, random: Random) -> Asked:
    sort = random.choice(("recommended", "price", "grade", "distance", "relief"))
    filters: dict[str, object] = {}
    if sort == "distance" or random.random() < 0.1:
        filters["near"] = town.places["erdaobaihe"].position
    if random.random() < 0.1:
        filters["cluster"] = random.choice(("changbaishan", "spring-changbaishan"))
    if random.random() < 0.1:
        filters["services"] = (random.choice(("hot_spring", "tcm")),)
    if random.random() < 0.1:
        filters["text"] = random.choice(("康养", "jian"))
    if random.random() < 0.1:
        filters["sold_by"] = random.choice(("room", "bed"))
    warm = sort == "relief" or random.random() < 0.3
    return town.question(
        random_window(random),
        guests=random.randint(1, 4),
        filters=filters,
        sort=sort,
        origin=ORIGINS["wuhan"] if warm else None,
        relief_min=random.choice((None, 300, 800)) if warm else None,
        price_max=random.choice((None, None, 100_000, 500_000)),
    )
