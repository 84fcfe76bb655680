"""What a suspension gives to the guests who are still to come: they may cancel free of charge, and are told so (R03).

The right lasts as long as the suspension does, and after a reinstatement for the days of the policy in force, so that
nobody has to decide in the hour in which they hear of it. What was paid is refunded in full, since the cause is not the
guest's (法释〔2025〕4号 art. 18; 老年人权益保障法 46).
"""

from datetime import datetime
from uuid import UUID

from marketplace.bookings.events import BookingFreeCancellationLimited, BookingFreeCancellationOffered
from marketplace.bookings.operations.loading import lock
from marketplace.bookings.states import Status
from marketplace.certifications.queries.timing import timetable
from marketplace.certifications.rules import Clock, Timetable
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch, fetch_value, transaction
from marketplace.kit.outbox import publish

_SUSPENDED = ("suspended", "revocation_noticed")


async def offer_free_cancellations(*, institution_id: UUID, now: datetime) -> int:
    """Let every confirmed booking of a suspended institution be cancelled free; returns how many that are new.

    Each booking is its own transaction and gets the right once, so a run that breaks off is finished by the next.
    Publishes: booking.free_cancellation_offered.
    """
    return await _offer_each(institution_id, now=now)


async def offer_missed_free_cancellations(*, now: datetime) -> int:
    """Do the same for every suspended institution: the guests hear of it within the day though news of it was lost."""
    return await _offer_each(None, now=now)


async def _offer_each(institution_id: UUID | None, *, now: datetime) -> int:
    rows = await fetch(
        "SELECT b.id, b.institution_id FROM bookings b JOIN certifications c ON c.institution_id = b.institution_id"
        " AND c.is_current WHERE c.status = ANY($1) AND b.status = 'confirmed'"
        " AND (b.free_cancel_from_at IS NULL OR b.free_cancel_until_at IS NOT NULL)"
        " AND ($2::uuid IS NULL OR b.institution_id = $2) ORDER BY b.check_in, b.id",
        _SUSPENDED,
        institution_id,
    )
    return len([row["id"] for row in rows if await _offer(row["id"], row["institution_id"], now=now)])


async def _offer(booking_id: UUID, institution_id: UUID, *, now: datetime) -> bool:
    async with transaction():
        if not await _is_suspended(institution_id):
            return False
        row = await lock(booking_id)
        if row.status is not Status.CONFIRMED or (row.free_cancel_from_at and not row.free_cancel_until_at):
            return False
        await execute(
            "UPDATE bookings SET free_cancel_from_at = $2, free_cancel_until_at = NULL WHERE id = $1", booking_id, now
        )
        await publish(BookingFreeCancellationOffered(**row.news, offered_on=local_date(now)), now=now)
        await audit.record("booking.free_cancellation_offered", actor=audit.SYSTEM, subject=booking_id, now=now)
    return True


async def limit_free_cancellations(*, institution_id: UUID, now: datetime) -> int:
    """Set, after a reinstatement, the day until which its bookings may still be cancelled free; returns how many.

    Publishes: booking.free_cancellation_limited.
    """
    rows = await fetch(
        "SELECT id FROM bookings WHERE institution_id = $1 AND free_cancel_from_at IS NOT NULL"
        " AND free_cancel_until_at IS NULL AND status = 'confirmed' ORDER BY check_in, id",
        institution_id,
    )
    if not rows:
        return 0
    clocks = await timetable()
    return len([row["id"] for row in rows if await _limit(row["id"], institution_id, clocks=clocks, now=now)])


async def _limit(booking_id: UUID, institution_id: UUID, *, clocks: Timetable, now: datetime) -> bool:
    async with transaction():
        if await _is_suspended(institution_id):
            return False
        row = await lock(booking_id)
        if row.status is not Status.CONFIRMED or not row.free_cancel_from_at or row.free_cancel_until_at:
            return False
        last = clocks.deadline(Clock.FREE_CANCELLATION, start=now)
        await execute("UPDATE bookings SET free_cancel_until_at = $2 WHERE id = $1", booking_id, last.due_at)
        await publish(BookingFreeCancellationLimited(**row.news, until_on=last.due_on), now=now)
        await audit.record(
            "booking.free_cancellation_limited", actor=audit.SYSTEM, subject=booking_id, now=now, after=last.due_at
        )
    return True


async def _is_suspended(institution_id: UUID) -> bool:
    """Look at the certification, and keep it as it is until the transaction ends."""
    status = await fetch_value(
        "SELECT status FROM certifications WHERE institution_id = $1 AND is_current FOR SHARE", institution_id
    )
    return status in _SUSPENDED
