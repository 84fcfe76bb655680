"""Chasing what is due: each leg of a certain stay has a due row, which says so, says so again, and at last acts."""

import secrets
from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.bookings.events import BookingPaymentDefaulted, BookingPaymentDue
from marketplace.bookings.jobs import ChaseLeg, LapseCharge
from marketplace.bookings.operations.ending import captured, end, owed
from marketplace.bookings.operations.loading import Row, give_back, lock_as, peek
from marketplace.bookings.rules import CHASES, Chase, chase_at, left_of, next_chase, spread_refund
from marketplace.bookings.states import Event, Status
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, require_transaction, transaction
from marketplace.kit.errors import Busy
from marketplace.kit.outbox import publish
from marketplace.payments.rules import Leg as LegName
from marketplace.payments.rules import RefundReason
from marketplace.pricing.rules import Leg

# Nobody types it, and nobody guesses it: 60 bits.
_CODE_BYTES = 8


async def plan_chases(row: Row, *, paid_amount: int, now: datetime) -> None:
    """Leave a due row for every leg that is not paid yet, in the caller's transaction. Publishes: bookings.chase."""
    require_transaction()
    schedule = msgspec.json.decode(row.schedule, type=list[Leg])
    for leg in schedule:
        if left_of(schedule, leg, paid_amount=paid_amount):
            step = next_chase(leg, now=now)
            job = ChaseLeg(booking_id=row.id, leg=leg.leg, number=leg.number, step=step.name)
            await publish(job, now=now, due_at=chase_at(leg, step))


async def make_pay_link(booking_id: UUID) -> None:
    """Make the link by which anybody may pay what is due for a booking, once."""
    await execute(
        "INSERT INTO pay_links (booking_id, code) VALUES ($1, $2) ON CONFLICT (booking_id) DO NOTHING",
        booking_id,
        secrets.token_urlsafe(_CODE_BYTES),
    )


async def ask_for_charge(  # noqa: PLR0913 - these facts, each named at the call.
    row: Row, *, charge_id: UUID, leg: LegName, number: int, amount: int, due_at: datetime, now: datetime
) -> None:
    """Ask the guests of a locked booking to pay a leg beside its price, once, and have it end when its time is up.

    Publishes: booking.payment_due; bookings.lapse_charge when it is due.
    """
    await make_pay_link(row.id)
    due_on = local_date(due_at)
    news = BookingPaymentDue(
        **row.news, leg=leg.value, number=number, amount=amount, due_on=due_on, until_on=due_on, step="upcoming"
    )
    await publish(news, now=now)
    await publish(LapseCharge(charge_id=charge_id), now=now, due_at=due_at)


async def chase(*, booking_id: UUID, leg: str, number: int, step: str, now: datetime) -> None:
    """Take one step for a leg: a message with a link to pay, or, when all were in vain, the end that was announced.

    A stay that has not begun is cancelled as by the guest, at the refund of its policy; of guests in the house the
    institution is told. A leg that is paid, and a booking that has ended, are left alone; so is a step taken before.
    Publishes: booking.payment_due or booking.payment_defaulted or booking.cancelled; bookings.chase for the next step.
    """
    async with transaction():
        before = await peek(booking_id)
        taken = next(chase for chase in CHASES if chase.name == step)
        ends = taken.ends and before.status is Status.CONFIRMED and _unpaid(before, leg, number) is not None
        if ends:
            await give_back(before)
        row = await lock_as(before)
        found = _unpaid(row, leg, number)
        if row.status is not before.status or (ends and found is None):
            # Another operation moved the booking while we took the locks above it: start again from what it left.
            raise Busy
        if found is None:
            return
        if ends:
            await _cancel(row, now=now)
        elif taken.ends:
            news = BookingPaymentDefaulted(**row.news, leg=leg, number=number, due_on=found[0].due_on)
            await publish(news, now=now)
        else:
            await _remind(row, found[0], found[1], taken, now=now)


async def _remind(row: Row, leg: Leg, left: int, taken: Chase, *, now: datetime) -> None:
    await make_pay_link(row.id)
    following = CHASES[CHASES.index(taken) + 1]
    last = CHASES[-1]
    await publish(
        BookingPaymentDue(
            **row.news,
            leg=leg.leg,
            number=leg.number,
            amount=left,
            due_on=leg.due_on,
            until_on=local_date(chase_at(leg, last)),
            step=taken.name,
        ),
        now=now,
    )
    job = ChaseLeg(booking_id=row.id, leg=leg.leg, number=leg.number, step=following.name)
    await publish(
        job,
        now=now,
        due_at=chase_at(leg, following),
        dedupe=f"chase:{row.id}:{leg.leg}:{leg.number}:{following.name}:{leg.due_on}",
    )
    await audit.record("booking.payment_chased", actor=audit.SYSTEM, subject=row.id, why=taken.name, now=now)


async def _cancel(row: Row, *, now: datetime) -> None:
    await end(
        row,
        event=Event.CANCEL,
        reason=RefundReason.UNPAID,
        refunds=spread_refund(await captured(row), owed(row, now=now)),
        cause=f"unpaid:{row.id}",
        actor=audit.SYSTEM,
        now=now,
    )


def _unpaid(row: Row, name: str, number: int) -> tuple[Leg, int] | None:
    """Return the leg and what is left of it, or None when nothing is, or the booking has ended."""
    if row.status not in (Status.CONFIRMED, Status.CHECKED_IN):
        return None
    schedule = msgspec.json.decode(row.schedule, type=list[Leg])
    for leg in schedule:
        if (leg.leg, leg.number) == (name, number):
            left = left_of(schedule, leg, paid_amount=row.paid_amount)
            return (leg, left) if left else None
    return None
