"""Reads of settlement. An institution sees its own; what is swept again and again is listed here too."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.kit.clock import local_date
from marketplace.kit.db import fetch, fetch_one, fetch_value
from marketplace.kit.errors import NotFound
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import Account
from marketplace.pricing.rules import Line
from marketplace.settlement.rules import COMMISSION_BPS, HOLD_ALARM, TRANSFER_AFTER_DAYS, Added, Kind
from marketplace.settlement.states import PayeeStatus, ReversalStatus, TransferStatus

_LIMIT = 200


class PayeeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A payee as it is stored."""

    institution_id: UUID
    provider_account_id: str | None
    status: PayeeStatus
    commission_bps: int
    transfer_after_days: int
    created_at: datetime
    checked_at: datetime | None


class EarningRow(msgspec.Struct, frozen=True, kw_only=True):
    """An earning as it is stored."""

    id: UUID
    booking_id: UUID
    institution_id: UUID
    period: str
    first_on: date
    end_on: date
    amount: int
    commission_bps: int
    payable_amount: int
    unearned_amount: int
    unearned_payable_amount: int
    currency: str
    earned_at: datetime
    kind: Kind

    @property
    def kept_amount(self) -> int:
        """What has not gone back of it."""
        return self.amount - self.unearned_amount


class TransferRow(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer as it is stored."""

    id: UUID
    earning_id: UUID
    booking_id: UUID
    institution_id: UUID
    payable_amount: int
    amount: int
    netted_amount: int
    reversed_amount: int
    release_id: UUID | None
    currency: str
    status: TransferStatus
    due_at: datetime
    attempt: int
    attempted_at: datetime | None
    destination: str | None
    provider_transfer_id: str | None
    failure_code: str | None
    planned_at: datetime
    settled_at: datetime | None


class ReversalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A reversal as it is stored."""

    id: UUID
    transfer_id: UUID
    booking_id: UUID
    institution_id: UUID
    amount: int
    currency: str
    cause: str
    status: ReversalStatus
    attempted_at: datetime | None
    provider_reversal_id: str | None
    failure_code: str | None
    requested_at: datetime
    settled_at: datetime | None


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """What we owe an institution and what it owes us, in minor units of one currency."""

    payable_amount: int
    receivable_amount: int
    currency: str


class OldHold(msgspec.Struct, frozen=True, kw_only=True):
    """Money that has been held for a booking for too long."""

    booking_id: UUID
    institution_id: UUID
    amount: int


async def payee(institution_id: UUID, *, now: datetime) -> PayeeRow:
    """Return the payee of an institution; one that has none yet has our usual terms."""
    row = await fetch_one("SELECT * FROM payees WHERE institution_id = $1", institution_id)
    if row is not None:
        return msgspec.convert(dict(row), PayeeRow)
    return PayeeRow(
        institution_id=institution_id,
        provider_account_id=None,
        status=PayeeStatus.PENDING,
        commission_bps=COMMISSION_BPS,
        transfer_after_days=TRANSFER_AFTER_DAYS,
        created_at=now,
        checked_at=None,
    )


async def position(institution_id: UUID, *, currency: str = "CNY") -> Position:
    """Return where we stand with an institution, by the ledger."""
    payable = await ledger.balance(Account.INSTITUTION_PAYABLE, subject_id=institution_id, currency=currency)
    receivable = await ledger.balance(Account.INSTITUTION_RECEIVABLE, subject_id=institution_id, currency=currency)
    return Position(payable_amount=-payable, receivable_amount=receivable, currency=currency)


async def transfers_of_institution(institution_id: UUID, *, after: UUID | None, limit: int) -> list[TransferRow]:
    """Return an institution's transfers, the newest first, before ``after``; one more than ``limit``."""
    rows = await fetch(
        "SELECT * FROM transfers WHERE institution_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        institution_id,
        after,
        limit + 1,
    )
    return [msgspec.convert(dict(row), TransferRow) for row in rows]


async def earnings_of(booking_id: UUID) -> list[EarningRow]:
    """Return what has been earned of a booking, by its nights."""
    rows = await fetch("SELECT * FROM earnings WHERE booking_id = $1 ORDER BY first_on, id", booking_id)
    return [msgspec.convert(dict(row), EarningRow) for row in rows]


async def added_to(booking_id: UUID) -> list[Added]:
    """Return what was agreed and paid on top of a booking's price, in the order of agreement."""
    rows = await fetch(
        "SELECT kind, number, first_on, end_on, amount FROM booking_charges WHERE booking_id = $1 AND status = 'paid'"
        " ORDER BY id",
        booking_id,
    )
    return [Added(**dict(row)) for row in rows]


async def added_lines(booking_id: UUID) -> list[Line]:
    """Return the lines of what was paid on top of a booking's price."""
    rows = await fetch(
        "SELECT lines FROM booking_charges WHERE booking_id = $1 AND status = 'paid' ORDER BY id", booking_id
    )
    return [line for row in rows for line in msgspec.json.decode(row["lines"], type=list[Line])]


async def credited(booking_id: UUID) -> int:
    """Return how much was credited to a booking's guests before anybody had earned it."""
    found: int = await fetch_value(
        "SELECT coalesce(sum(amount - institution_amount - platform_amount - subsidy_amount), 0)::bigint FROM refunds"
        " WHERE booking_id = $1 AND reason = 'credit'",
        booking_id,
    )
    return found


async def transfer(transfer_id: UUID) -> TransferRow:
    """Return one transfer. Refuses: NotFound."""
    row = await fetch_one("SELECT * FROM transfers WHERE id = $1", transfer_id)
    if row is None:
        raise NotFound
    return msgspec.convert(dict(row), TransferRow)


async def reversal(reversal_id: UUID) -> ReversalRow:
    """Return one reversal. Refuses: NotFound."""
    row = await fetch_one("SELECT * FROM transfer_reversals WHERE id = $1", reversal_id)
    if row is None:
        raise NotFound
    return msgspec.convert(dict(row), ReversalRow)


async def due_transfers(now: datetime) -> list[UUID]:
    """List the transfers whose day has come and that have not been sent, the oldest first."""
    rows = await fetch(
        "SELECT id FROM transfers WHERE settled_at IS NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $2", now, _LIMIT
    )
    return [row["id"] for row in rows]


async def open_reversals() -> list[UUID]:
    """List the reversals that have not ended, the oldest first."""
    rows = await fetch(
        "SELECT id FROM transfer_reversals WHERE settled_at IS NULL ORDER BY requested_at, id LIMIT $1", _LIMIT
    )
    return [row["id"] for row in rows]


async def open_reversals_of(transfer_id: UUID) -> list[UUID]:
    """List the reversals of one transfer that have not ended, the oldest first."""
    rows = await fetch(
        "SELECT id FROM transfer_reversals WHERE transfer_id = $1 AND settled_at IS NULL ORDER BY requested_at, id",
        transfer_id,
    )
    return [row["id"] for row in rows]


async def planned_of(institution_id: UUID) -> list[UUID]:
    """List an institution's transfers that wait."""
    rows = await fetch(
        "SELECT id FROM transfers WHERE institution_id = $1 AND status = 'planned' ORDER BY id", institution_id
    )
    return [row["id"] for row in rows]


async def unserved_from(booking_id: UUID) -> date | None:
    """Return from which night on a stay was not served; None when that was not decided."""
    row = await fetch_one("SELECT from_on FROM unserved_stays WHERE booking_id = $1", booking_id)
    found: date | None = row["from_on"] if row is not None else None
    return found


async def in_service(now: datetime) -> list[UUID]:
    """List the bookings whose guests are in house, or left within the quarter, and that have not been earned whole."""
    rows = await fetch(
        "SELECT b.id FROM bookings b WHERE b.status IN ('checked_in', 'completed') AND b.check_in <= $1"
        " AND coalesce((SELECT sum(e.amount) FROM earnings e WHERE e.booking_id = b.id), 0) < b.total_amount"
        " AND (b.status = 'checked_in' OR b.ended_at > $2::timestamptz - interval '92 days')"
        " ORDER BY b.id LIMIT $3",
        local_date(now),
        now,
        _LIMIT,
    )
    return [row["id"] for row in rows]


async def unsettled_payees() -> list[UUID]:
    """List the institutions that have begun to be payees and may not be paid."""
    rows = await fetch(
        "SELECT institution_id FROM payees WHERE status <> 'active' AND provider_account_id IS NOT NULL"
        " ORDER BY checked_at NULLS FIRST LIMIT $1",
        _LIMIT,
    )
    return [row["institution_id"] for row in rows]


async def old_holds(now: datetime) -> list[OldHold]:
    """List the bookings for which money has been held for 80 days, by their first payment that is still held."""
    rows = await fetch(
        "SELECT b.id, b.institution_id FROM bookings b WHERE EXISTS (SELECT FROM payments p WHERE p.booking_id = b.id"
        " AND p.status = 'succeeded' AND p.settled_at <= $1) ORDER BY b.id",
        now - HOLD_ALARM,
    )
    held = await ledger.held([row["id"] for row in rows])
    return [
        OldHold(booking_id=row["id"], institution_id=row["institution_id"], amount=held[row["id"]])
        for row in rows
        if held[row["id"]] > 0
    ]
