"""What the institution does with a confirmed booking."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.bookings.errors import BalanceUnpaid, TooEarly
from marketplace.bookings.events import BookingAcknowledged, BookingCheckedIn, BookingCompleted
from marketplace.bookings.operations.charging import void_charges
from marketplace.bookings.operations.loading import give_back_extension, lock, lock_as, peek_own
from marketplace.bookings.operations.rooming import give_out
from marketplace.bookings.rules import due_by
from marketplace.bookings.states import Event, Status
from marketplace.identity.rules import Principal
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import IllegalTransition
from marketplace.kit.outbox import publish
from marketplace.pricing.rules import Leg
from marketplace.tours import queries as tours


async def acknowledge(*, principal: Principal, booking_id: UUID, now: datetime) -> None:
    """Say that the institution has seen a confirmed booking; saying it again changes nothing.

    Refuses: NotFound, IllegalTransition. Publishes: booking.acknowledged.
    """
    async with transaction():
        await peek_own(booking_id, principal=principal)
        row = await lock(booking_id)
        if row.status is not Status.CONFIRMED:
            raise IllegalTransition(current=row.status.value, event="acknowledge")
        if row.acknowledged_at is not None:
            return
        await execute("UPDATE bookings SET acknowledged_at = $2 WHERE id = $1", booking_id, now)
        await publish(BookingAcknowledged(**row.news), now=now)
        await audit.record("booking.acknowledged", actor=principal, subject=booking_id, now=now)


async def check_in(*, principal: Principal, booking_id: UUID, now: datetime) -> None:
    """Receive the guests on or after the first day of the stay, with all that is due paid, in the rooms that are now theirs.

    Refuses: NotFound, IllegalTransition, TooEarly, BalanceUnpaid. Publishes: booking.checked_in.
    """
    async with transaction():
        before = await peek_own(booking_id, principal=principal)
        room_type_id = before.room_type_id or await tours.room_type_of(seat_id=before.seat_id)
        if room_type_id is not None:
            await give_out(room_type_id=room_type_id, now=now)
        row = await lock(booking_id)
        status = row.after(Event.CHECK_IN)
        if local_date(now) < row.check_in:
            raise TooEarly(on=row.check_in.isoformat())
        # Of a long stay the months to come are paid later.
        if row.paid_amount < due_by(msgspec.json.decode(row.schedule, type=list[Leg]), day=local_date(now)):
            raise BalanceUnpaid
        await execute(
            "UPDATE bookings SET status = $2, checked_in_at = $3,"
            " acknowledged_at = coalesce(acknowledged_at, $3) WHERE id = $1",
            booking_id,
            status.value,
            now,
        )
        await publish(BookingCheckedIn(**row.news), now=now)
        await audit.record("booking.checked_in", actor=principal, subject=booking_id, now=now)


async def check_out(*, principal: Principal, booking_id: UUID, now: datetime) -> None:
    """End the stay, and with it whatever is open beside its price.

    Refuses: NotFound, IllegalTransition. Publishes: booking.completed, booking.charge_ended.
    """
    async with transaction():
        before = await peek_own(booking_id, principal=principal)
        await give_back_extension(before)
        row = await lock_as(before)
        status = row.after(Event.CHECK_OUT)
        await execute(
            "UPDATE bookings SET status = $2, ended_at = $3, ending_reason = 'completed' WHERE id = $1",
            booking_id,
            status.value,
            now,
        )
        if row.has_open_charges:
            await void_charges(row, now=now)
        await publish(BookingCompleted(**row.news), now=now)
        await audit.record("booking.completed", actor=principal, subject=booking_id, now=now)
