"""The one path by which money reaches a booking: webhook, browser return, worker and reconciler all come here."""

from datetime import datetime
from uuid import UUID

import structlog

from marketplace.bookings.events import BookingConfirmed, BookingExpired, PaymentArrivedLate
from marketplace.bookings.operations.charging import (
    BESIDE_THE_PRICE,
    EXTENSION,
    Charge,
    lock_charge,
    numbered_charge,
    receive_charge,
)
from marketplace.bookings.operations.chasing import plan_chases
from marketplace.bookings.operations.extending import secure_extension
from marketplace.bookings.operations.loading import Row, give_back, lock, peek
from marketplace.bookings.states import CHARGE, ChargeEvent, Event, Status
from marketplace.certifications import operations as certifications
from marketplace.inventory import operations as inventory
from marketplace.kit import audit, failpoints
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import Busy, DomainError, NotFound
from marketplace.kit.outbox import publish
from marketplace.payments import operations as payments
from marketplace.payments import queries as payment_queries
from marketplace.payments.queries import PaymentRow
from marketplace.payments.rules import Recorded, RefundReason
from marketplace.payments.states import PaymentStatus
from marketplace.pricing import operations as pricing
from marketplace.tours import operations as tours

log = structlog.get_logger("bookings")


async def apply_payment(*, payment_id: UUID, now: datetime) -> None:
    """Fetch a payment from the provider and bring the booking in line with it; repeating this changes nothing.

    Confirmation needs the room and a bookable institution at this instant (R01). Money that arrives when either is
    gone goes back in full. Refuses: Busy. Publishes: booking.confirmed or booking.payment_arrived_late,
    payment.succeeded.
    """
    outcome = await payments.fetch_outcome(payment_id=payment_id)
    async with transaction():
        payment, others = await payment_queries.leg_of(payment_id)
        before = await peek(payment.booking_id)
        # News that comes again, and money beyond its leg, need no room: nothing may be taken for them.
        serves = outcome.status is PaymentStatus.SUCCEEDED and payment_queries.serves(payment, others)
        secured = await _secure(before, payment, now=now) if serves else _Secured(ok=False)
        row = await lock(payment.booking_id)
        recorded = await payments.record_outcome(payment_id=payment_id, outcome=outcome, now=now)
        if row.status is not before.status or (serves and (recorded.surplus or not recorded.changed)):
            # Another operation moved the booking or its payments while we took the locks above them: start again from
            # what it left, and undo what was secured.
            raise Busy
        if recorded.changed and recorded.captured_amount:
            await _receive(row, recorded=recorded, amount=recorded.captured_amount, secured=secured, now=now)
            failpoints.reach("payment.recorded")


async def apply_provider_event(*, event_id: UUID, now: datetime) -> None:
    """Apply one stored webhook to what it is about; the object itself is fetched, the event is only a hint.

    Our rows are committed before the provider hears of them, so that one we do not have is another system's.
    """
    subject = await payment_queries.resolve(event_id)
    try:
        if subject.kind == "payment" and subject.id is not None:
            await apply_payment(payment_id=subject.id, now=now)
        elif subject.kind == "refund" and subject.id is not None:
            await payments.apply_refund(refund_id=subject.id, now=now)
        elif subject.kind == "dispute" and subject.ref is not None:
            await payments.apply_dispute(provider_dispute_id=subject.ref, now=now)
    except NotFound:
        log.warning("an event of the provider is about nothing of ours", event_id=str(event_id), subject=subject.kind)
    await payments.mark_applied(event_id=event_id, now=now)


class _Secured:
    """What was found when the room was made certain: the allocation that now stands, or none."""

    def __init__(
        self,
        *,
        ok: bool,
        allocation_id: UUID | None = None,
        seat_id: UUID | None = None,
        charge: Charge | None = None,
    ) -> None:
        self.ok = ok
        self.allocation_id = allocation_id
        self.seat_id = seat_id
        self.charge = charge


async def _secure(row: Row, payment: PaymentRow, *, now: datetime) -> _Secured:
    """Make the room and the price certain under the locks that come before the booking's.

    These are certification, departure, room type and the use of a promotion.
    """
    if payment.leg in BESIDE_THE_PRICE:
        return await _secure_charge(row, payment, now=now)
    if row.status in (Status.CONFIRMED, Status.CHECKED_IN):
        return _Secured(ok=True, allocation_id=row.allocation_id, seat_id=row.seat_id)
    if row.status not in (Status.ON_HOLD, Status.EXPIRED):
        return _Secured(ok=False)
    try:
        async with transaction():
            await certifications.ensure_bookable(
                institution_id=row.institution_id, check_in=row.check_in, check_out=row.check_out, now=now
            )
            if row.departure_id is not None:
                return await _secure_seat(row, now=now)
            secured = await _secure_room(row, now=now)
            if row.is_promoted:
                await pricing.keep_promotion(booking_id=row.id, now=now)
            return secured
    except DomainError:
        if row.status is Status.ON_HOLD:
            await give_back(row)
        return _Secured(ok=False)


async def _secure_charge(row: Row, payment: PaymentRow, *, now: datetime) -> _Secured:
    """Make certain what is paid beside the price: further nights must still be had, from who may still be booked."""
    charge = await numbered_charge(row.id, payment.leg, payment.leg_number)
    payable = CHARGE.allows(charge.status, ChargeEvent.PAY) and row.status in (Status.CONFIRMED, Status.CHECKED_IN)
    if not payable:
        return _Secured(ok=False)
    try:
        async with transaction():
            if charge.kind is EXTENSION:
                await secure_extension(row, charge, now=now)
    except DomainError:
        return _Secured(ok=False)
    return _Secured(ok=True, charge=charge)


async def _secure_room(row: Row, *, now: datetime) -> _Secured:
    assert row.room_type_id is not None
    assert row.party is not None
    if row.allocation_id is not None and await inventory.keep(allocation_id=row.allocation_id):
        return _Secured(ok=True, allocation_id=row.allocation_id)
    taken = await inventory.take(
        room_type_id=row.room_type_id,
        check_in=row.check_in,
        check_out=row.check_out,
        unit_count=row.unit_count,
        kind="booking",
        owner_id=row.id,
        expires_at=None,
        gender=row.party.gender,
        companion_bed_count=row.party.companion_bed_count,
        now=now,
    )
    return _Secured(ok=True, allocation_id=taken)


async def _secure_seat(row: Row, *, now: datetime) -> _Secured:
    assert row.departure_id is not None
    assert row.seat_id is not None
    seat = await tours.keep_seat(
        departure_id=row.departure_id,
        seat_id=row.seat_id,
        booking_id=row.id,
        traveller_count=row.guest_count,
        now=now,
    )
    return _Secured(ok=True, seat_id=seat.seat_id)


async def _receive(row: Row, *, recorded: Recorded, amount: int, secured: _Secured, now: datetime) -> None:
    if recorded.surplus:
        await _send_back(row, recorded=recorded, amount=amount, reason=RefundReason.SURPLUS_PAYMENT, now=now)
        return
    if not secured.ok:
        await _send_back(row, recorded=recorded, amount=amount, reason=RefundReason.LATE_PAYMENT, now=now)
        return
    if secured.charge is not None:
        await receive_charge(row, await lock_charge(secured.charge.id), amount=amount, now=now)
        return
    if row.status in (Status.CONFIRMED, Status.CHECKED_IN):
        await execute("UPDATE bookings SET paid_amount = paid_amount + $2 WHERE id = $1", row.id, amount)
        return
    status = row.after(Event.CONFIRM if row.status is Status.ON_HOLD else Event.RETAKE)
    await execute(
        "UPDATE bookings SET status = $2, paid_amount = paid_amount + $3, first_paid_at = $4, allocation_id = $5,"
        " seat_id = $6, ended_at = NULL, ending_reason = NULL WHERE id = $1",
        row.id,
        status.value,
        amount,
        now,
        secured.allocation_id,
        secured.seat_id,
    )
    await plan_chases(row, paid_amount=row.paid_amount + amount, now=now)
    await pricing.record_deal(booking_id=row.id, now=now)
    await publish(BookingConfirmed(**row.news, check_in=row.check_in, check_out=row.check_out), now=now)
    await audit.record(
        "booking.confirmed", actor=audit.SYSTEM, subject=row.id, now=now, before=row.status, after=status
    )


async def _send_back(row: Row, *, recorded: Recorded, amount: int, reason: RefundReason, now: datetime) -> None:
    """Refund money that has nothing to pay for, and end the hold that it came too late for."""
    if row.status is Status.ON_HOLD and reason is RefundReason.LATE_PAYMENT:
        await execute(
            "UPDATE bookings SET status = $2, ended_at = $3, ending_reason = $4 WHERE id = $1",
            row.id,
            row.after(Event.EXPIRE).value,
            now,
            reason.value,
        )
        await publish(BookingExpired(**row.news), now=now)
    await payments.request_refund(
        payment_id=recorded.payment_id,
        amount=amount,
        reason=reason,
        dedupe=f"{reason.value}:{recorded.payment_id}",
        actor=audit.SYSTEM,
        now=now,
    )
    await publish(PaymentArrivedLate(**row.news, payment_id=recorded.payment_id), now=now)
    await audit.record("booking.payment_sent_back", actor=audit.SYSTEM, subject=row.id, why=reason.value, now=now)
