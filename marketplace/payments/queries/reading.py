"""Reads of payments and refunds. Rows belong to their booking's owner: callers scope by the booking first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from marketplace.kit.db import fetch, fetch_one
from marketplace.kit.errors import NotFound
from marketplace.payments.rules import PAYERS, Leg, Method, RefundReason, Subject, SubjectKind
from marketplace.payments.states import PaymentStatus, RefundStatus

STALE_AFTER = timedelta(seconds=60)
_STALE_LIMIT = 200


class PaymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it is stored."""

    id: UUID
    booking_id: UUID
    institution_id: UUID
    partner_id: UUID | None
    leg: Leg
    method: Method
    amount: int
    currency: str
    status: PaymentStatus
    attempt: int
    attempted_at: datetime | None
    expires_at: datetime
    provider_session_id: str | None
    provider_intent_id: str | None
    checkout_url: str | None
    captured_amount: int | None
    surplus: bool
    failure_code: str | None
    leg_number: int
    leg_amount: int
    lost_amount: int
    opened_at: datetime
    cancel_requested_at: datetime | None
    checked_at: datetime | None
    settled_at: datetime | None


class RefundRow(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as it is stored."""

    id: UUID
    payment_id: UUID
    booking_id: UUID
    institution_id: UUID
    partner_id: UUID | None
    amount: int
    currency: str
    reason: RefundReason
    status: RefundStatus
    dedupe: str
    institution_amount: int
    platform_amount: int
    subsidy_amount: int
    attempted_at: datetime | None
    provider_refund_id: str | None
    failure_code: str | None
    requested_at: datetime
    checked_at: datetime | None
    settled_at: datetime | None


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that brought money in, and how much of it no refund has claimed yet."""

    payment_id: UUID
    leg: Leg
    captured_amount: int
    refundable_amount: int
    surplus: bool
    settled_at: datetime


def payment_of(row: Any) -> PaymentRow:
    """Read a row of ``payments``."""
    return msgspec.convert(dict(row), PaymentRow)


def paid_of(leg: Sequence[PaymentRow]) -> int:
    """Return how much the payments of one leg have brought in for it; what came beyond it is not its."""
    return sum(row.captured_amount or 0 for row in leg if not row.surplus)


def refund_of(row: Any) -> RefundRow:
    """Read a row of ``refunds``."""
    return msgspec.convert(dict(row), RefundRow)


async def payment(payment_id: UUID) -> PaymentRow:
    """Return one payment. Refuses: NotFound."""
    row = await fetch_one("SELECT * FROM payments WHERE id = $1", payment_id)
    if row is None:
        raise NotFound
    return payment_of(row)


LEG_OF = (
    "SELECT * FROM payments WHERE (booking_id, leg, leg_number) ="
    " (SELECT booking_id, leg, leg_number FROM payments WHERE id = $1) ORDER BY id"
)


async def leg_of(payment_id: UUID) -> tuple[PaymentRow, list[PaymentRow]]:
    """Return a payment and the others of its leg, without a lock. Refuses: NotFound."""
    return split_leg(payment_id, await fetch(LEG_OF, payment_id))


def split_leg(payment_id: UUID, rows: Sequence[Any]) -> tuple[PaymentRow, list[PaymentRow]]:
    """Tell one payment of a leg from the others. Refuses: NotFound."""
    leg = [payment_of(row) for row in rows]
    found = [row for row in leg if row.id == payment_id]
    if not found:
        raise NotFound
    return found[0], [row for row in leg if row.id != payment_id]


def serves(payment: PaymentRow, others: Sequence[PaymentRow]) -> bool:
    """Whether money that now comes in by this payment pays for its leg: the first time it does, and only what is missing."""
    return payment.captured_amount is None and paid_of(others) + payment.amount <= payment.leg_amount


async def refund(refund_id: UUID) -> RefundRow:
    """Return one refund. Refuses: NotFound."""
    row = await fetch_one("SELECT * FROM refunds WHERE id = $1", refund_id)
    if row is None:
        raise NotFound
    return refund_of(row)


async def payments_of(booking_ids: Sequence[UUID]) -> dict[UUID, list[PaymentRow]]:
    """Return the payments of some bookings by booking, oldest first, in one query."""
    found: dict[UUID, list[PaymentRow]] = {booking_id: [] for booking_id in booking_ids}
    for row in await fetch("SELECT * FROM payments WHERE booking_id = ANY($1) ORDER BY id", list(booking_ids)):
        found[row["booking_id"]].append(payment_of(row))
    return found


async def refunds_of(booking_ids: Sequence[UUID]) -> dict[UUID, list[RefundRow]]:
    """Return the refunds of some bookings by booking, oldest first, in one query."""
    found: dict[UUID, list[RefundRow]] = {booking_id: [] for booking_id in booking_ids}
    for row in await fetch("SELECT * FROM refunds WHERE booking_id = ANY($1) ORDER BY id", list(booking_ids)):
        found[row["booking_id"]].append(refund_of(row))
    return found


async def captured_payments(booking_id: UUID) -> list[Captured]:
    """Return what a booking's payments brought in and still hold, oldest first."""
    rows = await fetch(
        "SELECT p.id AS payment_id, p.leg, p.captured_amount, p.surplus, p.settled_at,"
        " greatest(p.captured_amount - p.lost_amount - coalesce(sum(r.amount), 0), 0)::bigint AS refundable_amount"
        " FROM payments p LEFT JOIN refunds r ON r.payment_id = p.id AND r.reason <> 'interest'"
        " WHERE p.booking_id = $1 AND p.status = 'succeeded' GROUP BY p.id ORDER BY p.settled_at, p.id",
        booking_id,
    )
    return [msgspec.convert(dict(row), Captured) for row in rows]


async def stale_payments(now: datetime) -> list[UUID]:
    """List the payments at the provider whose end we have not heard, each looked at less often as it ages."""
    rows = await fetch(
        "SELECT id FROM payments WHERE settled_at IS NULL AND attempted_at IS NOT NULL AND"
        " coalesce(checked_at, attempted_at) <= $1::timestamptz - greatest($2::interval, ($1::timestamptz - attempted_at) / 8)"
        " ORDER BY coalesce(checked_at, attempted_at), id LIMIT $3",
        now,
        STALE_AFTER,
        _STALE_LIMIT,
    )
    return [row["id"] for row in rows]


async def stale_refunds(now: datetime) -> list[UUID]:
    """List the refunds whose end we have not heard, each looked at less often as it ages."""
    rows = await fetch(
        "SELECT id FROM refunds WHERE settled_at IS NULL AND"
        " coalesce(checked_at, requested_at) <= $1::timestamptz - greatest($2::interval, ($1::timestamptz - requested_at) / 8)"
        " ORDER BY coalesce(checked_at, requested_at), id LIMIT $3",
        now,
        STALE_AFTER,
        _STALE_LIMIT,
    )
    return [row["id"] for row in rows]


class RefundTask(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that people are to pay."""

    refund_id: UUID
    booking_id: UUID
    amount: int
    currency: str
    cause: str
    opened_at: datetime
    proposed_by: UUID | None
    bank_reference: str | None


async def open_refund_tasks() -> list[RefundTask]:
    """List the refunds that people have not paid yet, the oldest first."""
    rows = await fetch(
        "SELECT t.refund_id, r.booking_id, r.amount, r.currency, t.cause, t.opened_at, t.proposed_by, t.bank_reference"
        " FROM refund_tasks t JOIN refunds r ON r.id = t.refund_id WHERE t.done_at IS NULL ORDER BY t.opened_at LIMIT $1",
        _STALE_LIMIT,
    )
    return [RefundTask(**dict(row)) for row in rows]


async def unapplied(now: datetime, kinds: Sequence[SubjectKind] = PAYERS) -> list[UUID]:
    """List stored events about ``kinds`` that have waited for more than a minute to be applied, oldest first."""
    rows = await fetch(
        "SELECT id FROM provider_events WHERE applied_at IS NULL AND received_at <= $1 AND subject_kind = ANY($2)"
        " ORDER BY received_at, id LIMIT $3",
        now - STALE_AFTER,
        list(kinds),
        _STALE_LIMIT,
    )
    return [row["id"] for row in rows]


async def resolve(event_id: UUID) -> Subject:
    """Return what a stored event of the provider is about, by our row's id. Refuses: NotFound."""
    row = await fetch_one(
        "SELECT subject_kind AS kind, subject_id AS id, CASE subject_kind WHEN 'dispute' THEN object_id END AS ref"
        " FROM provider_events WHERE id = $1",
        event_id,
    )
    if row is None:
        raise NotFound
    return msgspec.convert(dict(row), Subject)
