from datetime import timedelta

import pytest

from marketplace.bookings.rules import HOLD
from marketplace.inventory import operations as inventory
from marketplace.inventory.rules import NightRange
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_one, fetch_value
from tests.support.world import World, booking_body, read, steady


async def quote(world: World, family, **wish) -> dict:
    answer = await family.post("/v1/quotes", world.wish(**wish))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_quote_becomes_a_booking_on_hold(world: World) -> None:
    family = await world.family()
    offer = await quote(world, family)

    answer = await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")
    booking = answer.json()

    assert answer.status_code == 201
    assert booking["status"] == "on_hold"
    assert booking["valid_transitions"] == ["cancel"]
    assert booking["total"] == offer["total"] == {"amount": 600_000, "currency": "CNY"}
    assert [leg["leg"] for leg in booking["schedule"]] == ["deposit", "balance"]
    assert booking["payable_leg"] == "deposit"
    assert booking["contact"] == {"name": "李娜", "phone": "+8613800138000"}
    assert [guest["name"] for guest in booking["guests"]] == ["王秀英", "李建国"]
    assert booking["certification"]["status"] == "certified"
    assert booking["night_count"] == 30
    assert await world.taken() == [0, 1]
    assert steady(await read(family, booking)) == steady(booking)
    assert [item["id"] for item in (await family.get("/v1/bookings")).json()["items"]] == [booking["id"]]


async def test_names_and_telephones_are_sealed_in_the_database(world: World) -> None:
    family = await world.family()
    await family.post("/v1/bookings", booking_body((await quote(world, family))["id"]), key="k-1")

    row = await fetch_one("SELECT * FROM bookings")
    assert "王秀英".encode() not in row["guests"]
    assert b"13800138000" not in row["contact"]
    for table in ("outbox", "audit_events", "idempotency_keys"):
        dump = await fetch_value(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
        if table != "idempotency_keys":
            assert "王秀英" not in dump
            assert "13800138000" not in dump


async def test_the_same_key_replays_the_same_answer(world: World) -> None:
    family = await world.family()
    body = booking_body((await quote(world, family))["id"])

    first = await family.post("/v1/bookings", body, key="k-1")
    second = await family.post("/v1/bookings", body, key="k-1")

    assert second.status_code == 201
    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await fetch_value("SELECT count(*) FROM bookings") == 1


@pytest.mark.parametrize(
    ("key", "status", "code"), [(None, 400, "idempotency_key_missing"), ("k" * 256, 400, "idempotency_key_missing")]
)
async def test_a_booking_needs_a_key(world: World, key: str | None, status: int, code: str) -> None:
    family = await world.family()
    answer = await family.post("/v1/bookings", booking_body((await quote(world, family))["id"]), key=key)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await fetch_value("SELECT count(*) FROM bookings") == 0
    assert await world.taken() == [0]


async def test_a_key_is_not_used_for_another_body(world: World) -> None:
    family = await world.family()
    offer = await quote(world, family)
    await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")

    answer = await family.post("/v1/bookings", booking_body(offer["id"], guests=1), key="k-1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_used_quote_is_refused_with_a_fresh_one(world: World) -> None:
    family = await world.family()
    offer = await quote(world, family)
    await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")

    answer = await family.post("/v1/bookings", booking_body(offer["id"]), key="k-2")
    problem = answer.json()

    assert (answer.status_code, problem["code"]) == (409, "quote_used")
    assert problem["quote"]["id"] != offer["id"]
    assert problem["quote"]["total"] == offer["total"]
    fresh = await family.post("/v1/bookings", booking_body(problem["quote"]["id"]), key="k-3")
    assert fresh.status_code == 201


async def test_an_expired_quote_is_refused_with_a_fresh_one(world: World) -> None:
    family = await world.family()
    offer = await quote(world, family)
    clock.travel(timedelta(minutes=31))

    problem = (await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")).json()

    assert (problem["status"], problem["code"]) == (409, "quote_expired")
    assert problem["quote"]["id"] != offer["id"]
    assert await fetch_value("SELECT count(*) FROM bookings") == 0
    assert await world.taken() == [0]


async def test_a_changed_price_is_refused_with_the_new_one(world: World) -> None:
    family = await world.family()
    offer = await quote(world, family)
    dearer = [NightRange(first=world.day(40), end=world.day(41), price_amount=30_000)]
    await inventory.set_nights(actor=SYSTEM, room_type_id=world.room_type_id, ranges=dearer, now=world.now)

    problem = (await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")).json()

    assert (problem["status"], problem["code"]) == (409, "price_changed")
    assert problem["quote"]["total"]["amount"] == offer["total"]["amount"] + 10_000
    assert await world.taken() == [0]


async def test_a_room_that_is_gone_names_the_first_full_night(world: World) -> None:
    family = await world.family()
    offers = [await quote(world, family) for _ in range(3)]
    for i in range(2):
        assert (await family.post("/v1/bookings", booking_body(offers[i]["id"]), key=f"k-{i}")).status_code == 201

    answer = await family.post("/v1/bookings", booking_body(offers[2]["id"]), key="k-3")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_available")
    assert answer.json()["first_full_night"] == world.day(40).isoformat()
    assert await fetch_value("SELECT count(*) FROM bookings") == 2
    assert await world.taken() == [0, 2]


async def test_an_institution_that_is_not_bookable_is_refused_with_its_status(world: World) -> None:
    family = await world.family()
    offer = await quote(world, family)
    await world.suspend()

    for path, body in (("/v1/quotes", world.wish()), ("/v1/bookings", booking_body(offer["id"]))):
        answer = await family.post(path, body, key="k-1")

        assert (answer.status_code, answer.json()["code"]) == (409, "institution_not_bookable"), path
        assert answer.json()["certification_status"] == "suspended"
    assert await world.taken() == [0]


async def test_the_guests_must_be_as_many_as_quoted(world: World) -> None:
    family = await world.family()
    answer = await family.post("/v1/bookings", booking_body((await quote(world, family))["id"], guests=1), key="k-1")

    assert (answer.status_code, answer.json()["code"]) == (422, "guest_count_differs")
    assert answer.json()["errors"][0]["pointer"] == "/guests"
    assert await world.taken() == [0]


async def test_foreign_quotes_and_bookings_do_not_exist(world: World) -> None:
    family, other = await world.family(), await world.family("+8613800138001")
    offer = await quote(world, family)
    booking = (await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")).json()

    stolen = await other.post("/v1/bookings", booking_body(offer["id"]), key="k-2")
    seen = await other.get(f"/v1/bookings/{booking['id']}")

    assert (stolen.status_code, stolen.json()["code"]) == (404, "not_found")
    assert (seen.status_code, seen.json()["code"]) == (404, "not_found")
    assert (await other.get("/v1/bookings")).json()["items"] == []


async def test_a_partner_reference_is_the_partners_own_and_used_once(world: World) -> None:
    partner, family = await world.partner(), await world.family()
    first = await partner.post("/v1/quotes", world.wish())
    made = await partner.post("/v1/bookings", booking_body(first.json()["id"], partner_reference="ORDER-1"), key="k-1")
    second = (await partner.post("/v1/quotes", world.wish())).json()["id"]
    again = await partner.post("/v1/bookings", booking_body(second, partner_reference="ORDER-1"), key="k-2")
    mine = (await quote(world, family))["id"]
    not_mine = await family.post("/v1/bookings", booking_body(mine, partner_reference="ORDER-1"), key="k-3")

    assert (made.status_code, made.json()["partner_reference"]) == (201, "ORDER-1")
    assert (again.status_code, again.json()["code"]) == (409, "partner_reference_used")
    assert (not_mine.status_code, not_mine.json()["errors"][0]["pointer"]) == (422, "/partner_reference")
    assert await world.taken() == [0, 1]


async def test_a_hold_is_extended_once(world: World) -> None:
    family = await world.family()
    booking = (await family.post("/v1/bookings", booking_body((await quote(world, family))["id"]), key="k-1")).json()

    first = await family.post(f"/v1/bookings/{booking['id']}/hold-extension")
    second = await family.post(f"/v1/bookings/{booking['id']}/hold-extension")

    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (409, "hold_already_extended")
    until = (await family.get(f"/v1/bookings/{booking['id']}")).json()["hold_expires_at"]
    assert until == first.json()["hold_expires_at"]
    clock.travel(HOLD + timedelta(minutes=10))
    assert (await family.get(f"/v1/bookings/{booking['id']}")).json()["status"] == "on_hold"


async def test_a_lapsed_hold_is_shown_as_expired_and_its_room_is_sold_again_with_every_worker_down(
    world: World,
) -> None:
    family = await world.family()
    bookings = []
    for i in range(2):
        offer = await quote(world, family)
        bookings.append((await family.post("/v1/bookings", booking_body(offer["id"]), key=f"k-{i}")).json())
    clock.travel(HOLD + timedelta(seconds=1))

    assert (await family.get(f"/v1/bookings/{bookings[0]['id']}")).json()["status"] == "expired"
    offer = await quote(world, family)
    assert (await family.post("/v1/bookings", booking_body(offer["id"]), key="k-9")).status_code == 201
    late = await family.post(
        f"/v1/bookings/{bookings[0]['id']}/payments", {"leg": "deposit", "method": "card"}, key="p"
    )
    assert (late.status_code, late.json()["code"]) == (409, "hold_expired")


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"check_in": "2026-13-40"}, 422, "/check_in"),
        ({"check_in": "2020-01-01"}, 422, "/check_in"),
        ({"first": 40, "nights": -1}, 422, "/check_out"),
        ({"first": 40, "nights": 181}, 422, "/check_out"),
        ({"guest_count": 0}, 422, "/guest_count"),
        ({"guest_count": 3}, 422, "/guest_count"),
        ({"guest_count": None}, 422, "/guest_count"),
        ({"gest_count": 2}, 400, "/gest_count"),
    ],
)
async def test_a_bad_wish_names_its_field(world: World, change: dict, status: int, pointer: str) -> None:
    family = await world.family()
    wish = world.wish(**{name: change.pop(name) for name in ("first", "nights") if name in change}) | change

    answer = await family.post("/v1/quotes", wish)

    assert answer.status_code == status
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert await fetch_value("SELECT count(*) FROM quotes") == 0
