"""Opening a payment: the row that says what is to be collected, before the provider hears of it."""

from datetime import datetime
from uuid import UUID

from marketplace.kit.audit import Actor, record
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.payments.errors import AlreadyPaid
from marketplace.payments.operations.cancelling import request_cancellation
from marketplace.payments.operations.locks import lock_leg
from marketplace.payments.queries import PaymentRow
from marketplace.payments.rules import Leg, Method
from marketplace.payments.states import UNSETTLED_PAYMENT, PaymentStatus


async def open_payment(  # noqa: PLR0913 - a payment has these facts, and each is named at the call.
    *,
    booking_id: UUID,
    institution_id: UUID,
    partner_id: UUID | None,
    leg: Leg,
    method: Method,
    amount: int,
    expires_at: datetime,
    actor: Actor,
    now: datetime,
    currency: str = "CNY",
) -> UUID:
    """Open the one payment of a leg and return its id; ``amount`` is in minor units, more than 0.

    The open payment of the same leg is used again when it asks for the same by the same method; otherwise it is
    cancelled first. Joins the caller's transaction. ``expires_at`` is when the checkout page should close; it is
    stretched to what the provider accepts when the payment is started.
    Refuses: AlreadyPaid.
    """
    async with transaction():
        while True:
            for former in await lock_leg(booking_id, leg):
                if former.status is PaymentStatus.SUCCEEDED and not former.surplus:
                    raise AlreadyPaid
                if former.status in UNSETTLED_PAYMENT and former.cancel_requested_at is None:
                    if _serves(former, method=method, amount=amount, currency=currency, now=now):
                        return former.id
                    await request_cancellation(former, actor=actor, now=now)
            payment_id: UUID | None = await fetch_value(
                "INSERT INTO payments (id, booking_id, institution_id, partner_id, leg, method, amount, currency, status,"
                " attempt, expires_at, surplus, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'created', 1, $9, false, $10)"
                " ON CONFLICT (booking_id, leg) WHERE status IN ('created', 'pending') AND cancel_requested_at IS NULL"
                " DO NOTHING RETURNING id",
                new_id(),
                booking_id,
                institution_id,
                partner_id,
                leg.value,
                method.value,
                amount,
                currency,
                expires_at,
                now,
            )
            if payment_id is not None:
                await record("payment.opened", actor=actor, subject=payment_id, now=now, after=[leg, method, amount])
                return payment_id
            # Somebody opened the leg's payment between our look and our insert; it is committed now, so look again.


def _serves(former: PaymentRow, *, method: Method, amount: int, currency: str, now: datetime) -> bool:
    """Say whether an open payment is what is asked for and its page, if it has one, can still be used."""
    asked = (former.method, former.amount, former.currency) == (method, amount, currency)
    return asked and (former.attempted_at is None or former.expires_at > now)
