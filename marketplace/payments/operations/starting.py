"""Starting a payment: freeze the request, ask the provider, write down what it made; any line may be the last."""

from datetime import datetime
from uuid import UUID

from marketplace.kit import failpoints
from marketplace.kit.audit import Actor, record
from marketplace.kit.db import fetch_one, transaction
from marketplace.kit.outbox import publish
from marketplace.payments.errors import PaymentClosed, PaymentRefused, ProviderUnavailable
from marketplace.payments.gateway import KeyReused, Refused, gateway
from marketplace.payments.jobs import CancelPayment
from marketplace.payments.operations.locating import find_session
from marketplace.payments.operations.locks import lock_payment
from marketplace.payments.operations.outcomes import record_outcome
from marketplace.payments.queries import PaymentRow, payment_of
from marketplace.payments.rules import KEY_TRUST, Outcome, PaymentRequest, Started, checkout_expiry
from marketplace.payments.states import UNSETTLED_PAYMENT, PaymentStatus


async def start_payment(
    *, payment_id: UUID, success_url: str, cancel_url: str, actor: Actor, now: datetime
) -> PaymentRow:
    """Have the provider open the payment's checkout page and return the payment with its ``checkout_url``.

    May be repeated after a crash at any line, and run twice at once: one page is made. The URLs must be the same each
    time, so make them from the payment's id. No transaction may be open.
    Refuses: NotFound, PaymentClosed, PaymentRefused, ProviderUnavailable.
    """
    payment = await _begin(payment_id, now=now)
    if payment.checkout_url is not None:
        return payment
    failpoints.reach("payment.begun")
    try:
        started = await _ask(payment, success_url=success_url, cancel_url=cancel_url, now=now)
    except Refused as refusal:
        async with transaction():
            outcome = Outcome(status=PaymentStatus.FAILED, failure_code=refusal.code)
            await record_outcome(payment_id=payment_id, outcome=outcome, actor=actor, now=now)
        raise PaymentRefused from refusal
    failpoints.reach("payment.asked")
    return await _finish(payment_id, started, actor=actor, now=now)


async def _begin(payment_id: UUID, *, now: datetime) -> PaymentRow:
    """Freeze what will be asked, so that a repeat asks for the same. Refuses: NotFound, PaymentClosed."""
    async with transaction():
        payment = await lock_payment(payment_id)
        if payment.status not in UNSETTLED_PAYMENT or payment.cancel_requested_at is not None:
            shown = PaymentStatus.CANCELLED if payment.status in UNSETTLED_PAYMENT else payment.status
            raise PaymentClosed(payment_status=shown.value)
        if payment.attempted_at is not None:
            return payment
        return await _freeze(payment, attempt=payment.attempt, now=now)


async def _freeze(payment: PaymentRow, *, attempt: int, now: datetime) -> PaymentRow:
    row = await fetch_one(
        "UPDATE payments SET attempt = $2, attempted_at = $3, expires_at = $4 WHERE id = $1 RETURNING *",
        payment.id,
        attempt,
        now,
        checkout_expiry(payment.expires_at, attempted_at=now),
    )
    return payment_of(row)


async def _ask(payment: PaymentRow, *, success_url: str, cancel_url: str, now: datetime) -> Started:
    """Ask the provider under the attempt's key, or adopt what the key made when it is too old to be repeated."""
    if payment.attempted_at is not None and now - payment.attempted_at > KEY_TRUST:
        found = await find_session(payment)
        if found is not None:
            return found
        payment = await _next_attempt(payment, now=now)
    request = PaymentRequest(
        payment_id=payment.id,
        booking_id=payment.booking_id,
        attempt=payment.attempt,
        leg=payment.leg,
        method=payment.method,
        amount=payment.amount,
        currency=payment.currency,
        success_url=success_url,
        cancel_url=cancel_url,
        expires_at=payment.expires_at,
    )
    try:
        return await gateway().start_payment(request)
    except KeyReused as reused:
        # The words of the request changed between a crash and this repeat, as a deployment may; the page exists.
        found = await find_session(payment)
        if found is None:
            raise ProviderUnavailable from reused
        return found


async def _next_attempt(payment: PaymentRow, *, now: datetime) -> PaymentRow:
    """Begin a new attempt, unless somebody else has; nothing of the old one exists at the provider."""
    async with transaction():
        locked = await lock_payment(payment.id)
        if locked.attempt != payment.attempt:
            return locked
        return await _freeze(locked, attempt=locked.attempt + 1, now=now)


async def _finish(payment_id: UUID, started: Started, *, actor: Actor, now: datetime) -> PaymentRow:
    """Store the page; when the payment was cancelled meanwhile, have the page closed."""
    async with transaction():
        payment = await lock_payment(payment_id)
        if payment.checkout_url is not None:
            return payment
        row = await fetch_one(
            "UPDATE payments SET provider_session_id = coalesce(provider_session_id, $2), checkout_url = $3,"
            " expires_at = $4, status = CASE status WHEN 'created' THEN 'pending' ELSE status END"
            " WHERE id = $1 RETURNING *",
            payment_id,
            started.session_id,
            started.url,
            started.expires_at,
        )
        if payment.status is PaymentStatus.CREATED:
            await record("payment.started", actor=actor, subject=payment_id, now=now)
        if payment.cancel_requested_at is not None:
            await publish(CancelPayment(payment_id=payment_id), now=now)
        return payment_of(row)
