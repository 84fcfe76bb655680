"""The reconciler's questions: what have we not heard of, and for how long."""

from datetime import timedelta
from itertools import pairwise

import asyncpg
import pytest

from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.payments import operations, queries
from marketplace.payments.operations import inbox
from marketplace.payments.rules import RefundReason


async def test_a_silent_payment_is_stale_after_a_minute_and_then_less_often(desk):
    payment_id = await desk.open()
    assert await queries.stale_payments(desk.now + timedelta(hours=1)) == []  # Never started: nothing to ask about.
    await desk.start(payment_id)
    asked = []
    for seconds in range(0, 1_200, 20):
        instant = desk.now + timedelta(seconds=seconds)
        if payment_id in await queries.stale_payments(instant):
            await desk.apply(payment_id, now=instant)
            asked.append(seconds)
    assert asked[0] == 60
    gaps = [after - before for before, after in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert 60 <= gaps[0] < gaps[-1] <= 180


async def test_a_settled_payment_is_never_stale(desk):
    await desk.paid()
    cancelled = new_id()
    await desk.open(booking_id=cancelled)
    async with transaction():
        await operations.cancel_open_payments(booking_id=cancelled, actor=SYSTEM, now=desk.now)
    assert await queries.stale_payments(desk.now + timedelta(days=1)) == []


async def test_a_refund_is_stale_from_its_request_until_its_end(desk):
    payment_id = await desk.paid()
    refund_id = await operations.request_refund(
        payment_id=payment_id, amount=1, reason=RefundReason.OTHER, dedupe="stale", now=desk.now
    )
    assert await queries.stale_refunds(desk.now + timedelta(seconds=59)) == []
    assert await queries.stale_refunds(desk.now + timedelta(seconds=60)) == [refund_id]
    await operations.apply_refund(refund_id=refund_id, now=desk.now)
    assert await queries.stale_refunds(desk.now + timedelta(days=1)) == []


async def test_old_events_are_forgotten_once_they_are_applied(desk, door, mailbox):
    payment_id = await desk.paid()
    for kind in ("checkout.session.completed", "payment_intent.succeeded"):
        raw, signature = await mailbox.parcel(kind, f"pay_{payment_id.hex}")
        headers = {"content-type": "application/json", "stripe-signature": signature}
        assert (await door.post("/v1/provider-webhooks/stripe", content=raw, headers=headers)).status_code == 200
    applied = await fetch_value("SELECT id FROM provider_events WHERE type = 'payment_intent.succeeded'")
    await operations.mark_applied(event_id=applied, now=desk.now)
    assert await operations.prune_events(now=desk.now + timedelta(days=29)) == 0
    assert await operations.prune_events(now=desk.now + timedelta(days=31)) == 1
    assert await fetch_value("SELECT type FROM provider_events") == "checkout.session.completed"


@pytest.mark.parametrize("away", [ConnectionRefusedError, asyncpg.exceptions.AdminShutdownError, TimeoutError])
async def test_the_door_asks_for_the_event_again_while_the_database_is_away(desk, door, mailbox, monkeypatch, away):
    payment_id = await desk.paid()
    raw, signature = await mailbox.parcel("checkout.session.completed", f"pay_{payment_id.hex}")
    headers = {"content-type": "application/json", "stripe-signature": signature}

    async def nobody(*_):
        raise away("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "fetch_value", nobody)
        answer = await door.post("/v1/provider-webhooks/stripe", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (503, "unavailable", True)
    assert await fetch_value("SELECT count(*) FROM provider_events") == 0


async def test_recording_money_costs_a_fixed_number_of_queries(desk, sandbox, count_queries):
    payment_id = await desk.open()
    started = await desk.start(payment_id)
    await sandbox.pay(started.provider_session_id)
    outcome = await operations.fetch_outcome(payment_id=payment_id)
    # The leg under lock, the row and its journal; audit line, event and nudge go together.
    for expected in (4, 2):
        async with count_queries() as queries_run, transaction():
            await operations.record_outcome(payment_id=payment_id, outcome=outcome, now=desk.now)
        assert len(queries_run) == expected, queries_run
