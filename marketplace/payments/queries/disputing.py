"""Reads of disputes."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.kit.db import fetch, fetch_value
from marketplace.payments.states import DisputeStatus


class DisputeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute as it is stored."""

    id: UUID
    payment_id: UUID
    booking_id: UUID
    institution_id: UUID
    provider_dispute_id: str
    amount: int
    currency: str
    reason: str
    status: DisputeStatus
    opened_at: datetime
    checked_at: datetime
    settled_at: datetime | None


async def disputes_of(booking_id: UUID) -> list[DisputeRow]:
    """Return a booking's disputes, oldest first."""
    rows = await fetch("SELECT * FROM disputes WHERE booking_id = $1 ORDER BY id", booking_id)
    return [msgspec.convert(dict(row), DisputeRow) for row in rows]


async def is_disputed(booking_id: UUID) -> bool:
    """Say whether a bank holds money of this booking and has not decided."""
    found: bool = await fetch_value(
        "SELECT EXISTS (SELECT FROM disputes WHERE booking_id = $1 AND status = 'open')", booking_id
    )
    return found


async def open_disputes() -> list[str]:
    """List the provider's ids of the disputes that have not been decided."""
    rows = await fetch("SELECT provider_dispute_id FROM disputes WHERE settled_at IS NULL ORDER BY checked_at, id")
    return [row["provider_dispute_id"] for row in rows]


async def newest_dispute() -> datetime | None:
    """Return when the newest dispute that we know was opened."""
    found: datetime | None = await fetch_value("SELECT max(opened_at) FROM disputes")
    return found
