"""A small real world for tests that cross domains: places, a certified institution, people signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from marketplace.catalog import operations as catalog
from marketplace.certifications import queries as certification_queries
from marketplace.identity import operations as identity
from marketplace.identity.operations import OpenedSession
from marketplace.identity.rules import Kind, Level, Principal
from marketplace.institutions import operations as institutions
from marketplace.inventory import operations as inventory
from marketplace.inventory.rules import NightRange
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.ids import new_id, wire
from marketplace.places.rules import Position
from seed import procedure
from seed.places import plant_places
from seed.rubric import plant_rubrics
from seed.sheets import sheet_for
from tests.support.planted import Plant

# One hash for every member of staff in the tests: they sign in by an opened session, never by password.
NO_PASSWORD = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"
NAME, PLACE = "白河旅居（示例）", "erdaobaihe"


@dataclass
class Caller:
    """Someone signed in, who can call the API."""

    session: OpenedSession
    client: httpx.AsyncClient | None = None

    @property
    def principal(self) -> Principal:
        return self.session.principal

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session.token}"}

    async def get(self, path: str, **options: Any) -> httpx.Response:
        assert self.client is not None
        return await self.client.get(path, headers=self.headers, **options)

    async def post(self, path: str, body: object = None, *, key: str | None = None) -> httpx.Response:
        assert self.client is not None
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        return await self.client.post(path, json=body, headers=headers)


@dataclass
class World:
    """One institution in 二道白河 with a room type of some units, and everybody who matters to it."""

    now: datetime
    client: httpx.AsyncClient | None = None
    institution_id: UUID = field(default_factory=new_id)
    certification_id: UUID = field(default_factory=new_id)
    room_type_id: UUID = field(default_factory=new_id)

    @property
    def today(self) -> date:
        return clock.local_date(self.now)

    def day(self, n: int) -> date:
        return self.today + timedelta(days=n)

    async def officer(self, level: Level = Level.PROVINCE, jurisdiction: str = "220000") -> Caller:
        return await self._staff(Kind.OFFICER, level=level, jurisdiction=jurisdiction)

    async def staff(self, institution_id: UUID | None = None) -> Caller:
        return await self._staff(Kind.INSTITUTION, institution_id=institution_id or self.institution_id)

    async def finance(self) -> Caller:
        return await self._staff(Kind.FINANCE)

    async def family(self, phone: str = "+8613800138000") -> Caller:
        family_id = await identity.register_family(phone=phone, now=self.now)
        return await self._open(Kind.FAMILY, family_id)

    async def partner(self, name: str = "南方旅居平台（示例）") -> Caller:
        secret = f"{'s' * 24}{new_id().hex}"
        partner_id = await identity.register_partner(actor=SYSTEM, name=name, secret=secret, now=self.now)
        return await self._open(Kind.PARTNER, partner_id)

    async def suspend(self) -> None:
        officer = await self.officer()
        answer = await officer.post(
            f"/v1/certifications/{wire('crt', self.certification_id)}/suspension", {"reason": "消防设施存在重大隐患"}
        )
        assert answer.status_code == 200, answer.text

    async def add_institution(self, name: str = NAME, place_code: str = PLACE) -> UUID:
        """Register an institution and publish its listing; it is not certified yet."""
        institution_id = await institutions.register(
            name=name,
            name_en="Baihe Sojourn (example)",
            uscc=None,
            place_code=place_code,
            address="白山大街 1 号",
            position=Position(latitude=42.42, longitude=128.12, datum="wgs84"),
            licensed_bed_count=400,
            opened_on=date(2018, 5, 1),
            is_example=True,
            actor=SYSTEM,
            now=self.now,
        )
        await catalog.publish_listing(
            institution_id=institution_id,
            summary="林间安静，冬有温泉。",
            summary_en="Quiet woods, hot springs in winter.",
            services=["hot_spring", "meals"],
            languages=["zh"],
            barrier_free=["lift"],
            ability_level_min=0,
            ability_level_max=2,
            actor=SYSTEM,
            now=self.now,
        )
        return institution_id

    async def certify(self, institution_id: UUID, officer: Caller) -> UUID:
        certification = await procedure.certify(
            institution_id=institution_id,
            sheet=sheet_for(5),
            # Long enough ago for preview and publicity to be over, whatever holidays lie between.
            assessed_on=self.day(-45),
            actor=officer.principal,
            now=self.now,
        )
        return certification.id

    async def prepare_revocation(self, officer: Caller, certification_id: UUID | None = None) -> None:
        """Suspend the institution, give notice, and conclude the proceeding: what is left is for two officers."""
        found = await certification_queries.certification(
            principal=officer.principal, certification_id=certification_id or self.certification_id
        )
        play = procedure.conclude_notice if found.status == "suspended" else procedure.conclude_revocation
        await play(found, actor=officer.principal, now=self.now)

    async def open_house(self, name: str, place_code: str, *, units: int, price: int = 20_000) -> None:
        """Make a new certified institution with one room type the one that this world is about."""
        self.institution_id = await self.add_institution(name, place_code)
        self.certification_id = await self.certify(self.institution_id, await self.officer())
        self.room_type_id = await self.add_room_type(self.institution_id, units=units, price=price)

    async def add_room_type(
        self, institution_id: UUID, *, units: int, name: str = "双人间", price: int = 20_000, guests_max: int = 2
    ) -> UUID:
        """Add a room type with every night of the next 400 on sale at one price."""
        room_type_id = await catalog.add_room_type(
            institution_id=institution_id,
            name=name,
            name_en="Twin room",
            sold_by="room",
            unit_count=units,
            guests_max=guests_max,
            area_m2=28,
            bed_kind="twin",
            is_barrier_free=True,
            actor=SYSTEM,
            now=self.now,
        )
        nights = [NightRange(first=self.today, end=self.day(400), unit_count=units, price_amount=price)]
        await inventory.set_nights(actor=SYSTEM, room_type_id=room_type_id, ranges=nights, now=self.now)
        return room_type_id

    def wish(self, *, first: int = 40, nights: int = 30, guests: int = 2) -> dict[str, object]:
        """Return a body for POST /v1/quotes; a stay from day 40 has a deposit and a balance, one before is paid whole."""
        return {
            "room_type_id": wire("rmt", self.room_type_id),
            "check_in": self.day(first).isoformat(),
            "check_out": self.day(first + nights).isoformat(),
            "guest_count": guests,
        }

    async def taken(self) -> list[int]:
        """Return the distinct numbers of units taken on the room type's nights."""
        found: list[int] = await fetch_value(
            "SELECT array_agg(DISTINCT taken_count ORDER BY taken_count) FROM room_nights WHERE room_type_id = $1",
            self.room_type_id,
        )
        return found

    async def _staff(self, kind: Kind, **place: Any) -> Caller:
        staff_id = await identity.register_staff(
            actor=SYSTEM,
            kind=kind,
            name="测试",
            email=f"{new_id().hex}@test.example",
            password_hash=NO_PASSWORD,
            now=self.now,
            **place,
        )
        return await self._open(kind, staff_id, **place)

    async def _open(self, kind: Kind, holder_id: UUID, **place: Any) -> Caller:
        async with transaction():
            session = await identity.open_session(kind=kind, holder_id=holder_id, now=self.now, **place)
        return Caller(session=session, client=self.client)


def booking_body(quote_id: str, *, guests: int = 2, **extra: object) -> dict[str, object]:
    """Return a body for POST /v1/bookings."""
    names = ["王秀英", "李建国", "陈淑芬", "赵德明"]
    return {
        "quote_id": quote_id,
        "guests": [{"name": names[i % 4], "birth_year": 1950 + i} for i in range(guests)],
        "contact": {"name": "李娜", "phone": "13800138000"},
        **extra,
    }


async def plant_gazetteer(*, now: datetime) -> None:
    """Plant the places, and the sheets by which institutions are assessed."""
    await plant_places(now=now)
    await plant_rubrics(now=now)


async def build(*, units: int = 2, price: int = 20_000, client: httpx.AsyncClient | None = None) -> World:
    """Plant the places and one certified institution with one room type."""
    world = World(now=clock.now(), client=client)
    await plant_gazetteer(now=world.now)
    await world.open_house(NAME, PLACE, units=units, price=price)
    return world


@asynccontextmanager
async def visit(planted: Plant, client: httpx.AsyncClient, **facts: Any) -> AsyncIterator[World]:
    """Begin the test in a world that was built before, as it is now."""
    async with planted(build, **facts) as world:
        yield replace(world, now=clock.now(), client=client)


async def hold(world: World, caller: Caller, **wish: Any) -> dict[str, Any]:
    """Quote and book through the API; returns the booking on hold."""
    offer = await caller.post("/v1/quotes", world.wish(**wish))
    assert offer.status_code == 201, offer.text
    body = booking_body(offer.json()["id"], guests=offer.json()["guest_count"])
    answer = await caller.post("/v1/bookings", body, key=new_id().hex)
    assert answer.status_code == 201, answer.text
    booking: dict[str, Any] = answer.json()
    return booking


async def open_payment(caller: Caller, booking: dict[str, Any], *, method: str = "card") -> dict[str, Any]:
    """Open a payment of the leg that is due; returns the payment with its checkout page."""
    answer = await caller.post(
        f"/v1/bookings/{booking['id']}/payments", {"leg": booking["payable_leg"], "method": method}, key=new_id().hex
    )
    assert answer.status_code == 201, answer.text
    payment: dict[str, Any] = answer.json()
    return payment


async def read(caller: Caller, booking: dict[str, Any]) -> dict[str, Any]:
    """Read a booking again."""
    found: dict[str, Any] = (await caller.get(f"/v1/bookings/{booking['id']}")).json()
    return found


def steady(booking: dict[str, Any]) -> dict[str, Any]:
    """Return a booking without the instant at which its certification was looked at."""
    standing = {name: value for name, value in booking["certification"].items() if name != "checked_at"}
    return booking | {"certification": standing}
