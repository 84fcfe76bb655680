"""A bed in a shared room and a companion bed, from the price list to the front desk."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from marketplace.bookings.operations import verify_inventory
from marketplace.bookings.rules import HOLD
from marketplace.catalog import operations as catalog
from marketplace.inventory import operations as inventory
from marketplace.inventory.rules import NightRange
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_value
from marketplace.kit.errors import Invalid
from marketplace.kit.ids import new_id, wire
from marketplace.tours import operations as tours
from marketplace.tours.rules import BlockWanted, DepartureDraft
from tests.support.world import Caller, World, booking_body, open_payment, read
from tests.tours.conftest import DRAFT


@pytest.fixture
async def shared(world: World) -> World:
    """Sell one room of two beds by the bed."""
    world.room_type_id = await catalog.add_room_type(
        institution_id=world.institution_id, name="双人间床位", name_en="Bed in a shared twin room", sold_by="bed",
        unit_count=2, guests_max=1, area_m2=12, bed_kind="single", is_barrier_free=False, beds_per_room=2, actor=SYSTEM,
        now=world.now,
    )  # fmt: skip
    nights = [NightRange(first=world.today, end=world.day(400), unit_count=2, price_amount=7_800)]
    await inventory.set_nights(actor=SYSTEM, room_type_id=world.room_type_id, ranges=nights, now=world.now)
    return world


def bed(world: World, *, guests: int = 1, **wish: Any) -> dict[str, Any]:
    return world.wish(first=10, nights=5, guests=guests) | {"unit_count": guests} | wish


async def booked(world: World, caller: Caller, **wish: Any) -> httpx.Response:
    offer = await caller.post("/v1/quotes", bed(world, **wish))
    assert offer.status_code == 201, offer.text
    body = booking_body(offer.json()["id"], guests=offer.json()["guest_count"])
    return await caller.post("/v1/bookings", body, key=new_id().hex)


async def refused(caller: Caller, wish: dict[str, Any]) -> tuple[int, str, list[str]]:
    answer = await caller.post("/v1/quotes", wish)
    body = answer.json()
    return answer.status_code, body["code"], [error["pointer"] for error in body.get("errors", ())]


async def nights(world: World, client: httpx.AsyncClient) -> set[tuple[int, int, int]]:
    days = {"from": world.day(10).isoformat(), "to": world.day(15).isoformat()}
    answer = await client.get(f"/v1/institutions/{wire('ins', world.institution_id)}/availability", params=days)
    [room] = [one for one in answer.json()["room_types"] if one["room_type_id"] == wire("rmt", world.room_type_id)]
    return {(night["available_units"], night["beside_women"], night["beside_men"]) for night in room["nights"]}


async def test_two_women_who_never_met_share_a_room_and_no_man_does(shared: World, client) -> None:
    one, other, man = [await shared.family(f"+861380013800{n}") for n in range(3)]
    assert await nights(shared, client) == {(2, 0, 0)}
    first = await booked(shared, one, gender="female")
    assert (first.status_code, await nights(shared, client)) == (201, {(0, 1, 0)})
    assert (await refused(man, bed(shared, gender="male")))[:2] == (409, "not_available")
    assert (await refused(man, bed(shared, guests=2, gender="mixed")))[:2] == (409, "not_available")
    second = await booked(shared, other, gender="female")
    assert (second.status_code, await nights(shared, client)) == (201, {(0, 0, 0)})
    assert (await refused(man, bed(shared, gender="female")))[:2] == (409, "not_available")
    assert first.json()["gender"] == "female"
    assert first.json()["total"] == second.json()["total"] == {"amount": 39_000, "currency": "CNY"}
    assert await shared.taken() == [0, 2]
    assert await verify_inventory(now=shared.now) == []


async def test_a_couple_takes_the_room_and_one_guest_says_which_gender(shared: World) -> None:
    family = await shared.family()
    assert await refused(family, bed(shared)) == (422, "validation_failed", ["/gender"])
    assert await refused(family, bed(shared, gender="mixed")) == (422, "validation_failed", ["/gender"])
    assert await refused(family, bed(shared, gender="other")) == (422, "validation_failed", ["/gender"])
    couple = await booked(shared, family, guests=2, gender="mixed")
    assert (couple.status_code, couple.json()["total"]["amount"]) == (201, 78_000)
    assert await fetch_value("SELECT share_id FROM allocations") is None


async def test_a_gender_is_neither_needed_nor_kept_where_rooms_are_not_shared(world: World) -> None:
    family = await world.family()
    offer = (await family.post("/v1/quotes", world.wish() | {"gender": "mixed"})).json()
    assert offer["gender"] is None
    assert (await family.post("/v1/bookings", booking_body(offer["id"]), key="k")).status_code == 201
    assert await fetch_value("SELECT gender FROM allocations") is None


async def test_what_was_quoted_is_refused_when_a_man_came_first_and_sold_again_when_his_hold_lapses(
    shared: World,
) -> None:
    one, man = await shared.family(), await shared.family("+8613800138001")
    offer = (await one.post("/v1/quotes", bed(shared, gender="female"))).json()
    assert (await booked(shared, man, gender="male")).status_code == 201
    late = await one.post("/v1/bookings", booking_body(offer["id"], guests=1), key="k-1")
    assert (late.status_code, late.json()["code"]) == (409, "not_available")
    # No worker tidies here.
    clock.travel(HOLD + timedelta(seconds=1))
    one = await shared.family()
    assert (await booked(shared, one, gender="female")).status_code == 201
    assert await shared.taken() == [0, 2]


async def test_late_money_takes_a_bed_beside_women_again(shared: World, sandbox, client) -> None:
    one = await shared.family()
    booking = (await booked(shared, one, gender="female")).json()
    payment = await open_payment(one, booking)
    clock.travel(HOLD + timedelta(seconds=1))
    assert (await booked(shared, await shared.family("+8613800138002"), gender="female")).status_code == 201
    await sandbox.pay(urlsplit(payment["checkout_url"]).path.rsplit("/", 1)[1])
    assert (await client.get(f"/payments/{payment['id']}/return")).status_code == 200
    assert (await read(await shared.family(), booking))["status"] == "confirmed"
    assert await fetch_value("SELECT array_agg(n) FROM (SELECT count(*) AS n FROM allocations GROUP BY share_id)") == [
        2
    ]
    assert await shared.taken() == [0, 2]
    assert await verify_inventory(now=clock.now()) == []


async def test_a_group_whose_travellers_are_unknown_gets_no_shared_rooms(shared: World) -> None:
    tour_id = await tours.publish_tour(draft=DRAFT, actor=SYSTEM, now=shared.now)
    draft = DepartureDraft(
        tour_id=tour_id, check_in=shared.day(30), check_out=shared.day(34), price_amount=100_000, group_min_count=1,
        group_max_count=2, blocks=(BlockWanted(room_type_id=shared.room_type_id, unit_count=2),),
    )  # fmt: skip
    with pytest.raises(Invalid) as refusal:
        await tours.open_departure(draft=draft, actor=SYSTEM, now=shared.now)
    assert [field.pointer for field in refusal.value.fields] == ["/blocks/0/room_type_id"]
    assert await fetch_value("SELECT count(*) FROM allocations") == 0


async def test_the_last_companion_bed_is_quoted_shown_and_sold_once(world: World, client) -> None:
    staff, one, other = await world.staff(), await world.family(), await world.family("+8613800138001")
    institution = f"/v1/institutions/{wire('ins', world.institution_id)}"
    plan = {"effective_from": world.today.isoformat(), "companion_bed": {"amount": 4_000}}
    assert (await client.put(f"{institution}/rate-plan", json=plan, headers=staff.headers)).status_code == 200
    days = {"from": world.day(40).isoformat(), "to": world.day(60).isoformat()}
    ari = f"/v1/room-types/{wire('rmt', world.room_type_id)}/ari"
    said = {"ranges": [days | {"companion_beds": 1}]}
    assert (await client.put(ari, json=said, headers=staff.headers)).status_code == 200

    wish = world.wish(guests=3) | {"companion_beds": 1}
    offers = [(await caller.post("/v1/quotes", wish)).json() for caller in (one, other)]
    placed = await one.post("/v1/bookings", booking_body(offers[0]["id"], guests=3), key="k")
    late = await other.post("/v1/bookings", booking_body(offers[1]["id"], guests=3), key="k")
    again = await other.post("/v1/quotes", wish)
    shown = await client.get(f"{institution}/availability", params=days)

    assert placed.status_code == 201
    for refusal in (late, again):
        body = refusal.json()
        assert (refusal.status_code, body["code"], body["night"], body["left"]) == (
            409, "companion_beds_taken", world.day(40).isoformat(), 0,
        )  # fmt: skip
    assert {night["companion_beds"] for night in shown.json()["room_types"][0]["nights"]} == {0}
    assert (await other.post("/v1/quotes", world.wish())).status_code == 201
    fewer = await client.put(ari, json={"ranges": [days | {"companion_beds": 0}]}, headers=staff.headers)
    assert (fewer.status_code, fewer.json()["code"]) == (409, "companion_beds_below_taken")


async def found(world: World, client: httpx.AsyncClient, **asked: Any) -> tuple[list[int], list[str]]:
    """Search the bed's nights; returns the totals of its offers, and the reasons why there is none."""
    days = {"check_in": world.day(10).isoformat(), "check_out": world.day(15).isoformat(), "sold_by": "bed"}
    institution = {"institution_id": wire("ins", world.institution_id)}
    answer = (await client.get("/v1/stays", params=days | institution | asked)).json()
    offers = [offer["price"]["total"]["amount"] for item in answer["items"] for offer in item["offers"]]
    assert (answer["total_count"] > 0) is bool(offers)
    return offers, [reason["code"] for reason in answer["excluded_because"]]


@pytest.mark.parametrize("more", [{}, {"sort": "price"}, {"price_max": "39000"}])
async def test_search_shows_a_bed_beside_a_woman_to_women(shared: World, client, more: dict[str, str]) -> None:
    assert await found(shared, client, **more) == ([39_000], [])
    await booked(shared, await shared.family(), gender="female")
    assert await found(shared, client, gender="female", **more) == ([39_000], [])
    for nobody in ({"gender": "male"}, {"gender": "mixed"}, {}, {"gender": "female", "guests": "2"}):
        offers, reasons = await found(shared, client, **nobody, **more)
        assert (offers, reasons[0]) == ([], "sold_out")


async def test_a_bed_beside_somebody_obeys_the_restrictions_of_its_nights(shared: World, client) -> None:
    await booked(shared, await shared.family(), gender="female")
    bound = [NightRange(first=shared.day(10), end=shared.day(11), min_stay_count=6)]
    await inventory.set_nights(actor=SYSTEM, room_type_id=shared.room_type_id, ranges=bound, now=shared.now)
    assert await found(shared, client, gender="female") == ([], ["stay_too_short"])
