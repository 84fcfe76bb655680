"""What an institution owes when it cannot honour a stay: everything back, with interest, and a word to the guest."""

from datetime import datetime
from uuid import UUID

from marketplace.bookings.operations.ending import captured, end, owed
from marketplace.bookings.operations.loading import Row, give_back, lock_as, peek_own
from marketplace.bookings.rules import DefaultCause, Defaulted, spread_refund
from marketplace.bookings.states import Event
from marketplace.identity.rules import Principal
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import IllegalTransition
from marketplace.payments import queries as payments
from marketplace.payments.rules import RefundReason
from marketplace.pricing.rules import Cause


async def cancel_by_institution(
    *, principal: Principal, booking_id: UUID, cause: DefaultCause, now: datetime
) -> Defaulted:
    """Cancel a confirmed stay, as the institution that cannot honour it, for the trader's cause (R18).

    All that was paid goes back, whatever the tiers of the contract say, with interest at the institution's expense
    (法释〔2025〕4号 art. 15–17). Seats on a tour are its organiser's to cancel.
    Refuses: NotFound, IllegalTransition. Publishes: booking.cancelled.
    """
    async with transaction():
        before = await peek_own(booking_id, principal=principal)
        _check(before)
        await give_back(before)
        row = await lock_as(before)
        _check(row)
        paid = await captured(row)
        # What a bank has taken back for good is not there to be paid back.
        refunds = spread_refund(paid, min(owed(row, cause=Cause.TRADER, now=now), sum(part.amount for part in paid)))
        await end(
            row,
            event=Event.INSTITUTION_CANCEL,
            reason=RefundReason.INSTITUTION,
            refunds=refunds,
            cause=f"institution:{booking_id}",
            actor=principal,
            now=now,
        )
        defaulted = Defaulted(
            booking_id=row.id,
            refund_amount=sum(part.amount for part in refunds),
            interest_amount=await _interest_owed(row.id),
        )
        await execute(
            "INSERT INTO institution_cancellations (booking_id, institution_id, cause, refund_amount, interest_amount,"
            " cancelled_by, cancelled_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            row.id,
            row.institution_id,
            cause,
            defaulted.refund_amount,
            defaulted.interest_amount,
            principal.id,
            now,
        )
    return defaulted


def _check(row: Row) -> None:
    row.after(Event.INSTITUTION_CANCEL)
    if row.kind != "stay":
        raise IllegalTransition(current=row.status.value, event=Event.INSTITUTION_CANCEL.value)


async def _interest_owed(booking_id: UUID) -> int:
    promised = (await payments.refunds_of([booking_id]))[booking_id]
    return sum(refund.amount for refund in promised if refund.reason is RefundReason.INTEREST)
