"""A leg is paid in one payment or in several, and never more than once."""

import asyncpg
import pytest

from marketplace.kit.db import execute, transaction
from marketplace.kit.ids import new_id
from marketplace.payments import operations, queries
from marketplace.payments.errors import AlreadyPaid, RefundTooLarge
from marketplace.payments.rules import Leg, Method, RefundReason


async def test_a_leg_is_paid_in_several_payments_and_then_no_more(desk):
    balance = {"booking_id": new_id(), "leg": Leg.BALANCE, "leg_amount": 428_000}
    await desk.paid(**balance, amount=200_000, method=Method.WECHAT_PAY)
    with pytest.raises(AlreadyPaid):
        await desk.open(**balance, amount=228_001)
    await desk.paid(**balance, amount=228_000)
    with pytest.raises(AlreadyPaid):
        await desk.open(**balance, amount=1)

    captured = await queries.captured_payments(balance["booking_id"])
    assert [(one.captured_amount, one.surplus) for one in captured] == [(200_000, False), (228_000, False)]


async def test_months_are_legs_of_their_own(desk):
    booking_id = new_id()
    for number in (1, 2):
        await desk.paid(booking_id=booking_id, leg=Leg.MONTH, leg_number=number)
        with pytest.raises(AlreadyPaid):
            await desk.open(booking_id=booking_id, leg=Leg.MONTH, leg_number=number)

    assert [row.leg_number for row in (await queries.payments_of([booking_id]))[booking_id]] == [1, 2]


async def test_parts_that_together_are_more_than_the_leg_leave_a_surplus(desk, sandbox):
    balance = {"booking_id": new_id(), "leg": Leg.BALANCE, "leg_amount": 428_000}
    part = await desk.open(**balance, amount=200_000)
    page = (await desk.start(part)).provider_session_id
    whole = await desk.open(**balance, amount=428_000)
    await sandbox.pay(page)
    await sandbox.pay((await desk.start(whole)).provider_session_id)

    assert not (await desk.apply(part)).surplus
    assert (await desk.apply(whole)).surplus


async def test_the_database_holds_a_leg_to_its_amount(desk):
    booking_id = new_id()
    first = await desk.paid(booking_id=booking_id)
    await execute("UPDATE payments SET leg_amount = 428_000 * 2 WHERE id = $1", first)
    second = await desk.paid(booking_id=booking_id, amount=428_000, leg_amount=428_000 * 2)
    await execute("UPDATE payments SET surplus = true WHERE id = $1", second)
    await execute("UPDATE payments SET leg_amount = 428_000 WHERE id = $1", second)

    with pytest.raises(asyncpg.CheckViolationError, match="paid more than once"):
        async with transaction():
            await execute("UPDATE payments SET surplus = false WHERE id = $1", second)

    assert (await queries.payment(second)).surplus


async def test_what_a_bank_took_back_for_good_cannot_be_refunded(desk):
    booking_id = new_id()
    payment_id = await desk.paid(booking_id=booking_id)
    await execute("UPDATE payments SET lost_amount = 300_000 WHERE id = $1", payment_id)
    ask = {"payment_id": payment_id, "reason": RefundReason.CANCELLATION, "now": desk.now}

    with pytest.raises(RefundTooLarge) as refusal:
        await operations.request_refund(**ask, amount=128_001, dedupe="too much")
    assert refusal.value.facts == {"refundable_amount": 128_000}
    refund_id = await operations.request_refund(**ask, amount=128_000, dedupe="the rest")
    with pytest.raises(asyncpg.CheckViolationError, match="exceed what was captured"):
        async with transaction():
            await execute("UPDATE refunds SET amount = 128_001 WHERE id = $1", refund_id)

    assert [one.refundable_amount for one in await queries.captured_payments(booking_id)] == [0]
