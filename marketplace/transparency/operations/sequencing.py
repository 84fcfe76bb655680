"""One sequencer gives every committed event its place in the log; whoever acts never waits for it."""

from datetime import datetime

from marketplace.kit.db import execute, fetch, fetch_one, transaction
from marketplace.kit.journal import Noted
from marketplace.settings import settings
from marketplace.signing.operations import active
from marketplace.signing.rules import Purpose
from marketplace.transparency import queries
from marketplace.transparency.rules import FIELDS, Checkpoint, hashed, merkle, origin_of, signed

BATCH = 500
_LOCK = 0x617564697400  # "audit": one lock for every process that would append.


async def sequence(*, now: datetime) -> int:
    """Append every event that has been committed, then sign a checkpoint; returns how many were appended.

    An event is taken once every transaction that began before its own has ended, so none comes behind the cursor.
    Each batch is its own transaction: a run that breaks off is finished by the next.
    """
    appended = 0
    while count := await _append():
        appended += count
    await _sign(now=now)
    return appended


async def _append() -> int:
    async with transaction():
        await execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        last = await fetch_one(
            "SELECT position, transaction_id::text AS transaction_id, event_id FROM audit_leaves"
            " ORDER BY position DESC LIMIT 1"
        )
        rows = await fetch(
            f"SELECT e.transaction_id::text AS transaction_id, {queries.EVENT} FROM audit_events e"
            " WHERE e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())"
            " AND ($1::text IS NULL OR (e.transaction_id, e.id) > ($1::text::xid8, $2::uuid))"
            " ORDER BY e.transaction_id, e.id LIMIT $3",
            last["transaction_id"] if last else None,
            last["event_id"] if last else None,
            BATCH,
        )
        if not rows:
            return 0
        size = last["position"] + 1 if last else 0
        leaves = [hashed(Noted(**{name: row[name] for name in FIELDS})) for row in rows]
        await execute(
            "INSERT INTO audit_leaves (position, transaction_id, event_id, hash)"
            " SELECT position, transaction_id::xid8, event_id, hash"
            " FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bytea[]) AS n (position, transaction_id, event_id, hash)",
            list(range(size, size + len(rows))),
            [row["transaction_id"] for row in rows],
            [row["id"] for row in rows],
            leaves,
        )
        await _grow(size, leaves)
    return len(rows)


async def _grow(size: int, leaves: list[bytes]) -> None:
    frontier = await queries.nodes(merkle.full_subtrees((0, size)))
    inner = [(node, value) for node, value in merkle.grown(size, frontier, leaves) if node[0] > 0]
    await execute(
        "INSERT INTO audit_nodes (level, position, hash) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])",
        [node[0] for node, _ in inner],
        [node[1] for node, _ in inner],
        [value for _, value in inner],
    )


async def _sign(*, now: datetime) -> None:
    """Sign the log as it is, unless its size was signed before."""
    size = await queries.size()
    if size == 0 or await fetch_one("SELECT size FROM audit_checkpoints WHERE size = $1", size):
        return
    root = merkle.root_of((0, size), await queries.nodes(merkle.full_subtrees((0, size))))
    key = await active(Purpose.CHECKPOINT, now=now)
    checkpoint = Checkpoint(origin_of(settings().public_url), size, root)
    await execute(
        "INSERT INTO audit_checkpoints (size, root, note, signed_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        size,
        root,
        signed(checkpoint, private_jwk=key.private_jwk),
        now,
    )
