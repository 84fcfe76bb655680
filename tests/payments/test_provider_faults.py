"""A provider that is broken for long, and one whose bank has the money: we wait or hand over, and nothing is lost."""

import pytest
import stripe

from marketplace.payments import operations, queries
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.gateway.circuit import FAILURES_MAX
from marketplace.payments.rules import RefundReason
from tests.support.sandbox import API_KEY


async def dispute(sandbox, payment_id) -> None:
    intent = (await queries.payment(payment_id)).provider_intent_id
    found = await sandbox.http.get(f"/v1/payment_intents/{intent}", headers={"Authorization": f"Bearer {API_KEY}"})
    await sandbox.control(f"charges/{found.json()['latest_charge']}/dispute", {})


async def ask_for_refund(desk, payment_id, amount=100_000):
    return await operations.request_refund(
        payment_id=payment_id, amount=amount, reason=RefundReason.OTHER, dedupe=f"t:{payment_id}", now=desk.now
    )


@pytest.mark.parametrize(
    # The SDK repeats a 500 by itself, and its repetition is what finds the provider left alone; a 429 it does not repeat.
    ("trouble", "again_after_s"),
    [({"error_rate": 1.0}, 4), ({"busy_rate": 1.0}, 2)],
    ids=["500", "429"],
)
async def test_a_provider_that_is_away_for_long_is_left_alone_and_everything_drains_afterwards(
    desk, sandbox, gateway, monkeypatch, trouble, again_after_s
):
    ticks = [1_000.0]
    monkeypatch.setattr(gateway._http, "_clock", lambda: ticks[0])
    payment_id = await desk.open()
    paid = await desk.paid()
    refund_id = await ask_for_refund(desk, paid)
    await sandbox.control("chaos", trouble)
    while not gateway._http.circuit.is_open:
        with pytest.raises(ProviderUnavailable) as failure:
            await desk.start(payment_id)
        assert failure.value.retry_after_s == 2
    asked = gateway._http.circuit.failure_count
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            await operations.submit_refund(refund_id=refund_id, now=desk.now)
    assert (gateway._http.circuit.failure_count, asked) == (FAILURES_MAX, FAILURES_MAX)
    assert (await queries.payment(payment_id)).status == "created"
    assert (await queries.refund(refund_id)).status == "submitted"

    # One request after each pause tells whether the provider is back.
    ticks[0] += 300
    with pytest.raises(ProviderUnavailable) as failure:
        await desk.start(payment_id)
    assert (gateway._http.circuit.failure_count, failure.value.retry_after_s) == (FAILURES_MAX + 1, again_after_s)
    await sandbox.calm()
    ticks[0] += 4
    assert (await desk.start(payment_id)).status == "pending"
    assert not gateway._http.circuit.is_open
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    assert (await queries.refund(refund_id)).status == "succeeded"


async def test_a_refund_during_a_dispute_fails_and_goes_to_people(desk, sandbox):
    payment_id = await desk.paid()
    await dispute(sandbox, payment_id)
    refund_id = await ask_for_refund(desk, payment_id)
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    failed = await queries.refund(refund_id)
    assert (failed.status, failed.failure_code, failed.provider_refund_id) == ("failed", "charge_disputed", None)
    await operations.hand_over_refund(refund_id=refund_id, now=desk.now)
    assert (await queries.refund(refund_id)).status == "manual"
    intent = (await queries.payment(payment_id)).provider_intent_id
    made = [one for one in await sandbox.list("/v1/refunds") if one["payment_intent"] == intent]
    assert made == []


async def test_a_dispute_during_a_refund_takes_only_what_is_left(desk, sandbox):
    payment_id = await desk.paid()
    refund_id = await ask_for_refund(desk, payment_id, amount=128_000)
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    await dispute(sandbox, payment_id)
    assert (await queries.refund(refund_id)).status == "succeeded"
    intent = (await queries.payment(payment_id)).provider_intent_id
    found = [one for one in await sandbox.list("/v1/disputes") if one["payment_intent"] == intent]
    assert [one["amount"] for one in found] == [300_000]


def test_what_the_sdk_may_repeat_is_bounded():
    from marketplace.payments.gateway.stripe_gateway import RETRIES
    from marketplace.payments.gateway.transport import TIMEOUT_S

    assert RETRIES == 2
    assert (RETRIES + 1) * TIMEOUT_S <= 30
    assert stripe.enable_telemetry is False
