"""How a booking ends early: its money goes back and its open payments are closed, once."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from marketplace.bookings.events import BookingCancelled
from marketplace.bookings.operations.charging import void_charges
from marketplace.bookings.operations.loading import Row
from marketplace.bookings.rules import Paid, cancels_free
from marketplace.bookings.states import Event
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute
from marketplace.kit.outbox import publish
from marketplace.payments import operations as payments
from marketplace.payments import queries as payment_queries
from marketplace.payments.rules import TRADER_CAUSES, RefundReason
from marketplace.pricing.rules import CancellationPolicy, Cause, refund_due


def owed(row: Row, *, cause: Cause = Cause.CONSUMER, now: datetime) -> int:
    """Return what cancelling a booking now refunds, in fen: by its policy, and all of it while it may be cancelled free."""
    free = cancels_free(row.free_cancel_from_at, row.free_cancel_until_at, now=now)
    return refund_due(
        msgspec.json.decode(row.cancellation_policy, type=CancellationPolicy),
        paid_amount=row.paid_amount,
        total_amount=row.total_amount,
        first_paid_at=row.first_paid_at,
        check_in=row.check_in,
        now=now,
        cause=Cause.TRADER if free else cause,
    )


async def captured(row: Row) -> list[Paid]:
    """List what each payment of the booking still holds, the oldest first."""
    return [
        Paid(payment_id=payment.payment_id, amount=payment.refundable_amount)
        for payment in await payment_queries.captured_payments(row.id)
        if payment.refundable_amount > 0
    ]


async def end(  # noqa: PLR0913 - how a booking ends is these facts, each named at the call.
    row: Row, *, event: Event, reason: RefundReason, refunds: Sequence[Paid], cause: str, actor: Actor, now: datetime
) -> None:
    """Close a locked booking and send back ``refunds``; ``cause`` names each refund, so that a repeat adds nothing.

    For the trader's cause the institution owes interest beside each refund (R18). Publishes: booking.cancelled.
    """
    status = row.after(event)
    await execute(
        "UPDATE bookings SET status = $2, ended_at = $3, ending_reason = $4, hold_expires_at = NULL WHERE id = $1",
        row.id,
        status.value,
        now,
        reason.value,
    )
    of_trader = reason in TRADER_CAUSES or cancels_free(row.free_cancel_from_at, row.free_cancel_until_at, now=now)
    for part in refunds:
        await payments.request_refund(
            payment_id=part.payment_id,
            amount=part.amount,
            reason=reason,
            dedupe=f"{cause}:{part.payment_id}",
            bears_interest=of_trader,
            actor=actor,
            now=now,
        )
    if row.has_open_charges:
        await void_charges(row, now=now)
    await payments.cancel_open_payments(booking_id=row.id, now=now)
    refund_amount = sum(part.amount for part in refunds)
    await publish(BookingCancelled(**row.news, reason=reason.value, refund_amount=refund_amount), now=now)
    await audit.record(
        "booking.cancelled", actor=actor, subject=row.id, why=reason.value, now=now, before=row.status, after=status
    )
