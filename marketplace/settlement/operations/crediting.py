"""Credits: an institution gives its guests money back of its own will, out of its own share and our commission on it."""

from datetime import datetime
from uuid import UUID

from marketplace.bookings import queries as bookings
from marketplace.identity.rules import Principal
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, transaction
from marketplace.kit.ids import new_id
from marketplace.settlement.operations.refunding import give_credit


async def credit_guests(*, principal: Principal, booking_id: UUID, amount: int, reason: str, now: datetime) -> UUID:
    """Refund a part of what was paid for a stay, as its institution; returns the credit.

    Refuses: NotFound, RefundTooLarge, Busy. Publishes: SubmitRefund, SubmitReversal.
    """
    credit_id = new_id()
    async with transaction():
        found = await bookings.booking(principal=principal, booking_id=booking_id, now=now)
        await give_credit(booking_id=booking_id, credit_id=credit_id, amount=amount, actor=principal, now=now)
        await execute(
            "INSERT INTO credits (id, booking_id, institution_id, amount, currency, reason, given_by, given_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            credit_id,
            booking_id,
            found.institution_id,
            amount,
            found.currency,
            vault().seal(reason, table="credits", column="reason", row=credit_id),
            principal.id,
            now,
        )
    return credit_id
