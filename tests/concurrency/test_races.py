"""Races with real commits: many clients, one unit; one key, many posts; a revocation in the middle of a rush."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from marketplace.inventory import queries as inventory
from marketplace.kit import valkey
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import new_id, wire
from tests.support.world import Caller, World, booking_body, build


@pytest.fixture
async def crowd(committed: str, app: object) -> AsyncIterator[World]:
    """A world in a database of its own, where every request commits for real."""
    await valkey.client().flushdb()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:
        yield await build(units=1, client=client)


async def quotes(world: World, caller: Caller, count: int) -> list[str]:
    answers = [await caller.post("/v1/quotes", world.wish()) for _ in range(count)]
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json()["id"] for answer in answers]


async def placed(caller: Caller, quote_id: str) -> httpx.Response:
    """Place as a well-behaved client does: a busy answer is tried again under the same key."""
    key = new_id().hex
    while True:
        answer = await caller.post("/v1/bookings", booking_body(quote_id), key=key)
        if not (answer.status_code == 409 and answer.json()["code"] in ("busy", "idempotency_in_progress")):
            return answer


async def test_fifty_clients_and_one_unit_make_exactly_one_booking(crowd: World) -> None:
    family = await crowd.family()
    offers = await quotes(crowd, family, 50)

    answers = await asyncio.gather(*(placed(family, offer) for offer in offers))

    assert sorted({answer.status_code for answer in answers}) == [201, 409]
    assert [answer.status_code for answer in answers].count(201) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"not_available"}
    assert await fetch_value("SELECT count(*) FROM bookings") == 1
    assert await crowd.taken() == [0, 1]
    assert await inventory.verify() == []


async def test_twenty_posts_with_one_key_make_one_booking_and_nineteen_replays(crowd: World) -> None:
    family = await crowd.family()
    body = booking_body((await quotes(crowd, family, 1))[0])

    answers = await asyncio.gather(*(family.post("/v1/bookings", body, key="one-key") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count("true") == 19
    assert await fetch_value("SELECT count(*) FROM bookings") == 1


async def test_one_quote_and_many_keys_make_one_booking(crowd: World) -> None:
    family = await crowd.family()
    offer = (await quotes(crowd, family, 1))[0]

    answers = await asyncio.gather(*(placed(family, offer) for _ in range(20)))

    assert [answer.status_code for answer in answers].count(201) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"quote_used", "not_available"}
    assert await fetch_value("SELECT count(*) FROM bookings") == 1


async def test_after_a_suspension_in_the_middle_of_a_rush_and_its_revocation_nothing_is_on_hold_or_confirmed(
    crowd: World,
) -> None:
    crowd.room_type_id = await crowd.add_room_type(crowd.institution_id, units=40, name="单人间")
    # A family may not hold twenty rooms at once.
    partner, first, second = await crowd.partner(), await crowd.officer(), await crowd.officer()
    offers = await quotes(crowd, partner, 20)
    path = f"/v1/certifications/{wire('crt', crowd.certification_id)}"

    racers = [placed(partner, offer) for offer in offers]
    suspending = first.post(f"{path}/suspension", {"reason": "骗取认定，危及安全"})
    answers = await asyncio.gather(*racers[:10], suspending, *racers[10:])
    suspended, rest = answers[10], answers[:10] + answers[11:]
    held = await fetch_value("SELECT count(*) FROM bookings WHERE status = 'on_hold'")
    await crowd.prepare_revocation(first)
    request = await first.post(f"{path}/revocation", {"reason": "骗取认定"})
    revoked = await second.post(f"/v1/decisions/{request.json()['id']}/approvals")

    assert (suspended.status_code, revoked.status_code) == (200, 201)
    assert held == sum(answer.status_code == 201 for answer in rest)
    assert await fetch_value("SELECT count(*) FROM bookings WHERE status IN ('on_hold', 'confirmed')") == 0
    refused = [answer for answer in rest if answer.status_code != 201]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} <= {
        (409, "institution_not_bookable"),
        (409, "quote_expired"),
    }
    ended = await fetch("SELECT status, count(*) AS n FROM bookings GROUP BY status")
    assert {row["status"]: row["n"] for row in ended} == ({"cancelled": 20 - len(refused)} if len(refused) < 20 else {})
    assert await inventory.verify() == []
