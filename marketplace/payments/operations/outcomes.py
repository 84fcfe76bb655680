"""What the provider says of a payment, and what it changes here: one path for webhook, return, worker, reconciler."""

from datetime import datetime
from uuid import UUID

import structlog

from marketplace.kit.audit import SYSTEM, Actor, record
from marketplace.kit.db import execute, fetch_one, require_transaction
from marketplace.kit.outbox import publish
from marketplace.payments import queries
from marketplace.payments.errors import ProviderDisagrees
from marketplace.payments.events import PaymentFailed, PaymentSucceeded
from marketplace.payments.gateway import gateway
from marketplace.payments.operations.bookkeeping import book_capture
from marketplace.payments.operations.locating import locate_session
from marketplace.payments.operations.locks import lock_leg_of
from marketplace.payments.queries import PaymentRow, payment_of
from marketplace.payments.rules import Outcome, Recorded, advance_payment
from marketplace.payments.states import UNSETTLED_PAYMENT, PaymentStatus

log = structlog.get_logger("payments")


async def fetch_outcome(*, payment_id: UUID) -> Outcome:
    """Ask the provider how a payment stands; nothing is written, and no transaction may be open.

    A payment that the provider does not know is ``created``, or ``cancelled`` once we wanted it cancelled.
    Refuses: NotFound, ProviderUnavailable.
    """
    payment = await queries.payment(payment_id)
    session_id = await locate_session(payment)
    if session_id is None:
        unknown = PaymentStatus.CANCELLED if payment.cancel_requested_at is not None else PaymentStatus.CREATED
        return Outcome(status=unknown)
    return await gateway().get_payment(session_id)


async def record_outcome(*, payment_id: UUID, outcome: Outcome, actor: Actor = SYSTEM, now: datetime) -> Recorded:
    """Record a fetched outcome in the caller's transaction; repeated, late and reordered outcomes change nothing.

    Locks the payments of the same leg, in id order, after the booking. Money for a leg that was paid already is
    recorded as ``surplus`` as a whole, so that a leg never has more than its amount. Refuses: NotFound; ProviderDisagrees when session, amount or currency is not ours.
    Publishes: PaymentSucceeded, PaymentFailed.
    """
    require_transaction()
    payment, others = await lock_leg_of(payment_id)
    _check(payment, outcome)
    status = advance_payment(payment.status, outcome.status)
    if status is payment.status:
        await execute("UPDATE payments SET checked_at = $2 WHERE id = $1", payment_id, now)
        return _recorded(payment, changed=False)
    succeeded = status is PaymentStatus.SUCCEEDED
    surplus = succeeded and not queries.serves(payment, others)
    row = await fetch_one(
        "UPDATE payments SET status = $2, provider_session_id = coalesce(provider_session_id, $3),"
        " provider_intent_id = coalesce(provider_intent_id, $4), captured_amount = $5, surplus = $6, failure_code = $7,"
        " settled_at = $8, checked_at = $9, checkout_url = coalesce(checkout_url, $10)"
        " WHERE id = $1 RETURNING *",
        payment_id,
        status.value,
        outcome.session_id,
        outcome.intent_id,
        outcome.amount if succeeded else None,
        surplus,
        outcome.failure_code,
        None if status in UNSETTLED_PAYMENT else now,
        now,
        outcome.checkout_url,
    )
    after = payment_of(row)
    if succeeded:
        await book_capture(after, now=now)
    await record(f"payment.{status}", actor=actor, subject=payment_id, now=now, before=payment.status, after=status)
    await _announce(payment, status, now=now)
    return _recorded(after, changed=True)


def _check(payment: PaymentRow, outcome: Outcome) -> None:
    other_session = outcome.session_id is not None and payment.provider_session_id not in (None, outcome.session_id)
    other_money = outcome.status is PaymentStatus.SUCCEEDED and (outcome.amount, outcome.currency) != (
        payment.amount,
        payment.currency,
    )
    if other_session or other_money:
        log.error("the provider disagrees", payment_id=str(payment.id), session=other_session, money=other_money)
        raise ProviderDisagrees


async def _announce(payment: PaymentRow, status: PaymentStatus, *, now: datetime) -> None:
    news = {PaymentStatus.SUCCEEDED: PaymentSucceeded, PaymentStatus.FAILED: PaymentFailed}.get(status)
    if news is not None:
        message = news(
            payment_id=payment.id,
            booking_id=payment.booking_id,
            partner_id=payment.partner_id,
            amount=payment.amount,
        )
        await publish(message, now=now)


def _recorded(payment: PaymentRow, *, changed: bool) -> Recorded:
    return Recorded(
        payment_id=payment.id,
        booking_id=payment.booking_id,
        leg=payment.leg,
        status=payment.status,
        changed=changed,
        captured_amount=payment.captured_amount,
        surplus=payment.surplus,
        cancel_requested=payment.cancel_requested_at is not None,
    )
