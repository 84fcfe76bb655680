"""Kill -9 exactly where it hurts: between a commit and its answer, around the provider's answer, amid a transaction."""

import asyncio
import time
from uuid import uuid4

import httpx
import pytest

from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import parse
from seed.logins import DEMO
from seed.telling import Caller, Story, until
from tests.faults.invariants import Provider
from tests.faults.nemesis import turn
from tests.support.system import System, wait_for

SWEPT_S = 15.0
FIRST = 330  # Days from today that no other test of a system books.


async def dies(system: System, place: str, ask) -> None:
    """Send a request whose process ends at a place, and wait until another has taken over."""
    system.arm(place)
    with pytest.raises(httpx.TransportError):
        await ask()
    assert not system.is_armed(place)
    wait_for(system.is_ready, f"the API is ready after it died at {place}")


async def begin(story: Story, number: int) -> tuple[Caller, dict]:
    partner = await story.partner(DEMO.partners[0])
    return partner, await story.offer(partner, first=FIRST + 4 * number, nights=4, guests=1)


async def page_of(partner: Caller, booking: dict) -> dict:
    body = {"leg": booking["payable_leg"], "method": "card"}
    return await partner.post(f"/v1/bookings/{booking['id']}/payments", body, key=uuid4().hex)


async def cancel(partner: Caller, booking: dict) -> None:
    quote = await partner.post(f"/v1/bookings/{booking['id']}/cancellation-quotes")
    body = {"cancellation_quote_id": quote["id"]}
    await partner.post(f"/v1/bookings/{booking['id']}/cancellation", body, key=uuid4().hex)


async def status_of(booking: dict) -> str:
    return await fetch_value("SELECT status FROM bookings WHERE id = $1", parse("bkg", booking["id"]))


async def captures(booking: dict) -> int:
    return await fetch_value(
        "SELECT count(*) FROM ledger_journals WHERE kind = 'capture' AND booking_id = $1", parse("bkg", booking["id"])
    )


async def test_an_answer_that_was_committed_and_never_sent_is_replayed(system: System, look: None) -> None:
    await turn(system)
    async with Story.open(api=system.api) as story:
        partner, offer = await begin(story, 0)
        body = {
            "quote_id": offer["id"],
            "guests": [{"name": "王秀英", "birth_year": 1950}],
            "contact": {"name": "李娜", "phone": "13800138000"},
        }
        headers = partner._headers() | {"Idempotency-Key": uuid4().hex}
        await dies(system, "answer.committed", lambda: story.http.post("/v1/bookings", json=body, headers=headers))
        again = await partner.send("/v1/bookings", body, key=headers["Idempotency-Key"])
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    made = await fetch("SELECT id FROM bookings WHERE quote_id = $1", parse("quo", offer["id"]))
    assert [row["id"] for row in made] == [parse("bkg", again.json()["id"])]


async def test_an_api_that_dies_between_the_provider_and_its_record_leaves_one_page(system: System, look: None) -> None:
    await turn(system)
    async with Story.open(api=system.api) as story:
        partner, offer = await begin(story, 1)
        booking = await story.book(partner, offer)
        path, body = f"/v1/bookings/{booking['id']}/payments", {"leg": booking["payable_leg"], "method": "card"}
        headers = partner._headers() | {"Idempotency-Key": uuid4().hex}
        await dies(system, "payment.asked", lambda: story.http.post(path, json=body, headers=headers))
        payment = await page_of(partner, booking)
    pages = [page for page in (await Provider.read(system)).sessions if page["client_reference_id"] == payment["id"]]
    assert [page["url"] for page in pages] == [payment["checkout_url"]]
    attempts = await fetch("SELECT attempt FROM payments WHERE booking_id = $1", parse("bkg", booking["id"]))
    assert [row["attempt"] for row in attempts] == [1]


async def test_an_event_that_was_stored_and_never_answered_comes_again_and_changes_nothing(
    system: System, look: None
) -> None:
    await turn(system)
    async with Story.open(api=system.api) as story:
        partner, offer = await begin(story, 2)
        booking = await story.book(partner, offer)
        payment = await page_of(partner, booking)
        before = await fetch_value("SELECT coalesce(max(received_at), '-infinity') FROM provider_events")
        system.arm("event.stored")
        await story.http.post(payment["checkout_url"], data={"method": "card", "outcome": "succeed"})

    async def heard() -> list[tuple[int, bool]]:
        rows = await fetch(
            "SELECT cardinality(signed_at) AS times, applied_at IS NOT NULL AS applied FROM provider_events"
            " WHERE received_at > $1",
            before,
        )
        return [tuple(row) for row in rows]

    await until(
        heard,
        lambda rows: max((times for times, _ in rows), default=0) > 1 and all(applied for _, applied in rows),
        "the event that nobody answered for came again, and all are applied",
    )
    assert not system.is_armed("event.stored")
    await until(lambda: status_of(booking), lambda status: status == "confirmed", "the booking is confirmed")
    assert await captures(booking) == 1


async def test_workers_that_die_before_after_and_amid_their_work_are_made_good_within_15_seconds(
    system: System, look: None
) -> None:
    await turn(system)
    places = ("refund.begun", "refund.asked", "payment.recorded")
    async with Story.open(api=system.api) as story:
        partner, offer = await begin(story, 3)
        _, other = await begin(story, 4)
        _, third = await begin(story, 5)
        paid = [await story.pay(partner, await story.book(partner, found), method="card") for found in (offer, other)]
        waiting = await story.book(partner, third)
        page = (await page_of(partner, waiting))["checkout_url"]
        for place in places:
            system.arm(place)
        started = time.monotonic()
        await asyncio.gather(
            *(cancel(partner, booking) for booking in paid),
            story.http.post(page, data={"method": "card", "outcome": "succeed"}),
        )

    ids = [parse("bkg", booking["id"]) for booking in paid]

    async def done() -> bool:
        refunded = await fetch_value(
            "SELECT count(*) FROM refunds WHERE booking_id = ANY($1) AND status = 'succeeded'", ids
        )
        return refunded == 2 and await status_of(waiting) == "confirmed"

    await until(done, bool, "both refunds and the booking are through")
    elapsed_s = time.monotonic() - started

    async def orders() -> list[tuple[int, str]]:
        rows = await fetch(
            "SELECT attempts, state FROM outbox WHERE kind = 'refunds.submit' AND (payload ->> 'refund_id')::uuid IN"
            " (SELECT id FROM refunds WHERE booking_id = ANY($1))",
            ids,
        )
        return [tuple(row) for row in rows]

    # One died before the provider heard of its refund and one after: each was taken up once more, though the webhook
    # may have been faster, and gave money back once.
    await until(orders, lambda found: found == [(2, "done")] * 2, "both orders were taken up once more")
    assert [place for place in places if system.is_armed(place)] == []
    assert elapsed_s < SWEPT_S

    intents = {
        row["provider_intent_id"]
        for row in await fetch("SELECT provider_intent_id FROM payments WHERE booking_id = ANY($1)", ids)
    }
    given = [one["payment_intent"] for one in (await Provider.read(system)).refunds if one["payment_intent"] in intents]
    assert sorted(given) == sorted(intents)
    assert await captures(waiting) == 1
