"""What a revocation does to bookings: everything at once to their state, then one by one to their money."""

from datetime import datetime
from uuid import UUID

from marketplace.bookings.events import BookingDisplaced, InHouseGuestsAffected
from marketplace.bookings.operations.ending import captured, end
from marketplace.bookings.operations.loading import Row, give_back, lock, lock_as, peek
from marketplace.bookings.states import Event, Status
from marketplace.certifications import operations as certifications
from marketplace.certifications.rules import Revoked
from marketplace.identity.rules import Principal
from marketplace.inventory import operations as inventory
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, fetch, transaction
from marketplace.kit.errors import Busy
from marketplace.kit.outbox import publish
from marketplace.payments.rules import RefundReason
from marketplace.pricing import operations as pricing

REASON = RefundReason.REVOCATION


async def approve_revocation(*, principal: Principal, decision_id: UUID, now: datetime) -> UUID:
    """Approve a revocation as the second officer; returns the certification.

    One transaction: the certification is revoked, sale stops, open quotes are void, holds end, and every confirmed
    booking is displaced. When it commits, no booking of the institution is on hold or confirmed. Refunds follow per
    booking through ``settle_displaced``.

    Refuses: NotFound, SelfApproval, DecisionNotPending, DecisionExpired, Forbidden.
    Publishes: certification.revoked, booking.cancelled, booking.displaced, booking.in_house_guests_affected.
    """
    async with transaction():
        revoked = await certifications.revoke(decision_id=decision_id, actor=principal, now=now)
        await _empty(revoked, actor=principal, now=now)
    return revoked.certification_id


async def end_withdrawn(*, deadline_id: UUID, now: datetime) -> None:
    """Carry out a withdrawal whose notice has passed, and move its bookings exactly as a revocation does (老年法 46).

    Publishes: certification.withdrawn, booking.cancelled, booking.displaced, booking.in_house_guests_affected.
    """
    async with transaction():
        withdrawn = await certifications.withdraw(deadline_id=deadline_id, now=now)
        if withdrawn is not None:
            await _empty(withdrawn, actor=audit.SYSTEM, now=now)


async def _empty(left: Revoked, *, actor: Actor, now: datetime) -> None:
    open_holds = [await peek(booking_id) for booking_id in await _ids_in(left.institution_id, Status.ON_HOLD)]
    for before in open_holds:
        await give_back(before)
    await inventory.stop_sale(institution_id=left.institution_id)
    await pricing.void_open(institution_id=left.institution_id, now=now)
    for before in open_holds:
        await _void_hold(before, decision_id=left.decision_id, actor=actor, now=now)
    await _displace_confirmed(left.institution_id, decision_id=left.decision_id, actor=actor, now=now)
    for booking_id in await _ids_in(left.institution_id, Status.CHECKED_IN):
        affected = InHouseGuestsAffected(
            booking_id=booking_id, institution_id=left.institution_id, decision_id=left.decision_id
        )
        await publish(affected, now=now)


async def settle_displaced(*, booking_id: UUID, now: datetime) -> None:
    """Refund a displaced booking in full and give its nights back; one already settled is left alone.

    Idempotent by (decision, booking, payment), so it may be repeated after any crash. Publishes: booking.cancelled.
    """
    async with transaction():
        before = await peek(booking_id)
        if before.status is not Status.DISPLACED:
            return
        await give_back(before)
        row = await lock_as(before)
        if row.status is not Status.DISPLACED:
            return
        await end(
            row,
            event=Event.REFUND,
            reason=REASON,
            refunds=await captured(row),
            cause=f"revocation:{row.decision_id}:{booking_id}",
            actor=audit.SYSTEM,
            now=now,
        )


async def _ids_in(institution_id: UUID, status: Status) -> list[UUID]:
    # Departures before room types, each in id order: the order in which everybody takes those locks.
    rows = await fetch(
        "SELECT id FROM bookings WHERE institution_id = $1 AND status = $2"
        " ORDER BY departure_id NULLS LAST, room_type_id, id",
        institution_id,
        status.value,
    )
    return [row["id"] for row in rows]


async def _void_hold(before: Row, *, decision_id: UUID, actor: Actor, now: datetime) -> None:
    row = await lock_as(before)
    if row.status is not Status.ON_HOLD:
        raise Busy
    cause = f"revocation:{decision_id}:{row.id}"
    await end(row, event=Event.CANCEL, reason=REASON, refunds=[], cause=cause, actor=actor, now=now)


async def _displace_confirmed(institution_id: UUID, *, decision_id: UUID, actor: Actor, now: datetime) -> None:
    for booking_id in await _ids_in(institution_id, Status.CONFIRMED):
        row = await lock(booking_id)
        if row.status is not Status.CONFIRMED:
            raise Busy
        await execute(
            "UPDATE bookings SET status = $2, decision_id = $3 WHERE id = $1",
            row.id,
            row.after(Event.DISPLACE).value,
            decision_id,
        )
        await publish(BookingDisplaced(**row.news, decision_id=decision_id), now=now)
        await audit.record(
            "booking.displaced",
            actor=actor,
            subject=row.id,
            why=REASON.value,
            now=now,
            before=row.status,
            after="displaced",
        )
