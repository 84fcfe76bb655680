"""Requests that no honest client sends: each is refused by name, and none is a 500."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import msgspec
import pytest

from marketplace.kit.ids import new_id
from seed import procedure
from seed.sheets import sheet_for
from tests.support.planted import Plant
from tests.support.world import Caller, World, booking_body, visit

ZERO = str(UUID(int=0))
HUGE = 10**30


@pytest.fixture
async def world(client: httpx.AsyncClient, planted: Plant) -> AsyncIterator[World]:
    async with visit(planted, client) as found:
        yield found


def cursor(*key: object) -> str:
    return urlsafe_b64encode(json.dumps(key if len(key) > 1 else key[0]).encode()).rstrip(b"=").decode()


async def by(world: World, role: str) -> Caller:
    make = {"family": world.family, "partner": world.partner, "institution": world.staff, "officer": world.officer}
    return await make[role]()


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("family", "/v1/bookings?limit=-1"),
        ("family", f"/v1/bookings?limit={HUGE}"),
        ("family", "/v1/bookings?cursor="),
        ("family", "/v1/bookings?cursor=%00"),
        ("family", "/v1/bookings?cursor=%ff%fe"),
        ("family", f"/v1/bookings?cursor={'A' * 5000}"),
        ("family", f"/v1/bookings?cursor={cursor('0001-01-01T00:00:00+14:00', ZERO)}"),
        ("family", f"/v1/bookings?cursor={cursor('9999-12-31T23:59:59-14:00', ZERO)}"),
        ("family", f"/v1/bookings?cursor={cursor('2027-01-01T00:00:00', ZERO)}"),
        ("family", f"/v1/bookings?cursor={cursor({'a': 1})}"),
        ("partner", f"/v1/events?after={cursor(-1, ZERO)}"),
        ("partner", f"/v1/events?after={cursor(HUGE, ZERO)}"),
        ("partner", "/v1/events?types=%00"),
        ("institution", "/v1/arrivals?from=9999-12-31&to=0001-01-01"),
        ("institution", "/v1/arrivals?to=0001-01-01"),
        ("institution", "/v1/arrivals?from=0001-01-01&to=9999-12-31"),
        ("officer", f"/v1/certifications?cursor={cursor(HUGE)}"),
        ("officer", f"/v1/assessments?cursor={cursor('10000-01-01', ZERO)}"),
        (None, "/v1/institutions?q=%00"),
        (None, "/v1/stays?check_in=0001-01-01&check_out=9999-12-31"),
        (None, "/v1/stays?from=9999-12-31&to=9999-12-31&nights=1"),
        (None, f"/v1/stays?from=2027-01-01&to=2027-02-01&nights={HUGE}"),
        (None, "/v1/institutions?cluster=%00"),
        (None, "/v1/institutions?near=nan,nan"),
        (None, "/v1/institutions?near=1e400,0"),
        (None, "/v1/institutions?near=42,128&radius_km=nan"),
        (None, "/v1/institutions?near=42,128&radius_km=inf"),
        (None, f"/v1/institutions?cursor={cursor('x', HUGE)}"),
        (None, f"/v1/places?cursor={cursor(chr(0))}"),
        (None, f"/v1/tours?cursor={cursor(ZERO[:-1])}"),
        (None, f"/v1/departures?cursor={cursor('9999-12-31', 'x')}"),
        (None, "/v1/departures?from=10000-01-01"),
    ],
)
async def test_a_bad_parameter_is_named(world: World, client: httpx.AsyncClient, role: str | None, path: str) -> None:
    answer = await (client.get(path) if role is None else (await by(world, role)).get(path))

    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in ("validation_failed", "bad_cursor", "unknown_code")


async def test_the_last_day_there_is_can_be_asked_for(world: World) -> None:
    answer = await (await world.staff()).get("/v1/arrivals?from=9999-12-31")

    assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize(
    "path",
    [
        "/v1/bookings/%00",
        "/v1/bookings/bkg_%00",
        f"/v1/bookings/bkg_{'g' * 32}",
        f"/v1/bookings/bkg_{'0' * 33}",
        "/v1/bookings/bkg_+1_0000000000000000000000000000",
        f"/v1/bookings/{'a' * 8000}",
        "/v1/bookings/%ff%fe",
        "/v1/bookings/..%2f..%2fetc",
    ],
)
async def test_a_path_that_names_nothing_is_not_found(world: World, path: str) -> None:
    answer = await (await world.family()).get(path)

    assert answer.status_code == 404


@pytest.mark.parametrize("number", ["%00", "JLLJ-2026-%00", "%ff", "JLLJ-2026-99999"])
async def test_a_number_on_no_certificate_is_not_found(world: World, client: httpx.AsyncClient, number: str) -> None:
    assert (await client.get(f"/v1/certificates/{number}")).status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"guest_count": HUGE}, "/guest_count"),
        ({"guest_count": 2**31}, "/guest_count"),
        ({"guest_count": -1}, "/guest_count"),
        ({"unit_count": HUGE}, "/unit_count"),
        ({"unit_count": 0}, "/unit_count"),
        ({"check_in": "0001-01-01"}, "/check_in"),
        ({"check_out": "9999-12-31"}, "/check_out"),
        ({"check_in": "2027-02-30"}, "/check_in"),
        ({"check_in": 20270101}, "/check_in"),
    ],
)
async def test_an_impossible_wish_is_named(world: World, change: dict[str, object], pointer: str) -> None:
    answer = await (await world.family()).post("/v1/quotes", world.wish() | change)

    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "night_range",
    [
        {"units": HUGE},
        {"units": -1},
        {"price": {"amount": 2**63, "currency": "CNY"}},
        {"price": {"amount": -1, "currency": "CNY"}},
        {"min_stay": 2**31},
        {"from": "9999-12-30", "to": "9999-12-31"},
        {"from": "0001-01-01", "to": "0001-01-02"},
    ],
)
async def test_impossible_nights_are_refused(world: World, night_range: dict[str, object]) -> None:
    staff = await world.staff()
    body = {"ranges": [{"from": world.day(5).isoformat(), "to": world.day(6).isoformat()} | night_range]}

    answer = await world.client.put(
        f"/v1/room-types/rmt_{world.room_type_id.hex}/ari", json=body, headers=staff.headers
    )

    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_an_impossible_day_is_refused_in_every_step(world: World, day: str) -> None:
    new = await world.add_institution("新院（示例）", "hunchun")
    application_id = await procedure.pass_reviews(institution_id=new, ends_at=world.now)
    province = await world.officer()
    application = (await province.get(f"/v1/certification-applications/app_{application_id.hex}")).json()
    visit = msgspec.to_builtins(sheet_for(4)) | {"assessed_on": day}
    visited = await province.post(f"/v1/assessments/{application['assessment_id']}/result", visit)
    path = f"/v1/certifications/crt_{world.certification_id.hex}"
    ordered = await province.post(
        f"{path}/rectification", {"reason": "价目表不全", "safety_defect": False, "rectify_by": day}
    )
    notice = {"kind": "revocation", **msgspec.structs.asdict(procedure.GROUNDS)}
    await province.post(f"{path}/suspension", {"reason": "事故"})
    case = (await province.post(f"{path}/notices", notice)).json()["id"]
    answered = await (await world.staff()).post(f"/v1/cases/{case}/defence", {"asks_hearing": True})
    called = await province.post(f"/v1/cases/{case}/hearing", {"hearing_on": day})

    assert answered.status_code == 200, answered.text
    for answer, pointer in ((visited, "/assessed_on"), (ordered, "/rectify_by"), (called, "/hearing_on")):
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe",
        b'{"phone": "\xff"}',
        b'{"phone": "\\ud800"}',
        b"{" * 50_000,
        b"[" * 50_000,
        b'{"phone": "1", "phone": }',
        b"NaN",
    ],
)
async def test_a_body_that_is_not_json_is_malformed(client: httpx.AsyncClient, raw: bytes) -> None:
    answer = await client.post("/v1/session-codes", content=raw, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["code"] in ("malformed_body", "validation_failed")


@pytest.mark.parametrize("name", ["\x00", "王\x00秀英", " ", "\t", "王\n秀英", "\x7f"])
async def test_a_name_is_one_line_that_can_be_read(world: World, name: str) -> None:
    family = await world.family()
    quote = (await family.post("/v1/quotes", world.wish(guests=1))).json()
    body = booking_body(quote["id"], guests=1) | {"guests": [{"name": name}]}

    answer = await family.post("/v1/bookings", body, key=new_id().hex)

    assert answer.status_code == 422, answer.text
    assert await world.taken() == [0]


@pytest.mark.parametrize("key", [b"\xff\xfe", "键".encode(), b"a" * 255, b"'; DROP TABLE bookings; --"])
async def test_any_bytes_make_an_idempotency_key(world: World, key: bytes) -> None:
    family = await world.family()
    quote = (await family.post("/v1/quotes", world.wish())).json()
    headers = {name.encode(): value.encode() for name, value in family.headers.items()} | {b"Idempotency-Key": key}

    first = await world.client.post("/v1/bookings", json=booking_body(quote["id"]), headers=headers)
    again = await world.client.post("/v1/bookings", json=booking_body(quote["id"]), headers=headers)

    assert first.status_code == 201, first.text
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("key", [b"", b"a" * 256, b"a\x00b"])
async def test_a_key_that_cannot_be_one_is_refused(world: World, key: bytes) -> None:
    family = await world.family()
    quote = (await family.post("/v1/quotes", world.wish())).json()
    headers = {name.encode(): value.encode() for name, value in family.headers.items()} | {b"Idempotency-Key": key}

    answer = await world.client.post("/v1/bookings", json=booking_body(quote["id"]), headers=headers)

    assert answer.status_code in (400, 422), answer.text
    assert await world.taken() == [0]


@pytest.mark.parametrize(
    "value", [b"\xff", b"Bearer \xff\xfe", b"Bearer", b"Bearer a\x00b", b"Basic \xff", b"bearer  "]
)
async def test_an_authorization_that_makes_no_sense_is_unauthenticated(client: httpx.AsyncClient, value: bytes) -> None:
    answer = await client.get("/v1/places", headers={b"Authorization": value})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", [b"Accept-Language", b"X-Request-Id", b"If-None-Match", b"Accept", b"Cookie"])
async def test_headers_in_no_encoding_do_no_harm(client: httpx.AsyncClient, header: bytes) -> None:
    answer = await client.get("/v1/tours", headers={header: b"\xff\xfe\x80; q=\xff, =;,"})

    assert answer.status_code == 200
    assert answer.headers["x-request-id"].isalnum()


@pytest.mark.parametrize(
    ("form", "authorization"),
    [
        (b"grant_type=client_credentials&client_id=%00&client_secret=%00", None),
        (b"grant_type=client_credentials&client_id=%ff&client_secret=%ed%a0%80", None),
        (b"grant_type=client_credentials", b"Basic \xff\xfe"),
        (b"grant_type=client_credentials", b"Basic /////w=="),
        (b"grant_type=client_credentials&client_assertion=a.b.c&client_assertion_type=x", None),
        (b"grant_type=%00", None),
        (b"\xff=\xff&grant_type", None),
    ],
)
async def test_a_token_request_that_makes_no_sense_is_refused_as_oauth_asks(
    client: httpx.AsyncClient, form: bytes, authorization: bytes | None
) -> None:
    headers = {b"Content-Type": b"application/x-www-form-urlencoded"}
    if authorization is not None:
        headers[b"Authorization"] = authorization

    answer = await client.post("/oauth/token", content=form, headers=headers)

    assert answer.status_code in (400, 401), answer.text
    assert set(answer.json()) == {"error", "error_description"}
