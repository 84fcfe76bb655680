"""Many hands at once, with real commits."""

import asyncio
from datetime import timedelta

import pytest

from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.ids import new_id, wire
from marketplace.payments import operations, queries
from marketplace.payments.errors import ProviderUnavailable, RefundTooLarge
from marketplace.payments.rules import Method, RefundReason
from marketplace.payments.states import PaymentStatus


@pytest.fixture
def storage(committed):
    """Real commits and many connections."""


async def test_opening_at_once_opens_one_payment(desk):
    booking_id = new_id()
    ids = await asyncio.gather(*(desk.open(booking_id=booking_id) for _ in range(10)))
    assert len(set(ids)) == 1
    assert await fetch_value("SELECT count(*) FROM payments") == 1


async def test_opening_at_once_by_different_methods_leaves_one_open(desk):
    booking_id = new_id()
    await asyncio.gather(*(desk.open(booking_id=booking_id, method=method) for method in list(Method) * 3))
    assert await fetch_value("SELECT count(*) FROM payments WHERE status = 'created'") == 1


async def test_starting_at_once_makes_one_page(desk, sandbox):
    payment_id = await desk.open()
    await sandbox.control("chaos", {"latency_ms": 300})
    answers = await asyncio.gather(*(desk.start(payment_id) for _ in range(6)), return_exceptions=True)
    started = [one for one in answers if not isinstance(one, BaseException)]
    assert started
    # Whoever still found the first request in flight after the SDK's own tries may simply repeat.
    assert all(isinstance(one, ProviderUnavailable) for one in answers if isinstance(one, BaseException))
    pages = [
        one
        for one in await sandbox.list("/v1/checkout/sessions")
        if one["client_reference_id"] == wire("pay", payment_id)
    ]
    assert {one.provider_session_id for one in started} == {pages[0]["id"]}
    assert len(pages) == 1


async def test_applying_at_once_records_the_money_once(desk, sandbox):
    payment_id = await desk.open()
    started = await desk.start(payment_id)
    await sandbox.pay(started.provider_session_id)
    recorded = await asyncio.gather(*(desk.apply(payment_id) for _ in range(8)))
    assert sorted(one.changed for one in recorded) == [False] * 7 + [True]
    assert {one.status for one in recorded} == {PaymentStatus.SUCCEEDED}
    assert await desk.published() == ["payment.succeeded"]


async def test_two_payments_of_a_leg_at_once_leave_one_surplus(desk, sandbox):
    booking_id = new_id()
    first = await desk.open(booking_id=booking_id)
    page = await desk.start(first)
    second = await desk.open(booking_id=booking_id, method=Method.ALIPAY)
    other = await desk.start(second)
    await sandbox.pay(page.provider_session_id)
    await sandbox.pay(other.provider_session_id, method="alipay")
    recorded = await asyncio.gather(desk.apply(first), desk.apply(second))
    assert sorted(one.surplus for one in recorded) == [False, True]
    assert {one.status for one in recorded} == {PaymentStatus.SUCCEEDED}


async def test_refunds_at_once_never_exceed_what_was_captured(desk):
    payment_id = await desk.paid(amount=100_000)

    async def ask(n: int) -> bool:
        try:
            async with transaction():
                await operations.request_refund(
                    payment_id=payment_id, amount=30_000, reason=RefundReason.OTHER, dedupe=f"race:{n}", now=desk.now
                )
        except RefundTooLarge:
            return False
        return True

    assert sum(await asyncio.gather(*(ask(n) for n in range(8)))) == 3
    assert await fetch_value("SELECT sum(amount)::bigint FROM refunds") == 90_000


async def test_the_same_refund_at_once_is_one_refund(desk):
    payment_id = await desk.paid()
    ids = await asyncio.gather(
        *(
            operations.request_refund(
                payment_id=payment_id, amount=1_000, reason=RefundReason.CANCELLATION, dedupe="same", now=desk.now
            )
            for _ in range(8)
        )
    )
    assert len(set(ids)) == 1
    assert (await desk.published()).count("refunds.submit") == 1


async def test_submitting_a_refund_at_once_gives_the_money_back_once(desk, sandbox):
    payment_id = await desk.paid()
    refund_id = await operations.request_refund(
        payment_id=payment_id, amount=5_000, reason=RefundReason.OTHER, dedupe="once", now=desk.now
    )
    answers = await asyncio.gather(
        *(operations.submit_refund(refund_id=refund_id, now=desk.now) for _ in range(5)), return_exceptions=True
    )
    assert all(one is None or isinstance(one, ProviderUnavailable) for one in answers)
    made = [one for one in await sandbox.list("/v1/refunds") if one["metadata"]["refund_id"] == wire("ref", refund_id)]
    assert [one["amount"] for one in made] == [5_000]
    assert (await queries.refund(refund_id)).provider_refund_id == made[0]["id"]


async def test_cancelling_while_starting_leaves_no_open_page(desk, sandbox):
    booking_id = new_id()
    payment_id = await desk.open(booking_id=booking_id)
    await sandbox.control("chaos", {"latency_ms": 400})
    starting = asyncio.create_task(desk.start(payment_id))
    async with asyncio.timeout(5):
        while (await queries.payment(payment_id)).attempted_at is None:
            pass
    async with transaction():
        await operations.cancel_open_payments(booking_id=booking_id, actor=SYSTEM, now=desk.now)
    await operations.cancel_at_provider(payment_id=payment_id)
    await desk.apply(payment_id, now=desk.now + timedelta(seconds=1))
    await starting
    # The start found the cancellation when it came back, and asked for the page to be closed.
    assert (await desk.published()).count("payments.cancel") == 2
    await operations.cancel_at_provider(payment_id=payment_id)
    await desk.apply(payment_id, now=desk.now + timedelta(seconds=2))
    closed = await queries.payment(payment_id)
    assert closed.status is PaymentStatus.CANCELLED
    [page] = [
        one
        for one in await sandbox.list("/v1/checkout/sessions")
        if one["client_reference_id"] == wire("pay", payment_id)
    ]
    assert page["status"] == "expired"
