"""From quote to booking over HTTP when prices are more than nights: choices, codes, and what changed meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.bookings import operations
from marketplace.bookings.rules import HOLD
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import parse, wire
from tests.support.world import Caller, World, booking_body, hold, open_payment, read

PLAN: dict[str, Any] = {
    "single_use_discount_bps": 1_000,
    "companion_bed": {"amount": 4_000},
    "meals": [{"meal_plan": "breakfast", "price": {"amount": 1_500}}],
    "care": [{"level": 1, "price": {"amount": 3_000}}, {"level": 2, "price": {"amount": 8_000}}],
    "length_of_stay": [{"nights_min": 28, "discount_bps": 1_000}],
    "early_booking": [{"days_ahead_min": 30, "discount_bps": 500}],
}
CHOSEN: dict[str, Any] = {"companion_beds": 1, "meal_plan": "breakfast", "care_levels": [2]}
CODE = {"code": "SUMMER27", "name": "避暑早订", "name_en": "Early summer", "discount_bps": 1_000}


async def put(caller: Caller, path: str, body: object):
    assert caller.client is not None
    return await caller.client.put(path, json=body, headers=caller.headers)


def house(world: World) -> str:
    return f"/v1/institutions/{wire('ins', world.institution_id)}"


async def set_plan(world: World, **change: Any) -> None:
    body = PLAN | {"effective_from": world.today.isoformat()} | change
    answer = await put(await world.staff(), f"{house(world)}/rate-plan", body)
    assert answer.status_code == 200, answer.text


async def promote(world: World, **facts: Any) -> dict[str, Any]:
    body = CODE | {"valid_from": world.today.isoformat(), "valid_until": world.day(30).isoformat()} | facts
    answer = await (await world.staff()).post(f"{house(world)}/promotions", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def quote(world: World, caller: Caller, **chosen: Any) -> dict[str, Any]:
    answer = await caller.post("/v1/quotes", world.wish() | chosen)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_the_price_list_is_public_and_as_it_was_set(world: World, client) -> None:
    before = (await client.get(f"{house(world)}/rate-plan")).json()
    assert (before["effective_from"], before["meals"], before["service_fee_bps"]) == (None, [], 0)

    await set_plan(world, effective_from=world.day(5).isoformat())

    assert (await client.get(f"{house(world)}/rate-plan")).json() == before
    coming = (await client.get(f"{house(world)}/rate-plan", params={"on": world.day(5).isoformat()})).json()
    assert coming["effective_from"] == world.day(5).isoformat()
    assert coming["companion_bed"] == {"amount": 4_000, "currency": "CNY"}
    assert coming["care"][1] == {"level": 2, "price": {"amount": 8_000, "currency": "CNY"}}
    assert coming["length_of_stay"] == PLAN["length_of_stay"]
    assert coming["order"][:5] == [
        "nights", "single_use_discount", "length_of_stay_discount", "early_booking_discount", "promotion",
    ]  # fmt: skip


async def test_a_quote_shows_every_line_and_night_and_the_booking_has_the_same(world: World) -> None:
    await set_plan(world)
    family = await world.family()
    offer = await quote(world, family, **CHOSEN)

    assert [(line["code"], line["amount"]["amount"]) for line in offer["lines"]] == [
        ("nights", 600_000),
        ("single_use_discount", -60_000),
        ("length_of_stay_discount", -54_000),
        ("early_booking_discount", -24_300),
        ("companion_beds", 120_000),
        ("meals", 90_000),
        ("care", 240_000),
    ]
    assert offer["total"]["amount"] == sum(line["amount"]["amount"] for line in offer["lines"]) == 911_700
    assert len(offer["nights"]) == 30
    assert sum(night["amount"]["amount"] for night in offer["nights"]) == 911_700
    assert {night["price"]["amount"] for night in offer["nights"]} == {20_000}
    assert {name: offer[name] for name in CHOSEN} == CHOSEN
    assert offer["rate_plan_from"] == world.today.isoformat()
    assert [step["penalty"]["amount"] for step in offer["cancellation"]] == [0, 91_170, 182_340]
    assert all(step["until"].endswith("T00:00:00+08:00") for step in offer["cancellation"][:-1])
    assert sum(leg["amount"]["amount"] for leg in offer["schedule"]) == 911_700
    booking = (await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")).json()
    assert (booking["total"], booking["lines"]) == (offer["total"], offer["lines"])


async def test_age_makes_no_difference_to_a_price(world: World) -> None:
    """R11: the request of a stay has no place for an age, and the ages of the guests change nothing afterwards."""
    await set_plan(world)
    family = await world.family()
    first, second = [await quote(world, family, **CHOSEN) for _ in range(2)]
    bodies = [booking_body(first["id"]), booking_body(second["id"])]
    for guest in bodies[1]["guests"]:  # type: ignore[attr-defined]
        guest["birth_year"] -= 50
    totals = [(await family.post("/v1/bookings", body, key=f"k-{i}")).json()["total"] for i, body in enumerate(bodies)]
    assert totals[0] == totals[1] == first["total"]
    refused = await family.post("/v1/quotes", world.wish() | {"travellers": [{"birth_year": 1950}]})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("chosen", "pointer"),
    [
        ({"companion_beds": 2}, "/companion_beds"),
        ({"companion_beds": -1}, "/companion_beds"),
        ({"meal_plan": "full_board"}, "/meal_plan"),
        ({"meal_plan": "brunch"}, "/meal_plan"),
        ({"care_levels": [3]}, "/care_levels"),
        ({"care_levels": [5]}, "/care_levels/0"),
        ({"care_levels": [1, 1, 1]}, "/care_levels"),
        ({"promotion_code": "NOSUCH"}, "/promotion_code"),
        ({"promotion_code": ""}, "/promotion_code"),
    ],
)
async def test_a_choice_that_cannot_be_had_names_its_field(world: World, chosen: dict, pointer: str) -> None:
    await set_plan(world)
    family = await world.family()
    answer = await family.post("/v1/quotes", world.wish() | chosen)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer]), (
        answer.text
    )
    assert await fetch_value("SELECT count(*) FROM quotes") == 0


async def test_a_departure_has_no_choices_of_a_stay(world: World) -> None:
    family = await world.family()
    for name, value in (CHOSEN | {"promotion_code": "SUMMER27"}).items():
        body = {"departure_id": f"dep_{'0' * 32}", "travellers": [{}], name: value}
        answer = await family.post("/v1/quotes", body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{name}")


@pytest.mark.parametrize(
    ("change", "total"),
    [
        ({"meals": [{"meal_plan": "breakfast", "price": {"amount": 1_600}}]}, 917_700),
        ({"length_of_stay": []}, 963_000),
        ({"single_use_discount_bps": 0}, 963_000),
        ({"meals": []}, None),
    ],
)
async def test_a_plan_that_changed_is_answered_with_the_new_quote(
    world: World, change: dict, total: int | None
) -> None:
    await set_plan(world)
    family = await world.family()
    offer = await quote(world, family, **CHOSEN)
    await set_plan(world, **change)

    answer = await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")
    problem = answer.json()

    assert (answer.status_code, problem["code"]) == (409, "price_changed")
    assert await world.taken() == [0]
    if total is None:
        # Breakfast is no longer to be had, so nothing can be offered for the same wish.
        assert problem["quote"] is None
        return
    assert problem["quote"]["total"]["amount"] == total
    assert {name: problem["quote"][name] for name in CHOSEN} == CHOSEN
    fresh = await family.post("/v1/bookings", booking_body(problem["quote"]["id"]), key="k-2")
    assert fresh.status_code == 201


async def test_a_code_that_ended_is_answered_with_the_quote_without_it(world: World) -> None:
    code = await promote(world)
    family = await world.family()
    offer = await quote(world, family, promotion_code="summer27")
    assert (offer["promotion_code"], offer["total"]["amount"]) == ("SUMMER27", 540_000)
    ended = await (await world.staff()).post(f"{house(world)}/promotions/{code['id']}/ending")
    assert (ended.status_code, ended.json()["usable"]) == (200, False)

    problem = (await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")).json()

    assert problem["code"] == "price_changed"
    assert (problem["quote"]["promotion_code"], problem["quote"]["total"]["amount"]) == (None, 600_000)
    assert await world.taken() == [0]


async def used() -> list[bool]:
    rows = await fetch("SELECT booking_id IS NOT NULL AS used FROM promotion_uses ORDER BY number")
    return [row["used"] for row in rows]


async def test_a_code_goes_with_its_hold_and_comes_back_with_it(world: World) -> None:
    code = await promote(world, usage_max=1)
    assert (code["usage_max"], code["usable"]) == (1, True)
    family = await world.family()
    first, second = [await quote(world, family, promotion_code="SUMMER27") for _ in range(2)]
    booking = (await family.post("/v1/bookings", booking_body(first["id"]), key="k-1")).json()
    assert await used() == [True]
    problem = (await family.post("/v1/bookings", booking_body(second["id"]), key="k-2")).json()
    assert (problem["code"], problem["quote"]["total"]["amount"]) == ("price_changed", 600_000)

    assert (await family.post(f"/v1/bookings/{booking['id']}/hold-extension")).status_code == 200
    clock.travel(HOLD + timedelta(minutes=10))
    assert (await family.post("/v1/quotes", world.wish() | {"promotion_code": "SUMMER27"})).status_code == 422
    clock.travel(2 * HOLD + timedelta(seconds=1))
    await operations.expire(booking_id=parse("bkg", booking["id"]), now=clock.now())
    assert await used() == [False]
    assert (await quote(world, family, promotion_code="SUMMER27"))["total"]["amount"] == 540_000


async def test_a_paid_booking_keeps_its_code_until_it_is_cancelled(world: World, pay) -> None:
    await promote(world, usage_max=1)
    family = await world.family()
    offer = await quote(world, family, promotion_code="SUMMER27")
    held = (await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")).json()
    booking = await pay(family, held)
    assert booking["status"] == "confirmed"
    assert await fetch_value("SELECT expires_at FROM promotion_uses") is None
    assert await fetch_value("SELECT night_amount FROM deals") == 18_000
    terms = (await family.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")).json()
    done = await family.post(
        f"/v1/bookings/{booking['id']}/cancellation", {"cancellation_quote_id": terms["id"]}, key="k-2"
    )
    assert done.status_code == 200
    assert await used() == [False]


async def test_money_that_comes_after_the_code_is_gone_goes_back(world: World, client, sandbox) -> None:
    """The room would still be free, but not at the price that was paid: nobody pays less than was promised to others."""
    await promote(world, usage_max=1)
    family, other = await world.family(), await world.family("+8613800138001")
    offer = await quote(world, family, promotion_code="SUMMER27")
    booking = (await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")).json()
    payment = await open_payment(family, booking)
    clock.travel(HOLD + timedelta(seconds=1))
    taken = await quote(world, other, promotion_code="SUMMER27")
    assert (await other.post("/v1/bookings", booking_body(taken["id"]), key="k-2")).status_code == 201
    await sandbox.pay(payment["checkout_url"].rsplit("/", 1)[1])
    assert (await client.get(f"/payments/{payment['id']}/return")).status_code == 200

    late = await read(family, booking)

    assert late["status"] == "expired"
    assert [refund["amount"] for refund in late["refunds"]] == [late["payments"][0]["amount"]]
    assert await used() == [True]


async def test_a_struck_through_price_follows_what_was_paid(world: World, confirm) -> None:
    family = await world.family()
    await confirm(family, nights=3)
    assert (await quote(world, family))["reference"] is None
    await set_plan(world)
    shown = await quote(world, family)
    assert (shown["total"]["amount"], shown["reference"]["amount"]["amount"]) == (513_000, 600_000)
    assert shown["reference"]["reason_zh"] == "不高于近 7 日同房型最低成交价"


async def test_seasons_are_priced_over_http(world: World, client) -> None:
    staff = await world.staff()
    body = {
        "seasons": [
            {
                "from": world.day(1).isoformat(),
                "to": world.day(15).isoformat(),
                "price": {"amount": 30_000},
                "weekday_adjustments": {"sat": 1_000},
            }
        ]
    }
    answer = await put(staff, f"/v1/room-types/{wire('rmt', world.room_type_id)}/rates", body)
    assert (answer.status_code, answer.json()["night_count"]) == (200, 14), answer.text
    grid = (await client.get(f"{house(world)}/availability", params={"to": world.day(16).isoformat()})).json()
    shown = [night["price"]["amount"] for night in grid["room_types"][0]["nights"]]
    assert sorted(shown) == [20_000] * 2 + [30_000] * 12 + [33_000] * 2
    offer = await hold(world, await world.family(), first=0, nights=16)
    assert offer["total"]["amount"] == sum(shown)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"effective_from": "2020-01-01"}, "/effective_from"),
        ({"companion_bed": {"amount": 1, "currency": "USD"}}, "/companion_bed/currency"),
        ({"meals": [{"meal_plan": "none", "price": {"amount": 1}}]}, "/meals"),
        ({"meals": PLAN["meals"] * 2}, "/meals"),
        ({"care": [PLAN["care"][0]] * 2}, "/care"),
        ({"care": [{"level": 5, "price": {"amount": 1}}]}, "/care/0/level"),
        ({"early_booking": [{"days_ahead_min": 0, "discount_bps": 1}]}, "/early_booking/0/days_ahead_min"),
        ({"length_of_stay": [{"nights_min": 7, "discount_bps": 9_001}]}, "/length_of_stay/0/discount_bps"),
    ],
)
async def test_a_plan_that_cannot_be_names_its_field(world: World, body: dict, pointer: str) -> None:
    whole = PLAN | {"effective_from": world.today.isoformat()} | body
    answer = await put(await world.staff(), f"{house(world)}/rate-plan", whole)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer]), (
        answer.text
    )
    assert await fetch_value("SELECT count(*) FROM rate_plans") == 0
