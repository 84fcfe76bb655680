"""Earning: what was held for a stay becomes the institution's, less our commission, when the stay is served."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from marketplace.bookings.states import Status
from marketplace.certifications import queries as certifications
from marketplace.certifications.states import Status as Standing
from marketplace.kit.audit import SYSTEM, record
from marketplace.kit.clock import local_date, local_midnight
from marketplace.kit.db import fetch_one, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.ledger import operations as ledger
from marketplace.ledger import queries as ledger_queries
from marketplace.ledger import rules as journals
from marketplace.ledger.rules import Whose
from marketplace.payments.rules import RefundReason
from marketplace.settlement import queries
from marketplace.settlement.jobs import SubmitTransfer
from marketplace.settlement.operations.locks import Stay, lock_payee, lock_stay
from marketplace.settlement.operations.refunding import refund_early_departure, refund_unserved
from marketplace.settlement.queries import PayeeRow
from marketplace.settlement.rules import Kind, Period, cut, earned_by, outstanding, plan_of

log = structlog.get_logger("settlement")

_TRADERS_CAUSE = {
    Standing.REVOKED: RefundReason.REVOCATION,
    Standing.REVOCATION_NOTICED: RefundReason.INSTITUTION,
    Standing.SUSPENDED: RefundReason.INSTITUTION,
}


async def earn(*, booking_id: UUID, now: datetime) -> int:
    """Earn every period of a stay that is due and has not been earned; returns how many were new.

    Nothing is earned before the guests have arrived, and nothing that has not been paid: a month whose bill is open is
    earned when it is paid. Each period is earned once, and planned to be transferred N days after.
    Publishes: SubmitTransfer.
    """
    async with transaction():
        stay = await lock_stay(booking_id)
        if stay.status not in (Status.CHECKED_IN, Status.COMPLETED):
            return 0
        plan = plan_of(
            check_in=stay.check_in,
            check_out=stay.check_out,
            total_amount=stay.total_amount,
            added=await queries.added_to(booking_id),
        )
        earned = {one.period: one.amount for one in await queries.earnings_of(booking_id)}
        plan = outstanding(plan, earned, credited_amount=await queries.credited(booking_id))
        if (from_on := await queries.unserved_from(booking_id)) is not None:
            plan = cut(plan, from_on)
        due = plan if stay.status is Status.COMPLETED else earned_by(plan, local_date(now))
        payee = await lock_payee(stay.institution_id, now=now)
        return sum([await _earn(stay, period, payee=payee, now=now) for period in due])


async def close_booking(*, booking_id: UUID, now: datetime) -> None:
    """Settle a booking that has ended: refund what was not served, and give the institution what the end leaves.

    Nights that a suspended or revoked certification cost the guests go back to them whole, with interest; guests who leave
    early by their own wish have what their policy says. What a cancellation or an early departure leaves is earned like a stay,
    less our commission. Repeating it changes nothing.
    Publishes: SubmitTransfer; SubmitRefund for nights that were not served.
    """
    async with transaction():
        stay = await lock_stay(booking_id)
        if stay.status is Status.CANCELLED:
            await _earn_rest(stay, now=now)
            return
        await earn(booking_id=booking_id, now=now)
        left_on = stay.left_on
        if left_on is None:
            return
        if left_on < stay.check_out:
            await _end_early(stay, now=now)
        await _earn_rest(stay, now=now)


async def earn_in_service(*, now: datetime) -> None:
    """Earn what is due of every stay in house: the months of long ones, and whatever news was lost."""
    for booking_id in await queries.in_service(now):
        try:
            await earn(booking_id=booking_id, now=now)
        except Exception as error:
            log.warning("a stay was not earned and will be again", booking_id=str(booking_id), exc_info=error)


async def _end_early(stay: Stay, *, now: datetime) -> None:
    assert stay.left_on is not None
    found = await certifications.snapshot(institution_id=stay.institution_id, now=now)
    reason = _TRADERS_CAUSE.get(found.status) if found is not None else None
    if reason is not None:
        # Nobody is asked why they leave a house that may not receive guests: it is the house's cause.
        await refund_unserved(booking_id=stay.id, from_on=stay.left_on, cause=reason.value, reason=reason, now=now)
    elif stay.kind == "stay":
        # What leaving a tour costs is the organiser's proof of its costs (旅游法 65), which nobody can compute.
        await refund_early_departure(booking_id=stay.id, now=now)


async def _earn_rest(stay: Stay, *, now: datetime) -> None:
    """Earn whatever is still held for a booking that has ended; nothing is left of one that was refunded whole."""
    held = (await ledger_queries.held([stay.id], currency=stay.currency))[stay.id]
    rest = Period(
        name="kept",
        first_on=stay.check_in,
        end_on=stay.check_out,
        amount=held,
        earned_on=local_date(now),
        kind=Kind.KEPT,
    )
    payee = await lock_payee(stay.institution_id, now=now)
    await _earn(stay, rest, payee=payee, now=now)


async def _earn(stay: Stay, period: Period, *, payee: PayeeRow, now: datetime) -> bool:
    payable, commission = journals.split(period.amount, commission_bps=payee.commission_bps)
    held = (await ledger_queries.held([stay.id], currency=stay.currency))[stay.id]
    if not 0 < period.amount <= held:
        return False
    earning_id: UUID | None = await fetch_value(
        "INSERT INTO earnings (id, booking_id, institution_id, period, first_on, end_on, amount, commission_bps,"
        " payable_amount, unearned_amount, unearned_payable_amount, currency, earned_at, kind)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, $11, $12)"
        " ON CONFLICT (booking_id, period) DO NOTHING RETURNING id",
        new_id(),
        stay.id,
        stay.institution_id,
        period.name,
        period.first_on,
        period.end_on,
        period.amount,
        payee.commission_bps,
        payable,
        stay.currency,
        now,
        period.kind.value,
    )
    if earning_id is None:
        return False
    whose = Whose(booking_id=stay.id, institution_id=stay.institution_id, currency=stay.currency)
    await ledger.post(
        journals.earn(whose, period=period.name, amount=period.amount, commission_bps=payee.commission_bps), now=now
    )
    await _plan(stay, earning_id, payable, payee=payee, now=now)
    await record("stay.earned", actor=SYSTEM, subject=stay.id, now=now, after=[period.name, payable, commission])
    return True


async def _plan(stay: Stay, earning_id: UUID, payable: int, *, payee: PayeeRow, now: datetime) -> None:
    # Nothing is sent before the day of arrival, not even what a cancellation leaves.
    due_at = max(now, local_midnight(stay.check_in)) + timedelta(days=payee.transfer_after_days)
    row = await fetch_one(
        "INSERT INTO transfers (id, earning_id, booking_id, institution_id, payable_amount, amount, netted_amount,"
        " reversed_amount, currency, status, due_at, attempt, planned_at)"
        " VALUES ($1, $2, $3, $4, $5, $5, 0, 0, $6, 'planned', $7, 1, $8) RETURNING id",
        new_id(),
        earning_id,
        stay.id,
        stay.institution_id,
        payable,
        stay.currency,
        due_at,
        now,
    )
    assert row is not None
    await publish(SubmitTransfer(transfer_id=row["id"]), now=now, due_at=due_at)
