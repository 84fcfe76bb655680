"""Reads for the platform's finance people: what is frozen, and what two of them release."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.kit.db import fetch, fetch_one
from marketplace.kit.errors import NotFound
from marketplace.settlement.rules import FROZEN


class FrozenRow(msgspec.Struct, frozen=True, kw_only=True):
    """An institution whose transfers wait because it is suspended or revoked, and which they are."""

    institution_id: UUID
    institution_name: str
    standing: str | None
    transfer_ids: list[UUID]
    amount: int
    currency: str


class ReleaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A release as it is stored."""

    id: UUID
    institution_id: UUID
    amount: int
    currency: str
    transfers_hash: str
    reason: str
    requested_by: UUID
    requested_at: datetime
    expires_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None


async def frozen_transfers(institution_id: UUID | None = None) -> list[FrozenRow]:
    """List what waits for institutions that may not be paid at present, by institution; for one of them, when named."""
    rows = await fetch(
        "SELECT t.institution_id, i.name AS institution_name, c.status AS standing,"
        " array_agg(t.id ORDER BY t.id) AS transfer_ids, sum(t.amount)::bigint AS amount, t.currency"
        " FROM transfers t JOIN institutions i ON i.id = t.institution_id"
        " LEFT JOIN certifications c ON c.institution_id = t.institution_id AND c.is_current"
        " WHERE t.status = 'planned' AND t.release_id IS NULL AND t.amount > 0"
        " AND (c.status IS NULL OR c.status = ANY($1)) AND ($2::uuid IS NULL OR t.institution_id = $2)"
        " GROUP BY t.institution_id, i.name, c.status, t.currency ORDER BY t.institution_id, t.currency LIMIT 200",
        sorted(status.value for status in FROZEN),
        institution_id,
    )
    return [FrozenRow(**dict(row)) for row in rows]


async def releases(*, after: UUID | None, limit: int) -> list[ReleaseRow]:
    """List releases, the newest first, before ``after``; one more than ``limit``."""
    rows = await fetch(
        "SELECT * FROM transfer_releases WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", after, limit + 1
    )
    return [ReleaseRow(**dict(row)) for row in rows]


async def release(release_id: UUID) -> ReleaseRow:
    """Return one release. Refuses: NotFound."""
    row = await fetch_one("SELECT * FROM transfer_releases WHERE id = $1", release_id)
    if row is None:
        raise NotFound
    return ReleaseRow(**dict(row))
