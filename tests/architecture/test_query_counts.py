"""What each main route asks of the database: an exact number of statements, and the same for one row as for many."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from marketplace.certifications.operations import order_due_assessments
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_value
from marketplace.kit.ids import new_id, parse, wire
from marketplace.signing.operations import active
from marketplace.signing.rules import Purpose
from marketplace.tours import operations as tours
from marketplace.tours.rules import BlockWanted, DepartureDraft
from tests.support.sides import REASON
from tests.support.world import Caller, World, booking_body, build, hold
from tests.tours.conftest import DRAFT

# Knowing the caller is one statement; a page is one more for each thing that its rows are shown with.
ANYONE = {
    "/v1/places": 1,
    "/v1/institutions": 4,
    "/v1/institutions?q=旅居": 4,
    "/v1/institutions?near=42.4,128.1&radius_km=300": 4,
    "/v1/institutions/{institution}": 4,
    "/v1/institutions/{institution}/availability": 3,
    "/v1/stays?check_in={first}&check_out={until}": 7,
    "/v1/stays?from={first}&to={until}&nights=7&prefer=coolest&origin=wuhan": 7,
    "/v1/tours": 1,
    "/v1/tours/{tour}": 1,
    "/v1/departures": 7,
    "/v1/departures/{departure}": 7,
    "/v1/certificates/{number}": 2,
    "/v1/publicity": 1,
    "/v1/certificates/{number}/credential": 3,
    "/v1/certificates/{number}/plaque.pdf": 1,
    "/v1/status-lists/revocation-1": 2,
    "/.well-known/did.json": 2,
    "/.well-known/jwks.json": 3,
    "/v1/register": 2,
    "/v1/register?jurisdiction=220000": 3,
    "/v1/register/{institution}": 2,
    "/v1/register/{institution}/history": 1,
    "/v1/changes": 2,
    "/v1/rubrics": 1,
    "/v1/assessments/{assessment}": 4,
    "/v1/inspection-draws": 1,
    "/v1/inspections": 1,
    "/v1/audit/checkpoints": 1,
    "/livez": 0,
    "/openapi.json": 0,
}
FAMILY = {
    "/v1/bookings": 2,
    "/v1/bookings/{booking}": 2,
    "/v1/bookings/{booking}/statement": 6,
    "/v1/bookings/{booking}/charges": 2,
    "/v1/sessions/current": 1,
}
PARTNER = {"/v1/events": 2}
FINANCE = {"/v1/refund-tasks": 2, "/v1/frozen-transfers": 2, "/v1/transfer-releases": 2}
STAFF = {"/v1/bookings": 3, "/v1/arrivals?from={first}": 3, "/v1/payee": 4, "/v1/transfers": 2}
OFFICER = {
    "/v1/certifications": 4,
    "/v1/certifications/{certification}": 5,
    "/v1/certifications/{certification}/impact": 4,
    "/v1/assessments": 3,
    "/v1/decisions": 3,
    "/v1/certification-applications": 4,
    "/v1/certification-applications/{application}": 8,
    "/v1/cases": 3,
    "/v1/cases/{case}": 3,
    "/v1/rectifications": 3,
    "/v1/appeals": 3,
    "/v1/complaints": 3,
    "/v1/incidents": 3,
    "/v1/signals": 3,
    "/v1/key-rotations": 2,
}


READING = {
    "anyone": ANYONE,
    "family": FAMILY,
    "partner": PARTNER,
    "institution": STAFF,
    "officer": OFFICER,
    "finance": FINANCE,
}

# What changes something also leaves an audit line and, where others must hear of it, a message and its nudge.
QUOTE, PLACE, EXTEND, PAY, OFFER_TO_CANCEL, CANCEL = 7, 13, 6, 14, 4, 15
# An emergency suspension also opens its proceeding and two periods, by one reading of the calendar of the state.
ACKNOWLEDGE, SET_NIGHTS, SUSPEND = 7, 9, 14


@dataclass
class Cast:
    """A world with one of everything that is listed."""

    world: World
    family: Caller
    partner: Caller
    staff: Caller
    officer: Caller
    finance: Caller
    names: dict[str, str]
    tour_id: UUID


@pytest.fixture
async def cast(client: httpx.AsyncClient, gateway: object) -> Cast:
    world = await build(client=client, units=60)
    for purpose in Purpose:
        await active(purpose, now=world.now)
    family, partner, officer = await world.family(), await world.partner(), await world.officer()
    tour_id = await tours.publish_tour(draft=DRAFT, actor=SYSTEM, now=world.now)
    departure_id = await open_departure(world, tour_id, first=150)
    booking = await confirmed(world, family)
    await hold(world, partner)
    certification = wire("crt", world.certification_id)
    other = await world.certify(await world.add_institution("旧院（示例）"), officer)
    await world.prepare_revocation(officer, other)
    decision = await officer.post(f"/v1/certifications/{wire('crt', other)}/revocation", REASON)
    application = await fetch_value(
        "SELECT id FROM certification_applications WHERE institution_id = $1", world.institution_id
    )
    await order_due_assessments(now=world.now + timedelta(days=350))
    names = {
        "institution": wire("ins", world.institution_id),
        "certification": certification,
        "decision": decision.json()["id"],
        "application": wire("app", application),
        "case": wire("cse", await fetch_value("SELECT id FROM certification_cases WHERE kind = 'revocation'")),
        "number": await fetch_value("SELECT number FROM certifications WHERE id = $1", world.certification_id),
        "assessment": wire("asm", await fetch_value("SELECT id FROM assessment_orders WHERE status = 'done'")),
        "booking": booking["id"],
        "tour": wire("tor", tour_id),
        "departure": wire("dep", departure_id),
        "first": world.day(40).isoformat(),
        "until": world.day(70).isoformat(),
    }
    return Cast(world, family, partner, await world.staff(), officer, await world.finance(), names, tour_id)


async def open_departure(world: World, tour_id: UUID, *, first: int) -> UUID:
    draft = DepartureDraft(
        tour_id=tour_id,
        check_in=world.day(first),
        check_out=world.day(first + 4),
        price_amount=458_000,
        blocks=(BlockWanted(room_type_id=world.room_type_id, unit_count=4),),
    )
    return await tours.open_departure(draft=draft, actor=SYSTEM, now=world.now)


async def confirmed(world: World, guest: Caller) -> dict[str, Any]:
    """Hold a stay and have it confirmed; how that comes about is proved elsewhere."""
    booking = await hold(world, guest)
    await execute(
        "UPDATE bookings SET status = 'confirmed', hold_expires_at = NULL, first_paid_at = placed_at,"
        " paid_amount = total_amount WHERE id = $1",
        parse("bkg", booking["id"]),
    )
    return booking


async def grow(cast: Cast) -> None:
    """Make ten of what there was one of: institutions, departures, tours, bookings, certifications."""
    for n in range(9):
        institution_id = await cast.world.add_institution(f"第 {n} 旅居（示例）")
        await cast.world.certify(institution_id, cast.officer)
        await cast.world.add_room_type(institution_id, units=1)
        draft = msgspec.structs.replace(DRAFT, name=f"清凉之旅 {n}")
        await tours.publish_tour(draft=draft, actor=SYSTEM, now=cast.world.now)
        await open_departure(cast.world, cast.tour_id, first=155 + 5 * n)
        await confirmed(cast.world, cast.family)
        await hold(cast.world, cast.partner)
    await order_due_assessments(now=cast.world.now + timedelta(days=350))


async def costs(cast: Cast, client: httpx.AsyncClient, count_queries: Any) -> dict[str, int]:
    """Count the statements of every reading route, each by who may call it."""
    callers = {
        "family": cast.family,
        "partner": cast.partner,
        "institution": cast.staff,
        "officer": cast.officer,
        "finance": cast.finance,
    }
    found = {}
    for name, routes in READING.items():
        caller = callers.get(name)
        for route in routes:
            async with count_queries() as queries:
                answer = await client.get(route.format(**cast.names), headers=caller.headers if caller else {})
            assert answer.status_code == 200, f"{route}: {answer.text}"
            found[f"{name} {route}"] = len(queries)
    return found


async def test_reading_costs_the_same_for_one_and_for_many(
    cast: Cast, client: httpx.AsyncClient, count_queries
) -> None:
    expected = {f"{name} {route}": cost for name, routes in READING.items() for route, cost in routes.items()}
    few = await costs(cast, client, count_queries)
    await grow(cast)
    assert len((await client.get("/v1/institutions")).json()["items"]) == 10
    assert len((await cast.family.get("/v1/bookings")).json()["items"]) == 10
    many = await costs(cast, client, count_queries)

    assert few == expected
    assert many == expected


async def test_a_booking_costs_a_fixed_number_of_statements(
    cast: Cast, client: httpx.AsyncClient, count_queries
) -> None:
    async def cost(call: Any) -> int:
        async with count_queries() as queries:
            answer = await call
        assert answer.status_code in (200, 201), answer.text
        spent.append(len(queries))
        return answer.json()

    spent: list[int] = []
    family, world = cast.family, cast.world
    quote = await cost(family.post("/v1/quotes", world.wish(first=90)))
    booking = await cost(family.post("/v1/bookings", booking_body(quote["id"]), key=new_id().hex))
    path = f"/v1/bookings/{booking['id']}"
    await cost(family.post(f"{path}/hold-extension"))
    await cost(family.post(f"{path}/payments", {"leg": booking["payable_leg"], "method": "card"}, key=new_id().hex))
    offer = await cost(family.post(f"{path}/cancellation-quotes"))
    await cost(family.post(f"{path}/cancellation", {"cancellation_quote_id": offer["id"]}, key=new_id().hex))
    await cost(cast.staff.post(f"/v1/bookings/{cast.names['booking']}/acknowledgement"))
    nights = {"from": world.day(5).isoformat(), "to": world.day(60).isoformat(), "closed": True}
    await cost(
        client.put(
            f"/v1/room-types/{wire('rmt', world.room_type_id)}/ari",
            json={"ranges": [nights]},
            headers=cast.staff.headers,
        )
    )
    await cost(cast.officer.post(f"/v1/certifications/{cast.names['certification']}/suspension", REASON))

    assert spent == [QUOTE, PLACE, EXTEND, PAY, OFFER_TO_CANCEL, CANCEL, ACKNOWLEDGE, SET_NIGHTS, SUSPEND]
