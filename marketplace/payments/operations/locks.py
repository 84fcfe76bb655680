"""Rows under lock."""

from uuid import UUID

from marketplace.kit.db import fetch, fetch_one, require_transaction
from marketplace.kit.errors import NotFound
from marketplace.payments.queries import LEG_OF, PaymentRow, RefundRow, payment_of, refund_of, split_leg
from marketplace.payments.rules import Leg


async def lock_payment(payment_id: UUID) -> PaymentRow:
    """Return a payment FOR UPDATE. Refuses: NotFound."""
    require_transaction()
    row = await fetch_one("SELECT * FROM payments WHERE id = $1 FOR UPDATE", payment_id)
    if row is None:
        raise NotFound
    return payment_of(row)


async def lock_leg(booking_id: UUID, leg: Leg, number: int) -> list[PaymentRow]:
    """Return every payment of one leg FOR UPDATE, in id order."""
    require_transaction()
    rows = await fetch(
        "SELECT * FROM payments WHERE booking_id = $1 AND leg = $2 AND leg_number = $3 ORDER BY id FOR UPDATE",
        booking_id,
        leg.value,
        number,
    )
    return [payment_of(row) for row in rows]


async def lock_leg_of(payment_id: UUID) -> tuple[PaymentRow, list[PaymentRow]]:
    """Return a payment and the others of its leg, all FOR UPDATE in id order. Refuses: NotFound."""
    require_transaction()
    return split_leg(payment_id, await fetch(f"{LEG_OF} FOR UPDATE", payment_id))


async def lock_refund(refund_id: UUID) -> RefundRow:
    """Return a refund FOR UPDATE. Refuses: NotFound."""
    require_transaction()
    row = await fetch_one("SELECT * FROM refunds WHERE id = $1 FOR UPDATE", refund_id)
    if row is None:
        raise NotFound
    return refund_of(row)
