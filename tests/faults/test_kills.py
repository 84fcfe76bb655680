"""Kill every process in turn while families book and pay: nothing that was acknowledged is lost or half-done."""

import asyncio
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import pytest

from marketplace.inventory import queries as inventory
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import parse
from seed.logins import DEMO
from seed.telling import Caller, Story, persistent, until
from tests.support.system import System

VICTIMS = ("api", "worker", "stripe_sandbox", "valkey", "postgres")
SHOPPERS = 2


@dataclass
class Acknowledged:
    """What clients were told: bookings that exist, and pages on which money was paid."""

    bookings: list[str] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)


async def shop(story: Story, caller: Caller, told: Acknowledged, *, first: int) -> None:
    """Hold stays and pay every second one, again and again, each request until it is answered."""
    while True:
        offer = await story.offer(caller, first=first, nights=7, guests=1)
        booking = await story.book(caller, offer)
        told.bookings.append(booking["id"])
        if len(told.bookings) % 2:
            body = {"leg": booking["payable_leg"], "method": "card"}
            answer = await caller.send(f"/v1/bookings/{booking['id']}/payments", body, key=uuid4().hex)
            if answer.status_code != 201:
                continue
            page = answer.json()["checkout_url"]
            paid = await persistent(lambda page=page: _pay(story, page))
            if paid.status_code == 303:
                told.paid.append(booking["id"])
        first = first + 7 if first < 300 else 10


async def _pay(story: Story, page: str) -> httpx.Response:
    return await story.http.post(page, data={"method": "card", "outcome": "succeed"})


@pytest.mark.timeout(240)
async def test_nothing_acknowledged_is_lost_whichever_process_is_killed(system: System, look: None) -> None:
    told = Acknowledged()
    async with Story.open(api=system.api) as story:
        # Platforms, because a family may not have more than three unpaid holds at once.
        platforms = [await story.partner(DEMO.partners[i]) for i in range(SHOPPERS)]
        shoppers = [
            asyncio.create_task(shop(story, platform, told, first=10 + 100 * i)) for i, platform in enumerate(platforms)
        ]
        for victim in VICTIMS:
            before = len(told.paid)
            await _progress(told, before + 1, shoppers)
            await asyncio.to_thread(system.kill, victim)
        await _progress(told, len(told.paid) + 1, shoppers)
        for shopper in shoppers:
            shopper.cancel()
        await asyncio.gather(*shoppers, return_exceptions=True)

        advanced = await persistent(lambda: story.http.post("/_dev/clock", json={"advance_seconds": 3600}))
        assert advanced.status_code == 200
        await until(_unsettled, lambda left: left == [], "every hold has ended and every message is handled")

    known = {row["id"]: row["status"] for row in await fetch("SELECT id, status FROM bookings")}
    for booking_id in told.bookings:
        assert parse("bkg", booking_id) in known, "an acknowledged booking is lost"
    for booking_id in told.paid:
        assert await _is_settled(booking_id, known), "a paid booking is neither confirmed nor refunded"
    assert len(told.paid) > len(VICTIMS)
    assert await inventory.verify() == []
    assert await fetch_value("SELECT count(*) FROM outbox WHERE state = 'dead'") == 0


async def _progress(told: Acknowledged, count: int, shoppers: list[asyncio.Task[None]]) -> None:
    async def paid() -> int:
        for shopper in shoppers:
            if shopper.done():
                shopper.result()
        return len(told.paid)

    await until(paid, lambda found: found >= count, "clients make progress")


async def _unsettled() -> list[object]:
    """Name what is still on its way: lapsed holds, open payments and refunds, due messages."""
    rows = await fetch(
        "SELECT 'hold' AS what, id FROM bookings WHERE status = 'on_hold'"
        " UNION ALL SELECT 'payment', id FROM payments WHERE status IN ('created', 'pending')"
        "   AND cancel_requested_at IS NOT NULL"
        " UNION ALL SELECT 'refund', id FROM refunds WHERE status IN ('requested', 'submitted', 'pending')"
        " UNION ALL SELECT kind, id FROM outbox WHERE state = 'pending' AND due_at <= now() + interval '1 hour'"
    )
    return [tuple(row) for row in rows]


async def _is_settled(booking_id: str, known: dict) -> bool:
    found = parse("bkg", booking_id)
    if known[found] == "confirmed":
        return True
    captured = await fetch_value("SELECT sum(captured_amount) FROM payments WHERE booking_id = $1", found)
    refunded = await fetch_value(
        "SELECT sum(amount) FROM refunds WHERE booking_id = $1 AND status = 'succeeded'", found
    )
    return captured is not None and captured == refunded
