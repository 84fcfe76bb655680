"""Disputes: the books follow the bank, once, in any order, and what was lost is not given back a second time."""

import json

import pytest

from marketplace.kit.db import fetch_value
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import Account
from marketplace.payments import operations, queries
from marketplace.payments.errors import RefundTooLarge
from marketplace.payments.rules import RefundReason
from tests.support.sandbox import API_KEY

PAID = 428_000


@pytest.fixture
def dispute(sandbox):
    async def disputing(payment_id) -> str:
        intent = (await queries.payment(payment_id)).provider_intent_id
        headers = {"Authorization": f"Bearer {API_KEY}"}
        found = (await sandbox.http.get(f"/v1/payment_intents/{intent}", headers=headers)).json()
        return (await sandbox.control(f"charges/{found['latest_charge']}/dispute", {}))["id"]

    return disputing


async def books(booking_id) -> tuple[int, int, int]:
    """What the bank has, what is held for the booking, and what was ours to bear."""
    return (
        await ledger.balance(Account.DISPUTE_HOLD),
        await ledger.balance(Account.CUSTOMER_HELD, subject_id=booking_id),
        await ledger.balance(Account.GOODWILL),
    )


async def test_a_dispute_is_found_once_and_its_money_is_at_the_bank(desk, dispute):
    payment_id = await desk.paid()
    booking_id = (await queries.payment(payment_id)).booking_id
    assert not await queries.is_disputed(booking_id)
    provider_dispute_id = await dispute(payment_id)
    for _ in range(2):
        await operations.apply_disputes(now=desk.now)
    (row,) = await queries.disputes_of(booking_id)
    assert (row.provider_dispute_id, row.amount, row.status, row.reason) == (
        provider_dispute_id,
        PAID,
        "open",
        "fraudulent",
    )
    assert await queries.is_disputed(booking_id)
    assert await books(booking_id) == (PAID, -PAID, 0)
    assert await fetch_value("SELECT count(*) FROM ledger_journals WHERE kind = 'dispute_withdrawn'") == 1
    assert await ledger.verify() == []


async def test_a_dispute_that_is_won_brings_the_money_back(desk, dispute, sandbox):
    payment_id = await desk.paid()
    booking_id = (await queries.payment(payment_id)).booking_id
    provider_dispute_id = await dispute(payment_id)
    await operations.apply_disputes(now=desk.now)
    await sandbox.control(f"disputes/{provider_dispute_id}/win", {})
    for _ in range(2):
        await operations.apply_disputes(now=desk.now)
    assert [row.status for row in await queries.disputes_of(booking_id)] == ["won"]
    assert await books(booking_id) == (0, -PAID, 0)
    assert not await queries.is_disputed(booking_id)


async def test_a_dispute_that_is_lost_cannot_be_refunded_again(desk, dispute, sandbox):
    payment_id = await desk.paid()
    booking_id = (await queries.payment(payment_id)).booking_id
    provider_dispute_id = await dispute(payment_id)
    await sandbox.control(f"disputes/{provider_dispute_id}/lose", {})
    # Opened and decided between two looks: both are told at once.
    for _ in range(2):
        await operations.apply_disputes(now=desk.now)
    assert [row.status for row in await queries.disputes_of(booking_id)] == ["lost"]
    assert await books(booking_id) == (0, 0, 0)
    assert (await queries.payment(payment_id)).lost_amount == PAID
    with pytest.raises(RefundTooLarge):
        await operations.request_refund(
            payment_id=payment_id, amount=1, reason=RefundReason.OTHER, dedupe="lost", now=desk.now
        )
    assert (await queries.refunds_of([booking_id]))[booking_id] == []
    assert [*await ledger.verify(), *await queries.verify()] == []


async def test_a_provider_that_is_away_is_asked_again_later(desk, dispute, sandbox):
    payment_id = await desk.paid()
    booking_id = (await queries.payment(payment_id)).booking_id
    await dispute(payment_id)
    await sandbox.control("chaos", {"error_rate": 1.0})
    await operations.apply_disputes(now=desk.now)
    assert await queries.disputes_of(booking_id) == []
    await sandbox.control("chaos", {"error_rate": 0.0})
    await operations.apply_disputes(now=desk.now)
    assert len(await queries.disputes_of(booking_id)) == 1


async def test_a_bank_that_only_asks_has_taken_nothing(desk, sandbox, mailbox):
    await sandbox.control("chaos", {"settle_delay_ms": 0})
    payment_id = await desk.paid(card="4000000000001976")
    payment = await queries.payment(payment_id)
    raw, _ = await mailbox.parcel("charge.dispute.created", payment.provider_intent_id)
    inquiry = json.loads(raw)["data"]["object"]
    assert inquiry["status"] == "warning_needs_response"
    await operations.apply_dispute(provider_dispute_id=inquiry["id"], now=desk.now)
    await operations.apply_disputes(now=desk.now)
    assert await queries.disputes_of(payment.booking_id) == []
    assert await books(payment.booking_id) == (0, -PAID, 0)


async def test_an_event_about_nobodys_dispute_changes_nothing(desk):
    await operations.apply_dispute(provider_dispute_id="du_of_somebody_else", now=desk.now)
    assert await fetch_value("SELECT count(*) FROM disputes") == 0
