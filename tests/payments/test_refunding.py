"""Refunds: promised once, never more than was captured, believed once fetched."""

from datetime import timedelta

import asyncpg
import pytest

from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.errors import IllegalTransition
from marketplace.kit.ids import new_id, wire
from marketplace.payments import operations, queries
from marketplace.payments.errors import NotCaptured, ProviderUnavailable, RefundTooLarge
from marketplace.payments.rules import Method, RefundReason
from marketplace.payments.states import RefundStatus

REFUNDS_PENDING = "4000000000007726"
REFUNDS_FAIL = "4000000000005126"


async def ask(desk, payment_id, amount, *, dedupe=None):
    return await operations.request_refund(
        payment_id=payment_id,
        amount=amount,
        reason=RefundReason.CANCELLATION,
        dedupe=dedupe or str(new_id()),
        now=desk.now,
    )


async def refunds_of(sandbox, refund_id):
    wanted = wire("ref", refund_id)
    return [one for one in await sandbox.list("/v1/refunds") if one["metadata"]["refund_id"] == wanted]


async def test_a_card_is_refunded(desk, sandbox):
    booking_id = new_id()
    payment_id = await desk.paid(booking_id=booking_id)
    refund_id = await ask(desk, payment_id, 100_000)
    assert (await queries.refund(refund_id)).status is RefundStatus.REQUESTED
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    row = await queries.refund(refund_id)
    [made] = await refunds_of(sandbox, refund_id)
    assert (row.status, row.provider_refund_id, row.settled_at) == (RefundStatus.SUCCEEDED, made["id"], desk.now)
    assert (made["amount"], made["metadata"]) == (
        100_000,
        {"refund_id": wire("ref", refund_id), "payment_id": wire("pay", payment_id)},
    )
    assert await desk.published() == ["payment.succeeded", "refunds.submit", "refund.succeeded"]
    [captured] = await queries.captured_payments(booking_id)
    assert (captured.captured_amount, captured.refundable_amount) == (428_000, 328_000)


@pytest.mark.parametrize("method", [Method.ALIPAY, Method.WECHAT_PAY])
async def test_a_wallet_is_refunded_later(desk, sandbox, mailbox, method):
    await sandbox.control("chaos", {"settle_delay_ms": 60_000})
    payment_id = await desk.paid(method=method)
    refund_id = await ask(desk, payment_id, 428_000)
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    assert (await queries.refund(refund_id)).status is RefundStatus.PENDING
    await sandbox.control("clock", {"offset_seconds": 120})
    await mailbox.parcel("refund.updated", wire("ref", refund_id))
    for _ in range(2):
        await operations.apply_refund(refund_id=refund_id, now=desk.now)
    assert (await queries.refund(refund_id)).status is RefundStatus.SUCCEEDED
    assert (await desk.published()).count("refund.succeeded") == 1


async def test_a_pending_refund_that_fails_is_handed_over(desk, sandbox):
    booking_id = new_id()
    payment_id = await desk.paid(booking_id=booking_id, card=REFUNDS_PENDING)
    refund_id = await ask(desk, payment_id, 428_000)
    await sandbox.control("chaos", {"settle_delay_ms": 600_000})
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    pending = await queries.refund(refund_id)
    assert pending.status is RefundStatus.PENDING
    await sandbox.control(f"refunds/{pending.provider_refund_id}/fail", {})
    await operations.apply_refund(refund_id=refund_id, now=desk.now)
    failed = await queries.refund(refund_id)
    assert (failed.status, failed.failure_code) == (RefundStatus.FAILED, "declined")
    assert (await desk.published())[-1] == "refund.failed"
    for _ in range(2):
        await operations.hand_over_refund(refund_id=refund_id, actor=SYSTEM, now=desk.now)
    assert (await queries.refund(refund_id)).status is RefundStatus.MANUAL
    # The promise stands: people pay it, so nobody else may promise the money again.
    assert [one.refundable_amount for one in await queries.captured_payments(booking_id)] == [0]


async def test_a_refund_that_arrived_can_still_come_back(desk, mailbox):
    payment_id = await desk.paid(card=REFUNDS_FAIL)
    refund_id = await ask(desk, payment_id, 50_000)
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    assert (await queries.refund(refund_id)).status is RefundStatus.SUCCEEDED
    await mailbox.parcel("refund.failed", wire("ref", refund_id))
    await operations.apply_refund(refund_id=refund_id, now=desk.now)
    assert (await queries.refund(refund_id)).status is RefundStatus.FAILED
    assert (await desk.published())[-2:] == ["refund.succeeded", "refund.failed"]


async def test_only_a_failed_refund_is_handed_over(desk):
    refund_id = await ask(desk, await desk.paid(), 1_000)
    with pytest.raises(IllegalTransition):
        await operations.hand_over_refund(refund_id=refund_id, actor=SYSTEM, now=desk.now)
    assert (await queries.refund(refund_id)).status is RefundStatus.REQUESTED


async def test_a_wallet_refund_after_its_window_fails_without_a_fuss(desk, sandbox):
    payment_id = await desk.paid(method=Method.ALIPAY)
    await sandbox.control("clock", {"offset_seconds": 91 * 86_400})
    refund_id = await ask(desk, payment_id, 428_000)
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    row = await queries.refund(refund_id)
    assert (row.status, row.failure_code, row.provider_refund_id) == (
        RefundStatus.FAILED,
        "charge_not_refundable",
        None,
    )
    await operations.apply_refund(refund_id=refund_id, now=desk.now)
    assert (await desk.published()).count("refund.failed") == 1
    assert await refunds_of(sandbox, refund_id) == []


async def test_an_answer_that_is_lost_gives_the_money_back_once(desk, sandbox):
    refund_id = await ask(desk, await desk.paid(), 70_000)
    await sandbox.control("chaos", {"lose_response_rate": 1.0})
    with pytest.raises(ProviderUnavailable):
        await operations.submit_refund(refund_id=refund_id, now=desk.now)
    assert (await queries.refund(refund_id)).status is RefundStatus.SUBMITTED
    await sandbox.calm()
    await operations.apply_refund(refund_id=refund_id, now=desk.now)
    [made] = await refunds_of(sandbox, refund_id)
    assert (await queries.refund(refund_id)).provider_refund_id == made["id"]


async def test_a_refund_older_than_its_key_is_looked_up_first(desk, sandbox):
    refund_id = await ask(desk, await desk.paid(), 70_000)
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    # As a crash between the provider's answer and our write leaves it; the sandbox forgets keys after 24 hours.
    await execute(
        "UPDATE refunds SET status = 'submitted', provider_refund_id = NULL, settled_at = NULL WHERE id = $1", refund_id
    )
    await sandbox.control("clock", {"offset_seconds": 25 * 3600})
    await operations.submit_refund(refund_id=refund_id, now=desk.now + timedelta(hours=25))
    [made] = await refunds_of(sandbox, refund_id)
    row = await queries.refund(refund_id)
    assert (row.status, row.provider_refund_id) == (RefundStatus.SUCCEEDED, made["id"])


async def test_the_same_request_is_one_refund(desk):
    payment_id = await desk.paid()
    assert await ask(desk, payment_id, 1_000, dedupe="x") == await ask(desk, payment_id, 1_000, dedupe="x")
    assert await fetch_value("SELECT count(*) FROM refunds") == 1
    assert (await desk.published()).count("refunds.submit") == 1


async def test_more_than_was_captured_is_refused(desk):
    payment_id = await desk.paid(amount=10_000)
    await ask(desk, payment_id, 6_000)
    with pytest.raises(RefundTooLarge) as refusal:
        await ask(desk, payment_id, 4_001)
    assert refusal.value.facts == {"refundable_amount": 4_000}
    assert await fetch_value("SELECT sum(amount)::bigint FROM refunds") == 6_000
    await ask(desk, payment_id, 4_000)


async def test_the_database_refuses_more_than_was_captured(desk):
    payment_id = await desk.paid(amount=10_000)
    refund_id = await ask(desk, payment_id, 6_000)
    with pytest.raises(asyncpg.CheckViolationError) as refusal:
        async with transaction():
            await execute("UPDATE refunds SET amount = 10001 WHERE id = $1", refund_id)
    assert refusal.value.constraint_name == "refunds_within_captured"
    copy = (
        "INSERT INTO refunds SELECT gen_random_uuid(), payment_id, booking_id, institution_id, partner_id, amount, currency,"
        " reason, status, 'copy', attempted_at, provider_refund_id, failure_code, requested_at, checked_at, settled_at"
        " FROM refunds WHERE id = $1"
    )
    with pytest.raises(asyncpg.CheckViolationError) as refusal:
        async with transaction():
            await execute(copy, refund_id)
    assert refusal.value.constraint_name == "refunds_within_captured"
    assert await fetch_value("SELECT sum(amount)::bigint FROM refunds") == 6_000


async def test_money_that_has_not_arrived_cannot_go_back(desk):
    payment_id = await desk.open()
    with pytest.raises(NotCaptured):
        await ask(desk, payment_id, 1)
    assert await fetch_value("SELECT count(*) FROM refunds") == 0
    assert await desk.published() == []
