"""Opening a payment for the leg that is due."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.bookings.errors import HoldExpired, LegNotDue
from marketplace.bookings.operations.loading import lock, peek_own
from marketplace.bookings.rules import PAYMENT_OPEN, payable_leg
from marketplace.bookings.states import Status
from marketplace.identity.rules import Principal
from marketplace.kit import audit
from marketplace.kit.db import transaction
from marketplace.kit.errors import IllegalTransition
from marketplace.kit.ids import wire
from marketplace.payments import operations as payments
from marketplace.payments.rules import Leg as LegName
from marketplace.payments.rules import Method
from marketplace.pricing.rules import Leg
from marketplace.settings import settings


async def pay(*, principal: Principal, booking_id: UUID, leg: LegName, method: Method, now: datetime) -> UUID:
    """Open a payment of ``leg`` and start it at the provider; returns the payment, which carries the page to pay on.

    The row is committed before the provider is called, under an idempotency key of its own, so a crash in between
    leaves something that a retry or the reconciler completes.

    Refuses: HoldExpired, LegNotDue, IllegalTransition, Unavailable when the provider is away.
    """
    await peek_own(booking_id, principal=principal)
    async with transaction():
        row = await lock(booking_id)
        if row.status not in (Status.ON_HOLD, Status.CONFIRMED):
            raise IllegalTransition(current=row.status.value, event="pay")
        if row.status is Status.ON_HOLD and row.hold_expires_at <= now:
            raise HoldExpired
        due = payable_leg(msgspec.json.decode(row.schedule, type=list[Leg]), paid_amount=row.paid_amount)
        if due is None or due.leg != leg:
            raise LegNotDue(payable=due.leg if due else None)
        payment_id = await payments.open_payment(
            booking_id=booking_id,
            institution_id=row.institution_id,
            partner_id=row.partner_id,
            leg=leg,
            method=method,
            amount=due.amount,
            currency=row.currency,
            expires_at=row.hold_expires_at if row.status is Status.ON_HOLD else now + PAYMENT_OPEN,
            actor=principal,
            now=now,
        )
        await audit.record("booking.payment_opened", actor=principal, subject=booking_id, now=now)
    return_url = f"{settings().public_url}/payments/{wire('pay', payment_id)}/return"
    await payments.start_payment(
        payment_id=payment_id, success_url=return_url, cancel_url=return_url, actor=principal, now=now
    )
    return payment_id
