"""Cancelling in two steps: first what it would refund, then doing it at that price."""

from datetime import datetime
from uuid import UUID

from marketplace.bookings.errors import CancellationQuoteExpired
from marketplace.bookings.operations.ending import captured, end, owed
from marketplace.bookings.operations.loading import give_back, lock_as, peek, peek_own
from marketplace.bookings.rules import CANCELLATION_QUOTE, CancellationOffer, cancels_free, spread_refund
from marketplace.bookings.states import FINAL, Event
from marketplace.identity.rules import Principal
from marketplace.kit import audit
from marketplace.kit.db import execute, fetch_one, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id
from marketplace.payments.rules import RefundReason


async def quote_cancellation(*, principal: Principal, booking_id: UUID, now: datetime) -> CancellationOffer:
    """Say what cancelling now would refund, and keep that promise for 15 minutes.

    Refuses: NotFound, IllegalTransition.
    """
    async with transaction():
        row = await peek_own(booking_id, principal=principal)
        row.after(Event.CANCEL)
        offer = CancellationOffer(
            id=new_id(),
            booking_id=row.id,
            paid_amount=row.paid_amount,
            refund_amount=owed(row, now=now),
            expires_at=now + CANCELLATION_QUOTE,
            free_cancel=cancels_free(row.free_cancel_from_at, row.free_cancel_until_at, now=now),
        )
        await execute(
            "INSERT INTO cancellation_quotes (id, booking_id, paid_amount, refund_amount, expires_at, quoted_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            offer.id,
            offer.booking_id,
            offer.paid_amount,
            offer.refund_amount,
            offer.expires_at,
            now,
        )
        await audit.record("booking.cancellation_quoted", actor=principal, subject=row.id, now=now)
    return offer


async def cancel(*, principal: Principal, booking_id: UUID, cancellation_quote_id: UUID, now: datetime) -> None:
    """Cancel at the quoted refund and give the room back.

    Refuses: NotFound, CancellationQuoteExpired, IllegalTransition. Publishes: booking.cancelled.
    """
    async with transaction():
        before = await peek_own(booking_id, principal=principal)
        before.after(Event.CANCEL)
        offer = await fetch_one(
            "SELECT paid_amount, refund_amount, expires_at FROM cancellation_quotes WHERE id = $1 AND booking_id = $2",
            cancellation_quote_id,
            booking_id,
        )
        if offer is None:
            raise NotFound
        await give_back(before)
        row = await lock_as(before)
        row.after(Event.CANCEL)
        if offer["expires_at"] <= now or offer["paid_amount"] != row.paid_amount:
            raise CancellationQuoteExpired
        if offer["refund_amount"] < owed(row, now=now):
            # A suspension has made it free since then: nobody pays a fee that is no longer owed.
            raise CancellationQuoteExpired
        refunds = spread_refund(await captured(row), offer["refund_amount"])
        await end(
            row,
            event=Event.CANCEL,
            reason=RefundReason.CANCELLATION,
            refunds=refunds,
            cause=f"cancel:{booking_id}",
            actor=principal,
            now=now,
        )


async def cancel_by_system(*, booking_id: UUID, reason: RefundReason, now: datetime) -> None:
    """Cancel for a cause that is not the guest's, with a full refund; a booking already ended is left alone."""
    async with transaction():
        before = await peek(booking_id)
        if before.status in FINAL:
            return
        await give_back(before)
        row = await lock_as(before)
        if row.status in FINAL:
            return
        await end(
            row,
            event=Event.CANCEL,
            reason=reason,
            refunds=await captured(row),
            cause=f"{reason.value}:{booking_id}",
            actor=audit.SYSTEM,
            now=now,
        )
