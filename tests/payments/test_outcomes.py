"""Outcomes: fetched from the provider, recorded once, whatever their order."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations

import msgspec
import pytest

from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id
from marketplace.payments import operations, queries
from marketplace.payments.errors import ProviderDisagrees
from marketplace.payments.rules import Leg, Method, Outcome
from marketplace.payments.states import PaymentStatus


@pytest.mark.parametrize("method", Method)
async def test_money_is_recorded(desk, sandbox, method):
    booking_id = new_id()
    payment_id = await desk.open(booking_id=booking_id, method=method, leg=Leg.DEPOSIT)
    started = await desk.start(payment_id)
    waiting = await desk.apply(payment_id)
    assert (waiting.status, waiting.changed) == (PaymentStatus.PENDING, False)
    await sandbox.pay(started.provider_session_id, method=method)
    recorded = await desk.apply(payment_id)
    assert (recorded.booking_id, recorded.leg, recorded.status) == (booking_id, Leg.DEPOSIT, PaymentStatus.SUCCEEDED)
    assert (recorded.changed, recorded.surplus, recorded.captured_amount) == (True, False, 428_000)
    assert await desk.apply(payment_id) == msgspec.structs.replace(recorded, changed=False)
    assert await desk.published() == ["payment.succeeded"]
    kept = await queries.payment(payment_id)
    assert kept.provider_intent_id.startswith("pi_")
    assert kept.settled_at == desk.now


async def test_a_declined_card_may_be_tried_again_on_the_same_page(desk, sandbox):
    payment_id = await desk.open()
    started = await desk.start(payment_id)
    await sandbox.pay(started.provider_session_id, outcome="decline")
    assert (await desk.apply(payment_id)).status is PaymentStatus.PENDING
    await sandbox.pay(started.provider_session_id)
    assert (await desk.apply(payment_id)).status is PaymentStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("outcome", "event", "status", "news"),
    [
        ("later", "checkout.session.async_payment_succeeded", PaymentStatus.SUCCEEDED, ["payment.succeeded"]),
        ("later_decline", "checkout.session.async_payment_failed", PaymentStatus.FAILED, ["payment.failed"]),
    ],
)
async def test_a_wallet_that_answers_later(*, desk, sandbox, mailbox, outcome, event, status, news):
    await sandbox.control("chaos", {"settle_delay_ms": 60_000})
    payment_id = await desk.open(method=Method.ALIPAY)
    started = await desk.start(payment_id)
    await sandbox.pay(started.provider_session_id, method="alipay", outcome=outcome)
    assert (await desk.apply(payment_id)).status is PaymentStatus.PENDING
    await sandbox.control("clock", {"offset_seconds": 120})
    await mailbox.parcel(event, started.provider_session_id)
    recorded = await desk.apply(payment_id)
    assert (recorded.status, recorded.changed) == (status, True)
    assert await desk.published() == news


async def test_a_page_that_ran_out_is_cancelled(desk, sandbox, mailbox):
    payment_id = await desk.open()
    started = await desk.start(payment_id)
    await sandbox.control("clock", {"offset_seconds": 2 * 3600})
    await mailbox.parcel("checkout.session.expired", started.provider_session_id)
    assert (await desk.apply(payment_id)).status is PaymentStatus.CANCELLED
    assert await desk.published() == []


async def test_a_payment_that_was_never_started_is_unknown_to_the_provider(desk):
    payment_id = await desk.open()
    assert await operations.fetch_outcome(payment_id=payment_id) == Outcome(status=PaymentStatus.CREATED)
    assert (await desk.apply(payment_id)).changed is False


async def test_a_page_that_a_crash_forgot_is_found_and_can_be_paid(desk, sandbox):
    payment_id = await desk.open()
    await sandbox.control("chaos", {"lose_response_rate": 1.0})
    with pytest.raises(Exception, match="unavailable"):
        await desk.start(payment_id)
    await sandbox.calm()
    recorded = await desk.apply(payment_id)
    assert (recorded.status, recorded.changed) == (PaymentStatus.PENDING, True)
    found = await queries.payment(payment_id)
    assert (await desk.start(payment_id)).checkout_url == found.checkout_url
    assert found.checkout_url.endswith(found.provider_session_id)


async def cancel(desk, payment_id, booking_id):
    async with transaction():
        await operations.cancel_open_payments(booking_id=booking_id, actor=SYSTEM, now=desk.now)
    await operations.cancel_at_provider(payment_id=payment_id)


async def test_a_cancelled_payment_can_no_longer_be_paid(desk, sandbox):
    booking_id = new_id()
    payment_id = await desk.open(booking_id=booking_id)
    started = await desk.start(payment_id)
    await cancel(desk, payment_id, booking_id)
    recorded = await desk.apply(payment_id)
    assert (recorded.status, recorded.cancel_requested) == (PaymentStatus.CANCELLED, True)
    await operations.cancel_at_provider(payment_id=payment_id)
    await sandbox.pay(started.provider_session_id)
    assert (await desk.apply(payment_id)).changed is False


async def test_money_that_was_faster_than_the_cancellation_is_recorded(desk, sandbox):
    booking_id = new_id()
    payment_id = await desk.open(booking_id=booking_id)
    started = await desk.start(payment_id)
    await sandbox.pay(started.provider_session_id)
    await cancel(desk, payment_id, booking_id)
    recorded = await desk.apply(payment_id)
    assert (recorded.status, recorded.cancel_requested) == (PaymentStatus.SUCCEEDED, True)


async def test_a_second_payment_of_the_same_leg_is_surplus(desk, sandbox):
    booking_id = new_id()
    first = await desk.open(booking_id=booking_id)
    page = await desk.start(first)
    second = await desk.paid(booking_id=booking_id, method=Method.ALIPAY)
    await sandbox.pay(page.provider_session_id)
    recorded = await desk.apply(first, now=desk.now + timedelta(seconds=1))
    assert (recorded.status, recorded.surplus, recorded.captured_amount) == (PaymentStatus.SUCCEEDED, True, 428_000)
    captured = await queries.captured_payments(booking_id)
    assert [(one.payment_id, one.surplus, one.refundable_amount) for one in captured] == [
        (second, False, 428_000),
        (first, True, 428_000),
    ]


@dataclass(frozen=True)
class Seen:
    status: PaymentStatus

    def outcome(self, number: int) -> Outcome:
        paid = self.status is PaymentStatus.SUCCEEDED
        return Outcome(
            status=self.status,
            session_id=f"cs_{number}",
            intent_id=f"pi_{number}" if paid else None,
            amount=428_000 if paid else None,
            currency="CNY" if paid else None,
        )


async def test_any_order_and_number_of_outcomes_ends_in_the_same_row(desk):
    statuses = (PaymentStatus.PENDING, PaymentStatus.CANCELLED, PaymentStatus.FAILED, PaymentStatus.SUCCEEDED)
    ends = set()
    for number, order in enumerate(permutations(statuses)):
        payment_id = await desk.open()
        # As a start that crashed before it stored the page's id would leave it.
        async with transaction() as connection:
            await connection.execute("UPDATE payments SET attempted_at = $2 WHERE id = $1", payment_id, desk.now)
        for status in (*order, order[0], *reversed(order)):
            async with transaction():
                await operations.record_outcome(
                    payment_id=payment_id, outcome=Seen(status).outcome(number), now=desk.now
                )
        row = await queries.payment(payment_id)
        assert (row.provider_session_id, row.provider_intent_id) == (f"cs_{number}", f"pi_{number}")
        ends.add((row.status, row.captured_amount, row.surplus, row.failure_code, row.settled_at))
    assert ends == {(PaymentStatus.SUCCEEDED, 428_000, False, None, desk.now)}
    assert (await desk.published()).count("payment.succeeded") == 24


@pytest.mark.parametrize(
    "wrong",
    [{"amount": 427_999}, {"currency": "USD"}, {"session_id": "cs_of_somebody_else"}, {"amount": None}],
)
async def test_what_is_not_ours_is_not_believed(desk, sandbox, wrong):
    payment_id = await desk.open()
    started = await desk.start(payment_id)
    await sandbox.pay(started.provider_session_id)
    outcome = msgspec.structs.replace(await operations.fetch_outcome(payment_id=payment_id), **wrong)
    with pytest.raises(ProviderDisagrees):
        async with transaction():
            await operations.record_outcome(payment_id=payment_id, outcome=outcome, now=desk.now)
    assert (await queries.payment(payment_id)).status is PaymentStatus.PENDING
    assert await desk.published() == []


async def test_recording_needs_the_callers_transaction_and_a_payment(desk):
    outcome = Outcome(status=PaymentStatus.PENDING)
    with pytest.raises(RuntimeError, match="inside transaction"):
        await operations.record_outcome(payment_id=await desk.open(), outcome=outcome, now=desk.now)
    with pytest.raises(NotFound):
        async with transaction():
            await operations.record_outcome(payment_id=new_id(), outcome=outcome, now=desk.now)
