"""Rows under lock."""

from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from marketplace.bookings.states import Status
from marketplace.certifications.states import Status as Standing
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch, fetch_one, require_transaction
from marketplace.kit.errors import NotFound
from marketplace.settlement.queries import PayeeRow, ReversalRow, TransferRow
from marketplace.settlement.rules import COMMISSION_BPS, TRANSFER_AFTER_DAYS

T = TypeVar("T")


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A booking as settlement sees it: no personal data."""

    id: UUID
    institution_id: UUID
    status: Status
    check_in: date
    check_out: date
    total_amount: int
    paid_amount: int
    currency: str
    kind: str
    first_paid_at: datetime | None
    cancellation_policy: str
    lines: str
    ended_at: datetime | None

    @property
    def left_on(self) -> date | None:
        """The local date on which the guests left, when they have."""
        return local_date(self.ended_at) if self.status is Status.COMPLETED and self.ended_at is not None else None


async def lock_standing(institution_id: UUID) -> Standing | None:
    """Return how an institution's certification stands, FOR SHARE: a suspension waits for us, or we see it."""
    require_transaction()
    row = await fetch_one(
        "SELECT status FROM certifications WHERE institution_id = $1 AND is_current FOR SHARE", institution_id
    )
    return Standing(row["status"]) if row is not None else None


async def lock_stay(booking_id: UUID) -> Stay:
    """Return a booking FOR UPDATE. Refuses: NotFound."""
    require_transaction()
    row = await fetch_one(
        "SELECT id, institution_id, status, check_in, check_out, total_amount, paid_amount, currency, kind, first_paid_at,"
        " cancellation_policy, ended_at, (SELECT q.lines FROM quotes q WHERE q.id = bookings.quote_id) AS lines"
        " FROM bookings WHERE id = $1 FOR UPDATE",
        booking_id,
    )
    return _as(row, Stay)


async def lock_payee(institution_id: UUID, *, now: datetime) -> PayeeRow:
    """Return an institution's payee FOR UPDATE; one is made, with our usual terms, where there was none."""
    require_transaction()
    await execute(
        "INSERT INTO payees (institution_id, status, commission_bps, transfer_after_days, created_at)"
        " VALUES ($1, 'pending', $2, $3, $4) ON CONFLICT (institution_id) DO NOTHING",
        institution_id,
        COMMISSION_BPS,
        TRANSFER_AFTER_DAYS,
        now,
    )
    row = await fetch_one("SELECT * FROM payees WHERE institution_id = $1 FOR UPDATE", institution_id)
    return _as(row, PayeeRow)


async def lock_transfer(transfer_id: UUID) -> TransferRow:
    """Return a transfer FOR UPDATE. Refuses: NotFound."""
    require_transaction()
    return _as(await fetch_one("SELECT * FROM transfers WHERE id = $1 FOR UPDATE", transfer_id), TransferRow)


async def lock_transfers(booking_id: UUID) -> dict[UUID, TransferRow]:
    """Return a booking's transfers by their earning, FOR UPDATE in id order."""
    require_transaction()
    rows = await fetch("SELECT * FROM transfers WHERE booking_id = $1 ORDER BY id FOR UPDATE", booking_id)
    return {row["earning_id"]: _as(row, TransferRow) for row in rows}


async def lock_reversal(reversal_id: UUID) -> ReversalRow:
    """Return a reversal FOR UPDATE. Refuses: NotFound."""
    require_transaction()
    return _as(await fetch_one("SELECT * FROM transfer_reversals WHERE id = $1 FOR UPDATE", reversal_id), ReversalRow)


def _as(row: Any, shape: type[T]) -> T:
    if row is None:
        raise NotFound
    return msgspec.convert(dict(row), shape)
