"""Reads of the log: checkpoints, leaves, and proofs from the nodes that they need."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.kit.db import fetch, fetch_one, fetch_value
from marketplace.kit.errors import FieldError, Invalid, NotFound
from marketplace.kit.journal import Noted
from marketplace.transparency.rules import FIELDS, merkle
from marketplace.transparency.rules.merkle import Node, Range

EVENT = ", ".join(f"e.{name}" for name in FIELDS)


class StoredCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint as it was signed."""

    size: int
    root: bytes
    note: str
    signed_at: datetime


class Leaf(msgspec.Struct, frozen=True):
    """One event's place in the log."""

    position: int
    event_id: UUID
    hash: bytes


async def size() -> int:
    """Return how many leaves the log has."""
    found: int = await fetch_value("SELECT coalesce(max(position) + 1, 0) FROM audit_leaves")
    return found


async def latest() -> StoredCheckpoint:
    """Return the newest checkpoint. Refuses: NotFound, as long as nothing was logged."""
    row = await fetch_one("SELECT size, root, note, signed_at FROM audit_checkpoints ORDER BY size DESC LIMIT 1")
    if row is None:
        raise NotFound
    return StoredCheckpoint(**row)


class PublishedCheckpoint(StoredCheckpoint, frozen=True):
    """A checkpoint that was handed out as that of a day."""

    published_on: date


async def list_published(*, after: date | None = None, limit: int) -> list[PublishedCheckpoint]:
    """Return up to ``limit + 1`` checkpoints of days, the newest first."""
    rows = await fetch(
        "SELECT c.size, c.root, c.note, c.signed_at, p.published_on FROM audit_publications p"
        " JOIN audit_checkpoints c ON c.size = p.size WHERE ($1::date IS NULL OR p.published_on < $1)"
        " ORDER BY p.published_on DESC LIMIT $2",
        after,
        limit + 1,
    )
    return [PublishedCheckpoint(**row) for row in rows]


async def nodes(wanted: Sequence[Node]) -> dict[Node, bytes]:
    """Return the hashes of these nodes, in one query."""
    levels, positions = zip(*wanted, strict=True) if wanted else ((), ())
    rows = await fetch(
        "SELECT w.level, w.position, coalesce(n.hash, l.hash) AS hash"
        " FROM unnest($1::smallint[], $2::bigint[]) AS w (level, position)"
        " LEFT JOIN audit_nodes n ON w.level > 0 AND n.level = w.level AND n.position = w.position"
        " LEFT JOIN audit_leaves l ON w.level = 0 AND l.position = w.position",
        list(levels),
        list(positions),
    )
    return {(row["level"], row["position"]): row["hash"] for row in rows}


async def leaf_of_hash(value: bytes) -> Leaf:
    """Return the leaf of a hash. Refuses: NotFound."""
    row = await fetch_one(
        "SELECT position, event_id, hash FROM audit_leaves WHERE hash = $1 ORDER BY position LIMIT 1", value
    )
    if row is None:
        raise NotFound
    return Leaf(**row)


async def leaf_of_event(event_id: UUID) -> Leaf:
    """Return the leaf of an event. Refuses: NotFound."""
    row = await fetch_one("SELECT position, event_id, hash FROM audit_leaves WHERE event_id = $1", event_id)
    if row is None:
        raise NotFound
    return Leaf(**row)


async def event(event_id: UUID) -> Noted:
    """Return an event as it stands in the database. Refuses: NotFound."""
    row = await fetch_one(f"SELECT {EVENT} FROM audit_events e WHERE e.id = $1", event_id)
    if row is None:
        raise NotFound
    return Noted(**row)


async def inclusion(*, index: int, tree_size: int) -> list[bytes]:
    """Return the proof that a leaf is in the tree of a size. Refuses: Invalid, when there is no such tree."""
    if not index < tree_size <= await size():
        raise _no_such(
            "size", zh="日志没有此大小，或该条目在其之后", en="The log has no such size, or not yet this leaf."
        )
    return await _hashes(merkle.inclusion(index, tree_size))


async def consistency(*, first: int, second: int) -> list[bytes]:
    """Return the proof that the tree of one size begins with that of another. Refuses: Invalid."""
    if not 0 < first <= second <= await size():
        raise _no_such("second", zh="日志没有此大小", en="The log has no such size, or it is the smaller one.")
    return await _hashes(merkle.consistency(first, second))


async def _hashes(ranges: list[Range]) -> list[bytes]:
    known = await nodes([node for found in ranges for node in merkle.full_subtrees(found)])
    return [merkle.root_of(found, known) for found in ranges]


def _no_such(parameter: str, *, zh: str, en: str) -> Invalid:
    return Invalid(fields=(FieldError(pointer=f"?{parameter}", zh=zh, en=en),))
