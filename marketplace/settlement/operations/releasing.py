"""Sending what an institution earned although it is suspended or revoked: one person asks, another approves."""

from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec

from marketplace.kit.audit import Actor, record
from marketplace.kit.db import execute, fetch_one, transaction
from marketplace.kit.errors import IllegalTransition, NotFound
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.settlement import queries
from marketplace.settlement.errors import NothingFrozen, ReleaseChanged, SecondPersonRequired
from marketplace.settlement.jobs import SubmitTransfer
from marketplace.settlement.operations.locks import lock_payee, lock_standing
from marketplace.settlement.queries import FrozenRow

GOOD_FOR = timedelta(days=7)


async def request_release(*, institution_id: UUID, reason: str, actor: Actor, now: datetime) -> UUID:
    """Ask for everything that waits for a frozen institution to be sent, as it stands now. Refuses: NothingFrozen."""
    async with transaction():
        found = await _frozen(institution_id)
        if found is None:
            raise NothingFrozen
        release_id = new_id()
        await execute(
            "INSERT INTO transfer_releases (id, institution_id, amount, currency, transfers_hash, reason, requested_by,"
            " requested_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            release_id,
            institution_id,
            found.amount,
            found.currency,
            _hash(found),
            reason,
            actor.id,
            now,
            now + GOOD_FOR,
        )
        await record("transfers.release_requested", actor=actor, subject=release_id, now=now, why=reason)
    return release_id


async def approve_release(*, release_id: UUID, actor: Actor, now: datetime) -> None:
    """Approve a release as the second person: its transfers are sent on their day, whatever the certification says.

    They are still kept for debts, disputes and a payee that may not be paid.
    Refuses: NotFound, SecondPersonRequired, IllegalTransition, ReleaseChanged. Publishes: SubmitTransfer.
    """
    async with transaction():
        before = await queries.release(release_id)
        await lock_standing(before.institution_id)
        await lock_payee(before.institution_id, now=now)
        row = await fetch_one("SELECT * FROM transfer_releases WHERE id = $1 FOR UPDATE", release_id)
        if row is None:
            raise NotFound
        if row["approved_at"] is not None:
            raise IllegalTransition(current="approved", event="approve")
        if row["requested_by"] == actor.id:
            raise SecondPersonRequired
        found = await _frozen(before.institution_id)
        if found is None or _hash(found) != row["transfers_hash"] or row["expires_at"] <= now:
            raise ReleaseChanged
        await execute(
            "UPDATE transfer_releases SET approved_by = $2, approved_at = $3 WHERE id = $1", release_id, actor.id, now
        )
        await execute("UPDATE transfers SET release_id = $2 WHERE id = ANY($1)", found.transfer_ids, release_id)
        for transfer_id in found.transfer_ids:
            due_at = (await queries.transfer(transfer_id)).due_at
            await publish(SubmitTransfer(transfer_id=transfer_id), now=now, due_at=max(due_at, now))
        await record("transfers.released", actor=actor, subject=release_id, now=now, after=found.amount)


async def _frozen(institution_id: UUID) -> FrozenRow | None:
    found = await queries.frozen_transfers(institution_id)
    return found[0] if found else None


def _hash(found: FrozenRow) -> str:
    return sha256(msgspec.json.encode([found.transfer_ids, found.amount, found.currency])).hexdigest()
