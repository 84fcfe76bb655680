"""What the institution asks for beside the price: item by item, and only if the guests agree (明码标价规定 8, R21)."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.bookings.errors import ChargeOpen
from marketplace.bookings.events import BookingChargeEnded, BookingChargeProposed
from marketplace.bookings.jobs import LapseCharge
from marketplace.bookings.operations.charging import ADJUSTMENT, Charge, charge_of, insert_charge, lock_charge, settle
from marketplace.bookings.operations.chasing import ask_for_charge
from marketplace.bookings.operations.loading import Row, lock, peek_own
from marketplace.bookings.rules import Item, line_of_item, month_fee
from marketplace.bookings.states import ChargeEvent, ChargeStatus, Status
from marketplace.identity.rules import Principal
from marketplace.kit import audit
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import IllegalTransition, NotFound
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.pricing.rules import Security, ensure_lawful_security

ANSWER_WITHIN = timedelta(days=7)
PAY_WITHIN = timedelta(days=3)


async def propose_adjustment(  # noqa: PLR0913 - these facts, each named at the call.
    *, principal: Principal, booking_id: UUID, item: Item, unit_amount: int, quantity: int, now: datetime
) -> UUID:
    """Ask the guests of a certain stay for something beside the price; without their word it lapses in a week.

    A 押金 is refused until the institution has a verified custody account, and so is a membership fee (R15, R16).
    Refuses: NotFound, IllegalTransition, PrepaymentUnlawful, ChargeOpen. Publishes: booking.charge_proposed.
    """
    charge_id, due_at = new_id(), now + ANSWER_WITHIN
    line = line_of_item(item, unit_amount=unit_amount, quantity=quantity)
    async with transaction():
        row = await _lock_certain(booking_id, principal)
        if item.is_prepayment:
            fee = month_fee(row.total_amount, nights=(row.check_out - row.check_in).days)
            # No institution has told us of a custody account: there is no place to keep one yet.
            ensure_lawful_security(Security(amount=line.amount, month_fee_amount=fee, custody_account=None))
        written = await insert_charge(
            {
                "id": charge_id,
                "booking_id": booking_id,
                "institution_id": row.institution_id,
                "kind": ADJUSTMENT.value,
                "status": ChargeStatus.PROPOSED.value,
                "first_on": row.check_in,
                "end_on": row.check_out,
                "lines": msgspec.json.encode([line]).decode(),
                "amount": line.amount,
                "currency": row.currency,
                "due_at": due_at,
                "opened_at": now,
            }
        )
        if written is None:
            raise ChargeOpen
        await publish(BookingChargeProposed(**row.news, charge_id=charge_id, amount=line.amount), now=now)
        await publish(LapseCharge(charge_id=charge_id), now=now, due_at=due_at)
        await audit.record("booking.adjustment_proposed", actor=principal, subject=booking_id, now=now, after=line)
    return charge_id


async def accept_charge(*, principal: Principal, booking_id: UUID, charge_id: UUID, now: datetime) -> None:
    """Agree to an adjustment, as its guests: its leg can be paid for three days. Saying it again changes nothing.

    Refuses: NotFound, IllegalTransition. Publishes: booking.payment_due.
    """
    async with transaction():
        row, charge = await _lock_own(booking_id, charge_id, principal)
        if charge.status is ChargeStatus.OPEN:
            return
        due_at = now + PAY_WITHIN
        status = charge.after(ChargeEvent.ACCEPT)
        if charge.due_at <= now:
            raise IllegalTransition(current=ChargeStatus.LAPSED.value, event=ChargeEvent.ACCEPT.value)
        await execute(
            "UPDATE booking_charges SET status = $2, due_at = $3 WHERE id = $1", charge.id, status.value, due_at
        )
        await ask_for_charge(
            row, charge_id=charge_id, leg=ADJUSTMENT, number=charge.number, amount=charge.amount, due_at=due_at, now=now
        )
        await audit.record("booking.adjustment_accepted", actor=principal, subject=booking_id, now=now, after=charge.id)


async def refuse_charge(*, principal: Principal, booking_id: UUID, charge_id: UUID, now: datetime) -> None:
    """Say no to an adjustment: nothing is charged, and nothing else of the booking changes.

    Refuses: NotFound, IllegalTransition. Publishes: booking.charge_ended.
    """
    async with transaction():
        row, charge = await _lock_own(booking_id, charge_id, principal)
        await settle(charge, charge.after(ChargeEvent.REFUSE), now=now)
        await publish(BookingChargeEnded(**row.news, charge_id=charge_id, outcome="refused"), now=now)
        await audit.record("booking.adjustment_refused", actor=principal, subject=booking_id, now=now, after=charge.id)


async def _lock_certain(booking_id: UUID, principal: Principal) -> Row:
    await peek_own(booking_id, principal=principal)
    row = await lock(booking_id)
    if row.status not in (Status.CONFIRMED, Status.CHECKED_IN):
        raise IllegalTransition(current=row.status.value, event="adjust")
    return row


async def _lock_own(booking_id: UUID, charge_id: UUID, principal: Principal) -> tuple[Row, Charge]:
    await peek_own(booking_id, principal=principal)
    found = await charge_of(charge_id)
    if found.booking_id != booking_id or found.kind is not ADJUSTMENT:
        raise NotFound
    row = await lock(booking_id)
    return row, await lock_charge(charge_id)
