"""Opening a payment for the leg that is due."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.bookings import queries
from marketplace.bookings.errors import HoldExpired, LegNotDue
from marketplace.bookings.operations.charging import BESIDE_THE_PRICE, open_charge
from marketplace.bookings.operations.loading import Row, lock, peek_own
from marketplace.bookings.rules import OPEN_FOR_PAYMENT, PAYMENT_OPEN, Payable, opens_on, part_to_pay, payable
from marketplace.bookings.states import Status
from marketplace.identity.rules import Principal
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import transaction
from marketplace.kit.errors import IllegalTransition
from marketplace.kit.ids import wire
from marketplace.payments import operations as payments
from marketplace.payments.rules import Leg as LegName
from marketplace.payments.rules import Method
from marketplace.pricing.rules import Leg
from marketplace.settings import settings


async def pay(  # noqa: PLR0913 - a payment is these facts, each named at the call.
    *, principal: Principal, booking_id: UUID, leg: LegName, method: Method, amount: int | None = None, now: datetime
) -> UUID:
    """Open a payment of ``leg`` and start it at the provider; returns the payment, which carries the page to pay on.

    Without ``amount`` it is for what is left of the leg. Once the booking is confirmed a leg may be paid in parts, since
    wallets have caps.

    The row is committed before the provider is called, under an idempotency key of its own, so a crash in between
    leaves something that a retry or the reconciler completes.

    Refuses: HoldExpired, LegNotDue, Invalid, IllegalTransition, Unavailable when the provider is away.
    """
    await peek_own(booking_id, principal=principal)
    return await _pay(booking_id, leg=leg, method=method, amount=amount, actor=principal, now=now)


async def pay_by_link(*, code: str, method: Method, now: datetime) -> UUID:
    """Open a payment of what is due for the booking that a link is of; whoever pays acts for who booked.

    Refuses: NotFound, LegNotDue, IllegalTransition, Unavailable when the provider is away.
    """
    due = await queries.due_by_link(code=code, now=now)
    if due.leg is None:
        raise LegNotDue(payable=None)
    actor = audit.Actor(kind="link", id=due.booking_id)
    return await _pay(due.booking_id, leg=LegName(due.leg), method=method, amount=None, actor=actor, now=now)


async def _pay(  # noqa: PLR0913 - as above.
    booking_id: UUID, *, leg: LegName, method: Method, amount: int | None, actor: audit.Actor, now: datetime
) -> UUID:
    async with transaction():
        row = await lock(booking_id)
        if row.status not in OPEN_FOR_PAYMENT:
            raise IllegalTransition(current=row.status.value, event="pay")
        if row.status is Status.ON_HOLD and row.hold_expires_at <= now:
            raise HoldExpired
        due, until = await _due(row, leg, now=now)
        payment_id = await payments.open_payment(
            booking_id=booking_id,
            institution_id=row.institution_id,
            partner_id=row.partner_id,
            leg=leg,
            method=method,
            leg_number=due.leg.number,
            leg_amount=due.leg.amount,
            amount=part_to_pay(
                due, wished=amount, may_part=row.status is not Status.ON_HOLD and leg not in BESIDE_THE_PRICE
            ),
            currency=row.currency,
            expires_at=until,
            actor=actor,
            now=now,
        )
        await audit.record("booking.payment_opened", actor=actor, subject=booking_id, now=now)
    return_url = f"{settings().public_url}/payments/{wire('pay', payment_id)}/return"
    await payments.start_payment(
        payment_id=payment_id, success_url=return_url, cancel_url=f"{return_url}?left=true", actor=actor, now=now
    )
    return payment_id


async def _due(row: Row, leg: LegName, *, now: datetime) -> tuple[Payable, datetime]:
    """Return what is to be paid for a leg, and until when its page may be open. Refuses: LegNotDue."""
    if leg in BESIDE_THE_PRICE:
        charge = await open_charge(row.id, leg)
        if charge is None or charge.due_at <= now:
            raise LegNotDue(payable=None)
        found = Leg(leg=leg.value, amount=charge.amount, due_on=local_date(charge.due_at), number=charge.number)
        return Payable(leg=found, left_amount=charge.amount), charge.due_at
    due = payable(msgspec.json.decode(row.schedule, type=list[Leg]), paid_amount=row.paid_amount)
    if due is None or due.leg.leg != leg or local_date(now) < opens_on(due.leg):
        raise LegNotDue(payable=due.leg.leg if due else None)
    return due, row.hold_expires_at if row.status is Status.ON_HOLD else now + PAYMENT_OPEN
