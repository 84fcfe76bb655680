"""Starting a payment: whatever breaks on the way, there is one checkout page."""

from datetime import timedelta

import pytest

from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, transaction
from marketplace.kit.ids import new_id, wire
from marketplace.payments import operations, queries
from marketplace.payments.errors import PaymentClosed, PaymentRefused, ProviderUnavailable
from marketplace.payments.rules import Method
from marketplace.payments.states import PaymentStatus


async def sessions_of(sandbox, payment_id):
    wanted = wire("pay", payment_id)
    return [one for one in await sandbox.list("/v1/checkout/sessions") if one["client_reference_id"] == wanted]


async def forget_the_answer(payment_id):
    """Undo what is written after the provider answered, as a crash in between would."""
    await execute(
        "UPDATE payments SET status = 'created', provider_session_id = NULL, checkout_url = NULL WHERE id = $1",
        payment_id,
    )


@pytest.mark.parametrize("method", Method)
async def test_a_page_is_opened_at_the_provider(desk, sandbox, method):
    booking_id = new_id()
    payment_id = await desk.open(booking_id=booking_id, method=method, amount=123_456)
    started = await desk.start(payment_id)
    [session] = await sessions_of(sandbox, payment_id)
    assert (started.status, started.provider_session_id, started.checkout_url, started.attempt) == (
        PaymentStatus.PENDING,
        session["id"],
        session["url"],
        1,
    )
    assert (session["amount_total"], session["currency"], session["payment_method_types"]) == (123_456, "cny", [method])
    assert session["metadata"] == {"payment_id": wire("pay", payment_id), "booking_id": wire("bkg", booking_id)}
    assert session["expires_at"] == int((desk.now + timedelta(hours=1)).timestamp())


async def test_starting_again_returns_the_same_page(desk, sandbox):
    payment_id = await desk.open()
    assert await desk.start(payment_id) == await desk.start(payment_id)
    assert len(await sessions_of(sandbox, payment_id)) == 1


async def test_a_crash_after_the_answer_leaves_one_page(desk, sandbox):
    payment_id = await desk.open()
    first = await desk.start(payment_id)
    await forget_the_answer(payment_id)
    again = await desk.start(payment_id, now=desk.now + timedelta(minutes=19))
    assert again.provider_session_id == first.provider_session_id
    assert len(await sessions_of(sandbox, payment_id)) == 1


@pytest.mark.parametrize("after", [timedelta(minutes=21), timedelta(hours=25)])
async def test_an_old_attempt_is_looked_up_before_it_is_repeated(desk, sandbox, after):
    payment_id = await desk.open()
    first = await desk.start(payment_id)
    await forget_the_answer(payment_id)
    # The provider's time passes too: after a day it has forgotten the key, and would make a second page under it.
    await sandbox.control("clock", {"offset_seconds": int(after.total_seconds())})
    again = await desk.start(payment_id, now=desk.now + after)
    assert (again.provider_session_id, again.attempt) == (first.provider_session_id, 1)
    assert len(await sessions_of(sandbox, payment_id)) == 1


async def test_an_old_attempt_that_made_nothing_is_followed_by_another(desk, sandbox):
    payment_id = await desk.open()
    await sandbox.control("chaos", {"error_rate": 1.0})
    with pytest.raises(ProviderUnavailable):
        await desk.start(payment_id)
    await sandbox.calm()
    await sandbox.control("clock", {"offset_seconds": 3 * 3600})
    later = await desk.start(payment_id, now=desk.now + timedelta(hours=3))
    assert (later.attempt, later.expires_at) == (2, (desk.now + timedelta(hours=4)).replace(microsecond=0))
    assert len(await sessions_of(sandbox, payment_id)) == 1


async def test_an_answer_that_is_lost_is_asked_for_again(desk, sandbox):
    payment_id = await desk.open()
    await sandbox.control("chaos", {"lose_response_rate": 1.0})
    with pytest.raises(ProviderUnavailable):
        await desk.start(payment_id)
    lost = await queries.payment(payment_id)
    assert (lost.status, lost.provider_session_id) == (PaymentStatus.CREATED, None)
    await sandbox.calm()
    started = await desk.start(payment_id)
    [session] = await sessions_of(sandbox, payment_id)
    assert started.provider_session_id == session["id"]


async def test_other_words_under_the_same_key_find_the_first_page(desk, sandbox):
    payment_id = await desk.open()
    first = await desk.start(payment_id)
    await forget_the_answer(payment_id)
    moved = await operations.start_payment(
        payment_id=payment_id,
        success_url="https://moved.example/",
        cancel_url="https://moved.example/",
        actor=SYSTEM,
        now=desk.now,
    )
    assert moved.provider_session_id == first.provider_session_id
    assert len(await sessions_of(sandbox, payment_id)) == 1


async def test_a_refused_payment_has_failed(desk, sandbox):
    payment_id = await desk.open(currency="ZZZ")
    with pytest.raises(PaymentRefused):
        await desk.start(payment_id)
    failed = await queries.payment(payment_id)
    assert (failed.status, failed.checkout_url) == (PaymentStatus.FAILED, None)
    assert failed.failure_code is not None
    assert await desk.published() == ["payment.failed"]
    with pytest.raises(PaymentClosed) as refusal:
        await desk.start(payment_id)
    assert refusal.value.facts == {"payment_status": "failed"}
    assert await sessions_of(sandbox, payment_id) == []


async def test_the_provider_is_not_called_inside_a_transaction(desk, sandbox):
    payment_id = await desk.open()
    with pytest.raises(RuntimeError, match="outside service"):
        async with transaction():
            await desk.start(payment_id)
    assert (await queries.payment(payment_id)).attempted_at is None
    assert await sessions_of(sandbox, payment_id) == []
