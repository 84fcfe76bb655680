"""Who may call what: every route × every kind of caller × what is theirs and what is another tenant's.

``ROUTES`` says of every route who may call it; a route that is missing from it fails the test. The world is committed
once to a database of its own; each call is taken back, so that no call sees what another did.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import msgspec
import pytest
from litestar.routes import HTTPRoute

from marketplace.identity import queries as identities
from marketplace.identity.rules import Kind
from marketplace.kit import db
from marketplace.kit import valkey as kit_valkey
from marketplace.kit.ids import new_id, parse
from marketplace.openapi.endpoints import kinds, levels
from marketplace.payments import gateway as gateways
from marketplace.transparency.operations import sequence
from tests.certifications.sheets import sheet_of
from tests.support.sandbox import Sandbox
from tests.support.sides import (
    ADJUSTMENT,
    ANYONE,
    COUNTY,
    FAMILY,
    FINANCE,
    PARTNER,
    PREFECTURE,
    PROMOTION,
    PROVINCE,
    READER,
    REASON,
    STAFF,
    Ids,
    Side,
    build_side,
)
from tests.support.world import booking_body, build

ROLES = (ANYONE, FAMILY, PARTNER, READER, STAFF, COUNTY, PREFECTURE, PROVINCE, FINANCE)
OFFICERS = frozenset({COUNTY, PREFECTURE, PROVINCE})
GUESTS = frozenset({FAMILY, PARTNER})
SIGNED_IN = frozenset(ROLES) - {ANYONE}

GROUNDS = {"facts": "伪造验收文件", "legal_basis": "认定办法", "rights": "可陈述申辩，可申请行政复议"}
SCORES = {"environment": 100, "facilities": 110, "operations": 130, "services": 520}


@dataclass(frozen=True)
class Route:
    """Who may call; a body made of ids; whether another tenant's ids must be refused; what else the call needs.

    ``named`` says which of the ids stand for a name of the path, where several of its kind are in different states.
    """

    callers: frozenset[str]
    body: Callable[[Ids], object] | None = None
    foreign: bool = False
    keyed: bool = False
    hidden: bool = False
    # What is before the public is everybody's, whoever may act upon it.
    shared: bool = False
    named: Mapping[str, str] = field(default_factory=dict)


def public(body: Callable[[Ids], object] | None = None) -> Route:
    return Route(callers=frozenset(ROLES), body=body)


def own(*callers: str, body: Callable[[Ids], object] | None = None, keyed: bool = False, **named: str) -> Route:
    return Route(callers=frozenset(callers), body=body, foreign=True, keyed=keyed, named=named)


def officers(*callers: str, body: Callable[[Ids], object] | None = None, **named: str) -> Route:
    return Route(callers=frozenset(callers) or OFFICERS, body=body, foreign=True, named=named)


def always(value: object) -> Callable[[Ids], object]:
    return lambda _: value


def finance(body: Callable[[Ids], object] | None = None) -> Route:
    """Whose money it is makes no difference to the platform's finance people."""
    return Route(callers=frozenset({FINANCE}), body=body, shared=True)


HIDDEN = Route(callers=frozenset(), hidden=True)

ROUTES: dict[str, Route] = {
    "GET /v1/places": public(),
    "GET /v1/institutions": public(),
    "GET /v1/institutions/{institution_id}": public(),
    "GET /v1/institutions/{institution_id}/availability": public(),
    "GET /v1/institutions/{institution_id}/rate-plan": public(),
    "GET /v1/media/{file_name}": public(),
    "GET /v1/stays": public(),
    "GET /v1/tours": public(),
    "GET /v1/tours/{tour_id}": public(),
    "GET /v1/departures": public(),
    "GET /v1/departures/{departure_id}": public(),
    "GET /v1/certificates/{number}": public(),
    "GET /v1/certificates/{number}/credential": public(),
    "GET /v1/certificates/{number}/plaque.pdf": public(),
    "GET /v1/status-lists/{list_id}": public(),
    "GET /.well-known/jwks.json": public(),
    "GET /v1/register": public(),
    "GET /v1/register/{institution_id}": public(),
    "GET /v1/register/{institution_id}/history": public(),
    "GET /v1/register.ndjson": public(),
    "GET /v1/register.csv": public(),
    "GET /v1/changes": public(),
    # Hashes alone: they say nothing to whoever does not hold the event.
    "GET /v1/audit/checkpoint": public(),
    "GET /v1/audit/checkpoints": public(),
    "GET /v1/audit/inclusion": public(),
    "GET /v1/audit/consistency": public(),
    "GET /.well-known/did.json": public(),
    "GET /livez": public(),
    "GET /readyz": public(),
    "GET /metrics": public(),
    "GET /openapi.json": public(),
    "GET /docs": public(),
    "GET /docs/problems": public(),
    "GET /docs/events": public(),
    "GET /docs/assets/{name}": public(),
    "GET /payments/{payment_id}/return": public(),
    "GET /p/{code}": public(),
    "POST /p/{code}": public(),
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
    "GET /v1/bookings/{booking_id}/statement": own(FAMILY, PARTNER, READER, STAFF),
    "GET /v1/bookings/{booking_id}/charges": own(FAMILY, PARTNER, READER, STAFF),
    "POST /v1/bookings/{booking_id}/extension-quotes": own(
        FAMILY, PARTNER, body=lambda ids: {"check_out": ids["longer"]}, booking_id="confirmed_id"
    ),
    "POST /v1/bookings/{booking_id}/extensions": own(
        FAMILY, PARTNER, keyed=True, body=lambda ids: {"quote_id": ids["quote_id"]}, booking_id="confirmed_id"
    ),
    "POST /v1/bookings/{booking_id}/adjustments": own(STAFF, keyed=True, body=always(ADJUSTMENT)),
    "POST /v1/bookings/{booking_id}/charges/{charge_id}/acceptance": own(FAMILY, PARTNER, booking_id="confirmed_id"),
    "POST /v1/bookings/{booking_id}/charges/{charge_id}/refusal": own(FAMILY, PARTNER, booking_id="confirmed_id"),
    "POST /v1/bookings/{booking_id}/invoice": own(FAMILY, PARTNER, body=always({"title": "王秀英"})),
    "GET /v1/bookings/{booking_id}/invoice": own(FAMILY, PARTNER, READER, STAFF, booking_id="confirmed_id"),
    "POST /v1/bookings/{booking_id}/invoice/issuance": own(
        STAFF, body=always({"number": "2" * 20, "issued_on": "2026-12-01"})
    ),
    "POST /v1/bookings/{booking_id}/invoice/refusal": own(STAFF),
    "POST /v1/bookings/{booking_id}/credits": own(
        STAFF, keyed=True, body=always({"amount": {"amount": 100, "currency": "CNY"}, "reason": "热水停供"})
    ),
    "GET /v1/refund-tasks": finance(),
    "POST /v1/refund-tasks/{refund_id}/proposal": finance(always({"bank_reference": "CMB-1"})),
    "POST /v1/refund-tasks/{refund_id}/approval": finance(always({"bank_reference": "CMB-1"})),
    "GET /v1/frozen-transfers": finance(),
    "GET /v1/transfer-releases": finance(),
    "POST /v1/transfer-releases": finance(lambda ids: {"institution_id": ids["institution_id"], **REASON}),
    "POST /v1/transfer-releases/{release_id}/approval": finance(),
    "GET /v1/arrivals": Route(frozenset({STAFF})),
    "GET /v1/payee": Route(frozenset({STAFF})),
    "POST /v1/payee/onboarding": Route(frozenset({STAFF})),
    "POST /v1/payee/refresh": Route(frozenset({STAFF})),
    "GET /v1/transfers": Route(frozenset({STAFF})),
    "GET /payee/return": public(),
    "POST /v1/bookings/{booking_id}/acknowledgement": own(STAFF),
    "POST /v1/bookings/{booking_id}/check-in": own(STAFF),
    "POST /v1/bookings/{booking_id}/check-out": own(STAFF),
    "PUT /v1/room-types/{room_type_id}/ari": own(
        STAFF, body=always({"ranges": [{"from": "2099-01-01", "to": "2099-01-02", "closed": True}]})
    ),
    "POST /v1/room-types/{room_type_id}/out-of-service": own(
        STAFF, body=lambda ids: {"from": ids["today"], "to": ids["tomorrow"], **REASON}
    ),
    "GET /v1/room-types/{room_type_id}/out-of-service": own(STAFF),
    "DELETE /v1/room-types/{room_type_id}/out-of-service/{outage_id}": own(STAFF),
    "PUT /v1/room-types/{room_type_id}/rooms": own(STAFF, body=always({"rooms": [{"number": "301", "floor": 3}]})),
    "GET /v1/room-types/{room_type_id}/rooms": own(STAFF),
    "PUT /v1/room-types/{room_type_id}/rates": own(
        STAFF, body=always({"seasons": [{"from": "2099-01-01", "to": "2099-01-02", "price": {"amount": 1}}]})
    ),
    "PUT /v1/institutions/{institution_id}/rate-plan": own(STAFF, body=always({"effective_from": "2099-01-01"})),
    "GET /v1/institutions/{institution_id}/promotions": own(STAFF),
    "POST /v1/institutions/{institution_id}/promotions": own(STAFF, body=always(PROMOTION)),
    "POST /v1/institutions/{institution_id}/promotions/{promotion_id}/ending": own(STAFF),
    "GET /v1/events": Route(frozenset({PARTNER, READER})),
    "GET /v1/publicity": public(),
    "POST /v1/publicity/{publicity_id}/objections": Route(
        GUESTS | {STAFF} | OFFICERS, body=always({"statement": "夜间无人值守"}), shared=True
    ),
    "POST /v1/certification-applications": Route(frozenset({STAFF}), body=always({"kind": "initial"})),
    "GET /v1/certification-applications": Route(OFFICERS | {STAFF}),
    "GET /v1/certification-applications/{application_id}": own(STAFF, *OFFICERS),
    "POST /v1/certification-applications/{application_id}/evidence": own(
        STAFF, body=always({"kind": "beds", "reference": "床位清册"})
    ),
    "POST /v1/certification-applications/{application_id}/submission": own(STAFF),
    "POST /v1/certification-applications/{application_id}/withdrawal": own(STAFF),
    "POST /v1/certification-applications/{application_id}/reviews": officers(
        body=always({"outcome": "accept", "reason": "材料齐全"})
    ),
    "GET /v1/rectifications": Route(OFFICERS | {STAFF}),
    "POST /v1/rectifications/{rectification_id}/report": own(STAFF, body=always({"report": "已整改"})),
    "GET /v1/cases": Route(OFFICERS | {STAFF}),
    "GET /v1/cases/{case_id}": own(STAFF, *OFFICERS),
    "POST /v1/cases/{case_id}/defence": own(STAFF, body=always({"statement": "与事实不符"})),
    "POST /v1/cases/{case_id}/hearing": officers(PROVINCE, body=always({"hearing_on": "2099-01-05"})),
    "POST /v1/cases/{case_id}/hearing/record": officers(PROVINCE, body=always({"record": "听证完毕"})),
    "POST /v1/cases/{case_id}/conclusion": officers(
        PREFECTURE, PROVINCE, body=always({"proceed": False, "defence_outcome": "予以采纳"})
    ),
    "GET /v1/appeals": Route(OFFICERS | {STAFF}),
    "POST /v1/appeals": own(STAFF, body=lambda ids: {"grounds": "认定事实不清", "case_id": ids["case_id"]}),
    "POST /v1/appeals/{appeal_id}/decisions": officers(PROVINCE, body=always({"outcome": "accept", **REASON})),
    "POST /v1/appeals/{appeal_id}/withdrawal": own(STAFF),
    "POST /v1/certifications/{certification_id}/notices": officers(
        PREFECTURE, PROVINCE, body=always({"kind": "suspension", **GROUNDS})
    ),
    "POST /v1/certifications/{certification_id}/suspension/reasons": officers(body=always(GROUNDS)),
    "POST /v1/certifications/{certification_id}/rectification/failure": officers(body=always(REASON)),
    "POST /v1/certifications/{certification_id}/withdrawal": own(STAFF, body=always(REASON)),
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
    "GET /v1/rubrics": public(),
    "GET /v1/assessments": Route(OFFICERS | {STAFF}),
    # What is published, as that of the certification here, anyone may read; the rest is proved by certification's tests.
    "GET /v1/assessments/{assessment_id}": public(),
    "POST /v1/assessments/{assessment_id}/result": officers(
        PREFECTURE, PROVINCE, body=lambda ids: msgspec.to_builtins(sheet_of()) | {"assessed_on": ids["today"]}
    ),
    "POST /v1/assessments/{assessment_id}/confirmation": officers(PREFECTURE, PROVINCE, body=always({"revision": 1})),
    "POST /v1/assessments/{assessment_id}/corrections": own(
        STAFF, body=always({"codes": ["S6"], "statement": "值守记录未计入"}), assessment_id="previewed_id"
    ),
    "POST /v1/assessments/{assessment_id}/corrections/{correction_id}/answer": officers(
        PREFECTURE, PROVINCE, body=always({"answer": "不予采信"}), assessment_id="previewed_id"
    ),
    "GET /v1/inspection-draws": public(),
    "GET /v1/inspection-draws/{draw_id}": public(),
    "GET /v1/inspections": public(),
    "POST /v1/inspections/{inspection_id}/result": officers(
        body=lambda ids: {"outcome": "passed", "summary": "未发现问题", "inspected_on": ids["today"]}
    ),
    "POST /v1/inspection-conflicts": Route(
        OFFICERS, body=lambda ids: {"institution_id": ids["institution_id"], "reason": "近亲属在该机构任职"}
    ),
    "POST /v1/bookings/{booking_id}/institution-cancellation": own(
        STAFF, keyed=True, body=always({"cause": "overbooked"})
    ),
    "POST /v1/bookings/{booking_id}/complaints": own(
        FAMILY, PARTNER, body=always({"subject": "food", "statement": "餐食不符"}), booking_id="confirmed_id"
    ),
    "GET /v1/complaints": Route(GUESTS | {READER, STAFF} | OFFICERS),
    "GET /v1/complaints/{complaint_id}": own(FAMILY, PARTNER, READER, STAFF, *OFFICERS),
    "POST /v1/complaints/{complaint_id}/referral": officers(body=always({"statement": "请说明"})),
    "POST /v1/complaints/{complaint_id}/reply": own(STAFF, body=always({"statement": "已整改"})),
    "POST /v1/complaints/{complaint_id}/answer": officers(
        body=always({"outcome": "unsubstantiated", "statement": "查无实据"})
    ),
    "POST /v1/incidents": own(STAFF, *OFFICERS, body=lambda ids: msgspec.json.decode(ids["incident"])),
    "GET /v1/incidents": Route(OFFICERS | {STAFF}),
    "GET /v1/incidents/{incident_id}": own(STAFF, *OFFICERS),
    "POST /v1/incidents/{incident_id}/conclusion": officers(
        body=always({"outcome": "unfounded", "statement": "未发生"})
    ),
    "GET /v1/signals": Route(OFFICERS),
    "GET /v1/key-rotations": Route(frozenset({PROVINCE})),
    "POST /v1/key-rotations": Route(
        frozenset({PROVINCE}), body=always({"purpose": "credential", "compromised": False, **REASON})
    ),
    # The keys are of the whole service; both sides' provinces are one.
    "POST /v1/key-rotations/{rotation_id}/approvals": Route(frozenset({PROVINCE}), shared=True),
    # In development and tests; anywhere else they are not found, which messaging's tests prove.
    "GET /_dev/outbox": public(),
    "GET /_dev/clock": public(),
    "POST /_dev/clock": public(always({"advance_seconds": 0})),
    "GET /_openapi": HIDDEN,
    "GET /_openapi/openapi.json": HIDDEN,
    "GET /_openapi/{path}": HIDDEN,
}


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
        names = ids | {name: ids[other] for name, other in found.named.items()}
        async with taken_back():
            return await self.client.request(method, template.format(**names), headers=headers, json=body)

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
        here = await build_side(world, bank, place="songjianghe", county="220621", prefecture="220600")
        there = await build_side(world, bank, place="hunchun", county="222404", prefecture="222400")
        await sequence(now=world.now)
        yield Stage(client, here, there)
        gateways.use(None)


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
        if "{" in route and ANYONE not in found.callers and not found.hidden and not found.shared:
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
        ("/v1/certification-applications", COUNTY, 1),
        ("/v1/certification-applications", STAFF, 1),
        ("/v1/cases", STAFF, 1),
        ("/v1/rectifications", STAFF, 1),
        ("/v1/appeals", STAFF, 1),
        ("/v1/complaints", FAMILY, 1),
        ("/v1/complaints", PARTNER, 1),
        ("/v1/complaints", STAFF, 2),
        ("/v1/complaints", COUNTY, 2),
        ("/v1/incidents", STAFF, 1),
        ("/v1/incidents", COUNTY, 1),
        ("/v1/signals", COUNTY, 1),
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
