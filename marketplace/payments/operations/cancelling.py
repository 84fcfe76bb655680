"""Cancelling payments: first we say so, then the provider closes the page, then its answer is applied."""

from datetime import datetime
from uuid import UUID

from marketplace.kit.audit import SYSTEM, Actor, record
from marketplace.kit.db import execute, fetch, require_transaction
from marketplace.kit.outbox import publish
from marketplace.payments import queries
from marketplace.payments.gateway import gateway
from marketplace.payments.jobs import CancelPayment
from marketplace.payments.operations.locating import locate_session
from marketplace.payments.operations.locks import lock_leg
from marketplace.payments.queries import PaymentRow, payment_of
from marketplace.payments.rules import Leg
from marketplace.payments.states import UNSETTLED_PAYMENT


async def cancel_open_payments(*, booking_id: UUID, actor: Actor = SYSTEM, now: datetime) -> None:
    """Cancel what is being collected for a booking, in the caller's transaction; nothing new is started from now on.

    Money that is already on its way may still arrive, and is then applied as late money.
    Publishes: CancelPayment for each payment that the provider may know.
    """
    require_transaction()
    rows = await fetch(
        "SELECT * FROM payments WHERE booking_id = $1 AND settled_at IS NULL AND cancel_requested_at IS NULL"
        " ORDER BY id FOR UPDATE",
        booking_id,
    )
    for row in rows:
        await request_cancellation(payment_of(row), actor=actor, now=now)


async def cancel_open_leg(*, booking_id: UUID, leg: Leg, number: int, actor: Actor = SYSTEM, now: datetime) -> None:
    """Cancel what is being collected for one leg, in the caller's transaction. Publishes: CancelPayment."""
    for payment in await lock_leg(booking_id, leg, number):
        if payment.status in UNSETTLED_PAYMENT and payment.cancel_requested_at is None:
            await request_cancellation(payment, actor=actor, now=now)


async def request_cancellation(payment: PaymentRow, *, actor: Actor, now: datetime) -> None:
    """Cancel a locked payment: at once when the provider never heard of it, else by a job."""
    if payment.attempted_at is None:
        await execute(
            "UPDATE payments SET status = 'cancelled', cancel_requested_at = $2, settled_at = $2 WHERE id = $1",
            payment.id,
            now,
        )
    else:
        await execute("UPDATE payments SET cancel_requested_at = $2 WHERE id = $1", payment.id, now)
        await publish(CancelPayment(payment_id=payment.id), now=now)
    await record("payment.cancellation_requested", actor=actor, subject=payment.id, now=now)


async def cancel_at_provider(*, payment_id: UUID) -> None:
    """Close a payment's checkout page if it is still open; call ``apply_payment`` afterwards, whatever happened here.

    Refuses: ProviderUnavailable.
    """
    payment = await queries.payment(payment_id)
    if payment.status not in UNSETTLED_PAYMENT and payment.provider_session_id is None:
        return
    session_id = await locate_session(payment)
    if session_id is not None:
        await gateway().cancel_payment(session_id)
