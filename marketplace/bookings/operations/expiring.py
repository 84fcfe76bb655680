"""The end of a hold, and the one extension it may have."""

from datetime import datetime
from uuid import UUID

from marketplace.bookings.errors import HoldAlreadyExtended, HoldExpired
from marketplace.bookings.events import BookingExpired
from marketplace.bookings.operations.loading import give_back, lock, lock_as, peek, peek_own
from marketplace.bookings.rules import HOLD_EXTENSION
from marketplace.bookings.states import Event, Status
from marketplace.identity.rules import Principal
from marketplace.inventory import operations as inventory
from marketplace.kit import audit
from marketplace.kit.db import execute, fetch, transaction
from marketplace.kit.errors import IllegalTransition
from marketplace.kit.outbox import publish
from marketplace.payments import operations as payments
from marketplace.pricing import operations as pricing
from marketplace.tours import operations as tours


async def expire(*, booking_id: UUID, now: datetime) -> bool:
    """End a hold whose time is up and close its open payments; anything else is left alone.

    A payment that turns out to have succeeded meanwhile is applied as late money. Publishes: booking.expired.
    """
    async with transaction():
        before = await peek(booking_id)
        if not _lapsed(before.status, before.hold_expires_at, now):
            return False
        await give_back(before)
        row = await lock_as(before)
        if not _lapsed(row.status, row.hold_expires_at, now):
            # It was confirmed or extended while we waited: refusing undoes the release above.
            raise IllegalTransition(current=row.status.value, event=Event.EXPIRE.value)
        await execute(
            "UPDATE bookings SET status = $2, ended_at = $3, ending_reason = 'hold_expired' WHERE id = $1",
            row.id,
            row.after(Event.EXPIRE).value,
            now,
        )
        await payments.cancel_open_payments(booking_id=row.id, now=now)
        await publish(BookingExpired(**row.news), now=now)
        await audit.record("booking.expired", actor=audit.SYSTEM, subject=row.id, now=now)
    return True


async def expire_lapsed(*, now: datetime, limit: int = 200) -> int:
    """Tidy the holds that no worker has ended yet; returns how many."""
    rows = await fetch(
        "SELECT id FROM bookings WHERE status = 'on_hold' AND hold_expires_at <= $1 ORDER BY hold_expires_at LIMIT $2",
        now,
        limit,
    )
    ended = 0
    for row in rows:
        try:
            ended += await expire(booking_id=row["id"], now=now)
        except IllegalTransition:
            continue
    return ended


async def extend_hold(*, principal: Principal, booking_id: UUID, now: datetime) -> datetime:
    """Give a family or partner another 30 minutes, once; returns the new end of the hold.

    Refuses: NotFound, HoldExpired, HoldAlreadyExtended, IllegalTransition.
    """
    async with transaction():
        before = await peek_own(booking_id, principal=principal)
        if before.status is not Status.ON_HOLD:
            raise IllegalTransition(current=before.status.value, event="extend_hold")
        if before.hold_expires_at <= now:
            raise HoldExpired
        until: datetime = before.hold_expires_at + HOLD_EXTENSION
        if before.allocation_id is not None:
            await inventory.extend(allocation_id=before.allocation_id, expires_at=until, now=now)
            if before.is_promoted:
                await pricing.extend_promotion(booking_id=booking_id, expires_at=until)
        elif before.departure_id is not None and before.seat_id is not None:
            await tours.extend_seat(departure_id=before.departure_id, seat_id=before.seat_id, expires_at=until)
        row = await lock(booking_id)
        if row.hold_extended_at is not None:
            raise HoldAlreadyExtended
        if row.status is not Status.ON_HOLD:
            raise IllegalTransition(current=row.status.value, event="extend_hold")
        await execute(
            "UPDATE bookings SET hold_expires_at = $2, hold_extended_at = $3 WHERE id = $1", booking_id, until, now
        )
        await audit.record("booking.hold_extended", actor=principal, subject=booking_id, now=now)
    return until


def _lapsed(status: Status, hold_expires_at: datetime | None, now: datetime) -> bool:
    return status is Status.ON_HOLD and hold_expires_at is not None and hold_expires_at <= now
