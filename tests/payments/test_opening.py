"""Opening: one open payment per leg of a booking, and none once the leg is paid."""

from datetime import timedelta

import asyncpg
import pytest

from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.payments import operations, queries
from marketplace.payments.errors import AlreadyPaid, PaymentClosed
from marketplace.payments.rules import Leg, Method
from marketplace.payments.states import PaymentStatus


async def test_the_open_payment_is_used_again(desk):
    booking_id = new_id()
    first = await desk.open(booking_id=booking_id)
    assert await desk.open(booking_id=booking_id) == first
    await desk.start(first)
    assert await desk.open(booking_id=booking_id) == first


@pytest.mark.parametrize("change", [{"method": Method.ALIPAY}, {"amount": 428_001}])
async def test_another_wish_cancels_the_former_payment(desk, change):
    booking_id = new_id()
    first = await desk.open(booking_id=booking_id)
    second = await desk.open(booking_id=booking_id, **change)
    assert (await queries.payment(first)).status is PaymentStatus.CANCELLED
    assert (await queries.payment(second)).status is PaymentStatus.CREATED
    assert await desk.published() == []  # The provider never heard of the first.
    with pytest.raises(PaymentClosed):
        await desk.start(first)


async def test_another_method_closes_the_page_of_the_former(desk):
    booking_id = new_id()
    first = await desk.open(booking_id=booking_id)
    await desk.start(first)
    await desk.open(booking_id=booking_id, method=Method.WECHAT_PAY)
    former = await queries.payment(first)
    assert (former.status, former.cancel_requested_at) == (PaymentStatus.PENDING, desk.now)
    assert await desk.published() == ["payments.cancel"]
    with pytest.raises(PaymentClosed) as refusal:
        await desk.start(first)
    assert refusal.value.facts == {"payment_status": "cancelled"}


async def test_a_page_that_has_closed_is_not_used_again(desk):
    booking_id = new_id()
    first = await desk.open(booking_id=booking_id)
    await desk.start(first)
    later = desk.now + timedelta(hours=2)
    second = await desk.open(booking_id=booking_id, now=later, expires_at=later + timedelta(minutes=30))
    assert second != first


async def test_legs_and_bookings_are_apart(desk):
    booking_id = new_id()
    ids = {
        await desk.open(booking_id=booking_id, leg=Leg.DEPOSIT),
        await desk.open(booking_id=booking_id, leg=Leg.BALANCE),
        await desk.open(),
    }
    assert len(ids) == 3


async def test_a_paid_leg_is_not_collected_again(desk):
    booking_id = new_id()
    await desk.paid(booking_id=booking_id, leg=Leg.DEPOSIT)
    with pytest.raises(AlreadyPaid):
        await desk.open(booking_id=booking_id, leg=Leg.DEPOSIT)
    assert len((await queries.payments_of([booking_id]))[booking_id]) == 1
    assert await desk.open(booking_id=booking_id, leg=Leg.BALANCE)


async def test_a_refused_opening_undoes_only_itself(desk):
    booking_id = new_id()
    await desk.paid(booking_id=booking_id)
    async with transaction():
        other = await desk.open()
        with pytest.raises(AlreadyPaid):
            await desk.open(booking_id=booking_id)
    assert (await queries.payment(other)).status is PaymentStatus.CREATED


async def test_cancelling_ends_every_open_payment_of_a_booking(desk):
    booking_id = new_id()
    created = await desk.open(booking_id=booking_id, leg=Leg.DEPOSIT)
    started = await desk.open(booking_id=booking_id, leg=Leg.BALANCE)
    elsewhere = await desk.open()
    await desk.start(started)
    for _ in range(2):
        async with transaction():
            await operations.cancel_open_payments(booking_id=booking_id, actor=SYSTEM, now=desk.now)
    assert (await queries.payment(created)).status is PaymentStatus.CANCELLED
    assert (await queries.payment(started)).cancel_requested_at == desk.now
    assert (await queries.payment(elsewhere)).cancel_requested_at is None
    assert await desk.published() == ["payments.cancel"]


async def test_cancelling_needs_the_callers_transaction(desk):
    with pytest.raises(RuntimeError, match="inside transaction"):
        await operations.cancel_open_payments(booking_id=new_id(), actor=SYSTEM, now=desk.now)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("amount = 0", "payments_amount_check"),
        ("leg = 'tip'", "payments_leg_check"),
        ("status = 'succeeded', settled_at = now()", "payments_check"),
        ("captured_amount = 1", "payments_check"),
        ("status = 'cancelled'", "payments_check1"),
        ("status = 'pending'", "payments_check2"),
        ("surplus = true", "payments_check4"),
    ],
)
async def test_the_database_refuses_impossible_payments(desk, change, constraint):
    payment_id = await desk.open()
    with pytest.raises(asyncpg.CheckViolationError) as refusal:
        async with transaction():
            await execute(f"UPDATE payments SET {change} WHERE id = $1", payment_id)
    assert refusal.value.constraint_name == constraint
    assert await fetch_value("SELECT status FROM payments WHERE id = $1", payment_id) == "created"


@pytest.mark.parametrize("change", ["captured_amount = 1", "status = 'failed', captured_amount = NULL", "amount = 1"])
async def test_the_database_does_not_let_captured_money_be_rewritten(desk, change):
    payment_id = await desk.paid()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="cannot be rewritten"):
        async with transaction():
            await execute(f"UPDATE payments SET {change} WHERE id = $1", payment_id)
    kept = await queries.payment(payment_id)
    assert (kept.status, kept.captured_amount, kept.amount) == (PaymentStatus.SUCCEEDED, 428_000, 428_000)
