"""Nobody holds more than a few rooms at once without paying, however many requests come together."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import msgspec
import pytest

from marketplace.bookings.operations import hoarding
from marketplace.bookings.rules import HOLD
from marketplace.inventory import queries as inventory
from marketplace.kit import clock, valkey
from marketplace.kit.db import fetch_value
from marketplace.settings import settings
from tests.support.planted import Plant
from tests.support.world import Caller, World, booking_body, build, visit

CAP = 3


@pytest.fixture
async def world(client: httpx.AsyncClient, planted: Plant, gateway: object) -> AsyncIterator[World]:
    async with visit(planted, client, units=10) as found:
        yield found


async def place(world: World, caller: Caller, key: str) -> httpx.Response:
    offer = await caller.post("/v1/quotes", world.wish())
    return await caller.post("/v1/bookings", booking_body(offer.json()["id"]), key=key)


async def live_holds() -> int:
    return await fetch_value("SELECT count(*) FROM bookings WHERE status = 'on_hold'")


async def test_a_family_may_have_three_holds_and_the_refusal_names_the_cap(world: World) -> None:
    family, other = await world.family(), await world.family("+8613800138001")
    placed = [await place(world, family, f"k-{n}") for n in range(CAP)]
    refused = await place(world, family, "k-3")

    assert {answer.status_code for answer in placed} == {201}
    assert (refused.status_code, refused.json()["code"], refused.json()["holds_max"]) == (409, "too_many_holds", CAP)
    assert refused.json()["detail"] == "最多同时预留 3 单，请先支付或取消"
    assert await live_holds() == CAP
    assert await world.taken() == [0, CAP]
    assert await fetch_value("SELECT count(*) FROM quotes WHERE used_by_booking_id IS NOT NULL") == CAP
    assert (await place(world, other, "k-0")).status_code == 201


async def test_a_hold_that_is_paid_cancelled_or_lapsed_makes_room_for_another(world: World, pay) -> None:
    family = await world.family()
    bookings = [(await place(world, family, f"k-{n}")).json() for n in range(CAP)]

    await pay(family, bookings[0])
    assert (await place(world, family, "after-paying")).status_code == 201
    offer = await family.post(f"/v1/bookings/{bookings[1]['id']}/cancellation-quotes")
    body = {"cancellation_quote_id": offer.json()["id"]}
    assert (await family.post(f"/v1/bookings/{bookings[1]['id']}/cancellation", body, key="c")).status_code == 200
    assert (await place(world, family, "after-cancelling")).status_code == 201
    assert (await place(world, family, "too-many")).status_code == 409
    # No worker tidies here: time alone makes room.
    clock.travel(HOLD + timedelta(seconds=1))
    assert (await place(world, family, "after-lapsing")).status_code == 201


async def test_a_partner_may_have_many_more_but_not_any_number(world: World, monkeypatch) -> None:
    monkeypatch.setattr(hoarding, "settings", lambda: msgspec.structs.replace(settings(), partner_holds_max=5))
    partner = await world.partner()
    answers = [await place(world, partner, f"k-{n}") for n in range(6)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [409]
    assert answers[5].json()["holds_max"] == 5
    assert settings().partner_holds_max == 200


async def test_of_twenty_holds_at_once_a_family_gets_three(committed: str, app: object) -> None:
    await valkey.client().flushdb()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:
        world = await build(client=client, units=20)
        rooms = [world.room_type_id, await world.add_room_type(world.institution_id, units=20, name="单人间")]
        family = await world.family()
        offers = []
        for n in range(20):
            world.room_type_id = rooms[n % 2]
            offers.append((await family.post("/v1/quotes", world.wish())).json()["id"])

        async def placed(offer: str) -> httpx.Response:
            while True:
                answer = await family.post("/v1/bookings", booking_body(offer), key=offer)
                if answer.json().get("code") not in ("busy", "overloaded"):
                    return answer

        answers = await asyncio.gather(*(placed(offer) for offer in offers))

    assert sorted(answer.status_code for answer in answers) == [201] * CAP + [409] * 17
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"too_many_holds"}
    assert await live_holds() == CAP
    assert await fetch_value("SELECT count(*) FROM allocations") == CAP
    assert await inventory.verify() == []
