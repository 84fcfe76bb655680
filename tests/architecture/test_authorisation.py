"""Who may call what: every route × every kind of caller × what is theirs and what is another tenant's.

``ROUTES`` says of every route who may call it; a route that is missing from it fails the test. The world is committed
once to a database of its own; each call is taken back, so that no call sees what another did.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from litestar.routes import HTTPRoute

from marketplace.catalog import operations as catalog
from marketplace.certifications.operations import order_due_assessments
from marketplace.identity import queries as identities
from marketplace.identity.operations import open_session
from marketplace.identity.rules import Kind, Level, Scope
from marketplace.kit import db
from marketplace.kit import valkey as kit_valkey
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.ids import new_id, parse, wire
from marketplace.openapi.endpoints import kinds, levels
from marketplace.payments import gateway as gateways
from marketplace.tours import operations as tours
from marketplace.tours.rules import BlockWanted, DepartureDraft
from tests.support.sandbox import Sandbox
from tests.support.world import Caller, World, booking_body, build, hold, open_payment, read
from tests.tours.conftest import DRAFT

ANYONE, FAMILY, PARTNER, READER, STAFF = "anyone", "family", "partner", "reading partner", "institution"
COUNTY, PREFECTURE, PROVINCE = "county", "prefecture", "province"
ROLES = (ANYONE, FAMILY, PARTNER, READER, STAFF, COUNTY, PREFECTURE, PROVINCE)
OFFICERS = frozenset({COUNTY, PREFECTURE, PROVINCE})
GUESTS = frozenset({FAMILY, PARTNER})
SIGNED_IN = frozenset(ROLES) - {ANYONE}

Ids = Mapping[str, str]
REASON = {"reason": "现场检查，依据事实"}
SCORES = {"environment": 100, "facilities": 110, "operations": 130, "services": 520}


@dataclass(frozen=True)
class Route:
    """Who may call; a body made of ids; whether another tenant's ids must be refused; what else the call needs."""

    callers: frozenset[str]
    body: Callable[[Ids], object] | None = None
    foreign: bool = False
    keyed: bool = False
    hidden: bool = False


def public(body: Callable[[Ids], object] | None = None) -> Route:
    return Route(callers=frozenset(ROLES), body=body)


def own(*callers: str, body: Callable[[Ids], object] | None = None, keyed: bool = False) -> Route:
    return Route(callers=frozenset(callers), body=body, foreign=True, keyed=keyed)


def officers(*callers: str, body: Callable[[Ids], object] | None = None) -> Route:
    return Route(callers=frozenset(callers) or OFFICERS, body=body, foreign=True)


def always(value: object) -> Callable[[Ids], object]:
    return lambda _: value


HIDDEN = Route(callers=frozenset(), hidden=True)

ROUTES: dict[str, Route] = {
    "GET /v1/places": public(),
    "GET /v1/institutions": public(),
    "GET /v1/institutions/{institution_id}": public(),
    "GET /v1/institutions/{institution_id}/availability": public(),
    "GET /v1/media/{file_name}": public(),
    "GET /v1/tours": public(),
    "GET /v1/tours/{tour_id}": public(),
    "GET /v1/departures": public(),
    "GET /v1/departures/{departure_id}": public(),
    "GET /v1/certificates/{number}": public(),
    "GET /livez": public(),
    "GET /readyz": public(),
    "GET /metrics": public(),
    "GET /openapi.json": public(),
    "GET /docs": public(),
    "GET /docs/problems": public(),
    "GET /docs/events": public(),
    "GET /docs/assets/{name}": public(),
    "GET /payments/{payment_id}/return": public(),
    "POST /v1/provider-webhooks/stripe": public(always({})),
    "POST /v1/session-codes": public(always({"phone": "13800138000"})),
    "POST /v1/sessions": public(always({})),
    "POST /oauth/token": public(),
    "GET /v1/sessions/current": Route(SIGNED_IN),
    "DELETE /v1/sessions/current": Route(SIGNED_IN),
    "POST /v1/quotes": Route(GUESTS, body=lambda ids: msgspec.json.decode(ids["wish"])),
    "POST /v1/bookings": own(FAMILY, PARTNER, keyed=True, body=lambda ids: booking_body(ids["quote_id"])),
    "GET /v1/bookings": Route(GUESTS | {READER, STAFF}),
    "GET /v1/bookings/{booking_id}": own(FAMILY, PARTNER, READER, STAFF),
    "POST /v1/bookings/{booking_id}/hold-extension": own(FAMILY, PARTNER),
    "POST /v1/bookings/{booking_id}/payments": own(
        FAMILY, PARTNER, keyed=True, body=always({"leg": "deposit", "method": "card"})
    ),
    "POST /v1/bookings/{booking_id}/cancellation-quotes": own(FAMILY, PARTNER),
    "POST /v1/bookings/{booking_id}/cancellation": own(
        FAMILY, PARTNER, keyed=True, body=lambda ids: {"cancellation_quote_id": ids["cancellation_quote_id"]}
    ),
    "GET /v1/arrivals": Route(frozenset({STAFF})),
    "POST /v1/bookings/{booking_id}/acknowledgement": own(STAFF),
    "POST /v1/bookings/{booking_id}/check-in": own(STAFF),
    "POST /v1/bookings/{booking_id}/check-out": own(STAFF),
    "PUT /v1/room-types/{room_type_id}/ari": own(
        STAFF, body=always({"ranges": [{"from": "2099-01-01", "to": "2099-01-02", "closed": True}]})
    ),
    "GET /v1/events": Route(frozenset({PARTNER, READER})),
    "POST /v1/certifications": Route(
        frozenset({PROVINCE}),
        body=lambda ids: {
            "institution_id": ids["uncertified_id"],
            "scores": SCORES,
            "assessed_on": ids["today"],
            **REASON,
        },
    ),
    "GET /v1/certifications": Route(OFFICERS),
    "GET /v1/certifications/{certification_id}": officers(),
    "GET /v1/certifications/{certification_id}/impact": officers(),
    "POST /v1/certifications/{certification_id}/rectification": officers(
        body=always({**REASON, "safety_defect": True})
    ),
    "POST /v1/certifications/{certification_id}/rectification/completion": officers(body=always(REASON)),
    "POST /v1/certifications/{certification_id}/suspension": officers(body=always(REASON)),
    "POST /v1/certifications/{certification_id}/reinstatement": officers(PREFECTURE, PROVINCE, body=always(REASON)),
    "POST /v1/certifications/{certification_id}/revocation": officers(PROVINCE, body=always(REASON)),
    "GET /v1/decisions": Route(OFFICERS),
    "GET /v1/decisions/{decision_id}": officers(),
    "POST /v1/decisions/{decision_id}/approvals": officers(PROVINCE),
    "GET /v1/assessments": Route(OFFICERS),
    "POST /v1/assessments/{assessment_id}/result": officers(
        PREFECTURE, PROVINCE, body=lambda ids: {"scores": SCORES, "assessed_on": ids["today"]}
    ),
    # In development and tests; anywhere else they are not found, which messaging's tests prove.
    "GET /_dev/outbox": public(),
    "GET /_dev/clock": public(),
    "POST /_dev/clock": public(always({"advance_seconds": 0})),
    "GET /_openapi": HIDDEN,
    "GET /_openapi/openapi.json": HIDDEN,
    "GET /_openapi/{path}": HIDDEN,
}


@dataclass
class Side:
    """One county with an institution, its guests, its staff and its officers."""

    callers: dict[str, Caller] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    of_family: dict[str, str] = field(default_factory=dict)
    of_partner: dict[str, str] = field(default_factory=dict)

    def ids(self, role: str) -> Ids:
        """Return the ids that are this side's, as one kind of caller would name them."""
        theirs = self.of_partner if role in (PARTNER, READER) else self.of_family
        # An institution learns of a booking once it is confirmed.
        return self.shared | theirs | ({"booking_id": theirs["confirmed_id"]} if role == STAFF else {})


@dataclass
class Stage:
    client: httpx.AsyncClient
    here: Side
    there: Side

    async def call(self, route: str, role: str, ids: Ids) -> httpx.Response:
        """Call a route as someone from here with these ids, and take back whatever it did."""
        found = ROUTES[route]
        method, _, template = route.partition(" ")
        headers = {} if role == ANYONE else dict(self.here.callers[role].headers)
        if found.keyed:
            headers["Idempotency-Key"] = new_id().hex
        body = found.body(ids) if found.body else None
        async with taken_back():
            return await self.client.request(method, template.format(**ids), headers=headers, json=body)

    def foreign_ids(self, role: str) -> list[Ids]:
        """Return the ids of others: of the other side, and for guests those of the other kind of guest here."""
        others: list[Ids] = [] if role == PROVINCE else [self.there.ids(role)]
        if role in (FAMILY, PARTNER, READER):
            others.append(self.here.ids(PARTNER if role == FAMILY else FAMILY))
        return others


@asynccontextmanager
async def taken_back() -> AsyncIterator[None]:
    inner = db.DB.current_transaction.get().connection.transaction()
    await inner.start()
    try:
        yield
    finally:
        await inner.rollback()


@pytest.fixture(scope="module")
async def stage(servers, app, contract, stripe_gateway, sandbox_url, sandbox_client) -> AsyncIterator[Stage]:
    """Build two sides in a committed database that this module has for itself."""
    transport = httpx.ASGITransport(app=app)
    hooks = {"response": [contract.check]}
    async with (
        servers.alone(),
        httpx.AsyncClient(transport=transport, base_url="http://test", event_hooks=hooks) as client,
    ):
        gateways.use(stripe_gateway)
        world = await build(client=client)
        bank = Sandbox(url=sandbox_url, http=sandbox_client)
        here = await side(world, bank, place="songjianghe", county="220621", prefecture="220600")
        there = await side(world, bank, place="hunchun", county="222404", prefecture="222400")
        yield Stage(client, here, there)
        gateways.use(None)


async def side(world: World, bank: Sandbox, *, place: str, county: str, prefecture: str) -> Side:
    found = Side()
    province = await world.officer()
    asker = await world.officer()
    world.institution_id = await world.add_institution(f"{place}旅居（示例）", place)
    world.certification_id = await world.certify(world.institution_id, province)
    world.room_type_id = await world.add_room_type(world.institution_id, units=20)
    uncertified = await world.add_institution(f"{place}新院（示例）", place)
    found.callers = {
        FAMILY: await world.family(f"+861380013{county[-4:]}"),
        PARTNER: await world.partner(f"{place}旅行（示例）"),
        STAFF: await world.staff(),
        COUNTY: await world.officer(Level.COUNTY, county),
        PREFECTURE: await world.officer(Level.PREFECTURE, prefecture),
        PROVINCE: province,
    }
    async with transaction():
        session = await open_session(
            kind=Kind.PARTNER,
            holder_id=found.callers[PARTNER].principal.id,
            scopes=(Scope.READ,),
            now=world.now,
        )
    found.callers[READER] = Caller(session=session, client=world.client)
    found.of_family = await guest_ids(world, bank, found.callers[FAMILY])
    found.of_partner = await guest_ids(world, bank, found.callers[PARTNER])
    await order_due_assessments(now=world.now + timedelta(days=350))
    certification_id = wire("crt", world.certification_id)
    decision = await asker.post(f"/v1/certifications/{certification_id}/revocation", REASON)
    assert decision.status_code == 202, decision.text
    found.shared = {
        "institution_id": wire("ins", world.institution_id),
        "uncertified_id": wire("ins", uncertified),
        "certification_id": certification_id,
        "room_type_id": wire("rmt", world.room_type_id),
        "decision_id": decision.json()["id"],
        "assessment_id": wire("asm", await one("assessment_orders", "certification_id", world.certification_id)),
        "number": await fetch_value("SELECT number FROM certifications WHERE id = $1", world.certification_id),
        "today": world.today.isoformat(),
        "name": "start.js",
        "path": "redoc",
        **await open_to_all(world),
    }
    return found


async def guest_ids(world: World, bank: Sandbox, guest: Caller) -> dict[str, str]:
    """Give a guest a quote, a booking on hold, an offer to cancel it, and a confirmed booking with its payment."""
    booking = await hold(world, guest)
    quote = await guest.post("/v1/quotes", world.wish(first=80))
    offer = await guest.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")
    confirmed = await hold(world, guest, first=120)
    payment = await open_payment(guest, confirmed)
    await bank.pay(urlsplit(payment["checkout_url"]).path.rsplit("/", 1)[1])
    await guest.get(f"/payments/{payment['id']}/return")
    assert (await read(guest, confirmed))["status"] == "confirmed"
    return {
        "quote_id": quote.json()["id"],
        "booking_id": booking["id"],
        "cancellation_quote_id": offer.json()["id"],
        "confirmed_id": confirmed["id"],
        "payment_id": payment["id"],
        "wish": msgspec.json.encode(world.wish(first=160)).decode(),
    }


async def open_to_all(world: World) -> dict[str, str]:
    """Publish a picture, a tour and a departure."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>院</title><rect width="9" height="9"/></svg>'
    )
    picture_id = await catalog.add_picture(
        institution_id=world.institution_id, caption_zh="院", caption_en="Court", svg=svg, actor=SYSTEM, now=world.now
    )
    draft = msgspec.structs.replace(DRAFT, name=f"清凉五日 {picture_id.hex}")
    tour_id = await tours.publish_tour(draft=draft, actor=SYSTEM, now=world.now)
    departure_id = await tours.open_departure(
        draft=DepartureDraft(
            tour_id=tour_id,
            check_in=world.day(200),
            check_out=world.day(204),
            price_amount=458_000,
            blocks=(BlockWanted(room_type_id=world.room_type_id, unit_count=4),),
        ),
        actor=SYSTEM,
        now=world.now,
    )
    return {
        "tour_id": wire("tor", tour_id),
        "departure_id": wire("dep", departure_id),
        "file_name": f"{wire('med', picture_id)}.svg",
    }


async def one(table: str, column: str, value: object) -> Any:
    return await fetch_value(f"SELECT id FROM {table} WHERE {column} = $1", value)


@pytest.fixture(autouse=True)
async def unlimited(servers) -> None:
    await kit_valkey.client().flushdb()


def test_every_route_is_in_the_table(app) -> None:
    found = {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"OPTIONS", "HEAD"}
    }

    assert found == set(ROUTES)


def test_the_guards_say_what_the_table_says(app) -> None:
    """Both are written by hand, so that neither a forgotten guard nor a careless table passes."""
    for route in app.routes:
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items():
            declared = ROUTES.get(f"{method} {route.path_format}")
            if declared is None or declared.hidden:
                continue
            guarded = {kind.value for kind in kinds(handler) - {Kind.OFFICER}}
            guarded |= {level.value for level in levels(handler)} if Kind.OFFICER in kinds(handler) else set()
            expected = set() if ANYONE in declared.callers else set(declared.callers) - {READER}
            assert guarded == expected, f"{method} {route.path_format}"


@pytest.mark.parametrize("route", sorted(ROUTES))
async def test_who_may_call(stage: Stage, route: str) -> None:
    found = ROUTES[route]
    for role in ROLES:
        answer = await stage.call(route, role, stage.here.ids(role))
        seen = f"{route} as {role}: {answer.status_code} {answer.text[:200]}"
        if found.hidden:
            assert answer.status_code == 404, seen
        elif role in found.callers:
            assert answer.status_code not in (401, 403, 404), seen
            assert answer.status_code < 500, seen
        elif role == ANYONE:
            assert answer.status_code == 401, seen
            assert answer.headers["www-authenticate"] == "Bearer", seen
        else:
            assert answer.status_code == 403, seen


@pytest.mark.parametrize("route", sorted(route for route, found in ROUTES.items() if found.foreign))
async def test_what_is_another_tenants_is_not_found(stage: Stage, route: str) -> None:
    tried = 0
    for role in sorted(ROUTES[route].callers):
        for ids in stage.foreign_ids(role):
            answer = await stage.call(route, role, ids)
            assert answer.status_code == 404, f"{route} as {role}: {answer.status_code} {answer.text[:200]}"
            tried += 1
    assert tried or ROUTES[route].callers == {PROVINCE}


def test_every_route_with_an_id_of_a_tenant_is_tried_with_a_foreign_one() -> None:
    for route, found in ROUTES.items():
        if "{" in route and ANYONE not in found.callers and not found.hidden:
            assert found.foreign, route


@pytest.mark.parametrize(
    ("path", "role", "least"),
    [
        ("/v1/bookings", FAMILY, 2),
        ("/v1/bookings", PARTNER, 2),
        ("/v1/bookings", STAFF, 2),
        ("/v1/certifications", COUNTY, 1),
        ("/v1/certifications", PREFECTURE, 1),
        ("/v1/assessments", COUNTY, 1),
        ("/v1/decisions", COUNTY, 1),
    ],
)
async def test_lists_of_two_tenants_have_nothing_in_common(stage: Stage, path: str, role: str, least: int) -> None:
    async def listed(side: Side) -> set[str]:
        answer = await side.callers[role].get(path, params={"limit": 100})
        return {item["id"] for item in answer.json()["items"]}

    here, there = await listed(stage.here), await listed(stage.there)

    assert len(here) >= least
    assert len(there) >= least
    assert here.isdisjoint(there)


async def test_a_partner_reads_no_news_of_anothers_bookings(stage: Stage) -> None:
    async def booked(side: Side) -> set[str]:
        answer = await side.callers[PARTNER].get("/v1/events", params={"types": "booking.placed", "limit": 100})
        return {event["data"]["booking_id"] for event in answer.json()["items"]}

    here, there = await booked(stage.here), await booked(stage.there)

    assert stage.here.of_partner["booking_id"] in here
    assert stage.there.of_partner["booking_id"] in there
    assert here.isdisjoint(there)
    assert stage.here.of_family["booking_id"] not in here | there


@pytest.mark.parametrize("role", sorted(SIGNED_IN))
async def test_a_closed_session_is_refused_at_the_next_request(stage: Stage, role: str) -> None:
    caller = stage.here.callers[role]
    assert (await caller.get("/v1/sessions/current")).status_code == 200

    closed = await stage.client.delete("/v1/sessions/current", headers=caller.headers)
    after = await caller.get("/v1/sessions/current")

    assert closed.status_code == 204
    assert after.status_code == 401


async def test_a_token_that_the_caller_chose_is_never_accepted(stage: Stage) -> None:
    """Session fixation: whatever someone plants before the sign-in is not a session after it."""
    chosen = "c" * 43
    planted = {"Authorization": f"Bearer {chosen}", "Cookie": f"session={chosen}; token={chosen}"}
    asked = await stage.client.post("/v1/session-codes", json={"phone": "13800138009"}, headers=planted)
    request_id = asked.json()["request_id"]
    code = (await identities.session_code(request_id=parse("rqs", request_id))).code

    named = await stage.client.post("/v1/sessions", json={"request_id": request_id, "code": code, "token": chosen})
    opened = await stage.client.post("/v1/sessions", json={"request_id": request_id, "code": code}, headers=planted)

    assert named.status_code == 400
    assert opened.status_code == 201
    assert opened.json()["token"] != chosen
    assert "set-cookie" not in opened.headers
    assert (await stage.client.get("/v1/bookings", headers=planted)).status_code == 401
    cookie = {"Cookie": f"session={opened.json()['token']}; Authorization=Bearer {opened.json()['token']}"}
    assert (await stage.client.get("/v1/bookings", headers=cookie)).status_code == 401
