"""Opening a payment: the row that says what is to be collected, before the provider hears of it."""

from datetime import datetime
from uuid import UUID

from marketplace.kit.audit import Actor, record
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.payments.errors import AlreadyPaid
from marketplace.payments.operations.cancelling import request_cancellation
from marketplace.payments.operations.locks import lock_leg
from marketplace.payments.queries import PaymentRow, paid_of
from marketplace.payments.rules import Leg, Method
from marketplace.payments.states import UNSETTLED_PAYMENT


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
    leg_number: int = 1,
    leg_amount: int | None = None,
) -> UUID:
    """Open a payment of a leg and return its id; ``amount`` is in minor units, more than 0.

    A leg is paid whole, or in parts of its ``leg_amount``; one payment of it is open at a time.

    The open payment of the same leg is used again when it asks for the same by the same method; otherwise it is
    cancelled first. Joins the caller's transaction. ``expires_at`` is when the checkout page should close; it is
    stretched to what the provider accepts when the payment is started.
    Refuses: AlreadyPaid when less than ``amount`` of the leg is left.
    """
    whole = leg_amount or amount
    async with transaction():
        while True:
            formers = await lock_leg(booking_id, leg, leg_number)
            if paid_of(formers) + amount > whole:
                raise AlreadyPaid
            for former in formers:
                if former.status in UNSETTLED_PAYMENT and former.cancel_requested_at is None:
                    if _serves(former, method=method, amount=amount, currency=currency, now=now):
                        return former.id
                    await request_cancellation(former, actor=actor, now=now)
            payment_id: UUID | None = await fetch_value(
                "INSERT INTO payments (id, booking_id, institution_id, partner_id, leg, method, amount, currency, status,"
                " attempt, expires_at, surplus, opened_at, leg_number, leg_amount, lost_amount)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'created', 1, $9, false, $10, $11, $12, 0)"
                " ON CONFLICT (booking_id, leg, leg_number) WHERE status IN ('created', 'pending') AND cancel_requested_at IS NULL"
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
                leg_number,
                whole,
            )
            if payment_id is not None:
                await record("payment.opened", actor=actor, subject=payment_id, now=now, after=[leg, method, amount])
                return payment_id
            # Somebody opened the leg's payment between our look and our insert; it is committed now, so look again.


def _serves(former: PaymentRow, *, method: Method, amount: int, currency: str, now: datetime) -> bool:
    """Say whether an open payment is what is asked for and its page, if it has one, can still be used."""
    asked = (former.method, former.amount, former.currency) == (method, amount, currency)
    return asked and (former.attempted_at is None or former.expires_at > now)
