"""Whether the log still says what was done: every event, every leaf and every signed checkpoint, in constant memory."""

from collections.abc import Mapping
from uuid import UUID

import asyncpg
import msgspec

from marketplace.kit.db import fetch, stream, transaction
from marketplace.kit.journal import Noted
from marketplace.signing.queries import published
from marketplace.signing.rules import Purpose
from marketplace.transparency import queries
from marketplace.transparency.rules import FIELDS, BadNote, Checkpoint, hashed, merkle, opened

_LEAVES = f"""
SELECT l.position, l.event_id, l.hash, {queries.EVENT}
  FROM audit_leaves l LEFT JOIN audit_events e ON e.id = l.event_id ORDER BY l.position
"""
# The sequencer takes events in this order, so what lies behind its last one and has no leaf was put there later.
_UNLOGGED = """
SELECT e.id FROM audit_events e
 WHERE (e.transaction_id, e.id) < (SELECT transaction_id, event_id FROM audit_leaves ORDER BY position DESC LIMIT 1)
   AND NOT EXISTS (SELECT FROM audit_leaves l WHERE l.event_id = e.id) ORDER BY e.transaction_id, e.id
"""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it was: which event or which stretch of the log, and what is wrong with it."""

    what: str
    position: int | None = None
    event_id: UUID | None = None


class Report(msgspec.Struct, frozen=True):
    """The size of the log, the checkpoints that were held against it, and what was found; nothing found is good."""

    size: int
    checkpoint_count: int
    findings: list[Finding]


async def verify(*witnessed: str) -> Report:
    """Hold every event against its leaf and every leaf against every signed checkpoint, naming each that is wrong.

    ``witnessed`` are checkpoints that somebody kept elsewhere: against them not even the owner of the key can rewrite
    the log. All is read as of one instant.
    """
    async with transaction(isolation="repeatable_read", readonly=True):
        jwks = [key.public_jwk for key in await published(Purpose.CHECKPOINT)]
        checkpoints, findings = await _checkpoints(witnessed, jwks)
        size = await _walk(checkpoints, findings)
        findings += [
            Finding(what="added to the table behind the log", event_id=row["id"]) for row in await fetch(_UNLOGGED)
        ]
    for missing in sorted(found for found in checkpoints if found > size):
        findings.append(Finding(what=f"the log ends at {size}, though its size {missing} was signed", position=size))
    return Report(size, len(checkpoints), findings)


async def _checkpoints(
    witnessed: tuple[str, ...], jwks: list[dict[str, object]]
) -> tuple[dict[int, set[bytes]], list[Finding]]:
    """Return the roots that were signed, by size, and the checkpoints that are not what their signature says."""
    roots: dict[int, set[bytes]] = {}
    findings: list[Finding] = []
    rows = await fetch("SELECT size, root, note FROM audit_checkpoints ORDER BY size")
    told = [(row["note"], Checkpoint("", row["size"], row["root"])) for row in rows] + [
        (note, None) for note in witnessed
    ]
    for note, stored in told:
        where = f"checkpoint {stored.size}" if stored else "the given checkpoint"
        try:
            found = opened(note, public_jwks=jwks)
        except BadNote as error:
            findings.append(Finding(what=f"{where}: {error}", position=stored.size if stored else None))
            continue
        if stored and (stored.size, stored.root) != (found.size, found.root):
            findings.append(Finding(what=f"{where} is stored otherwise than it was signed", position=stored.size))
        roots.setdefault(found.size, set()).add(found.root)
    return roots, findings


async def _walk(checkpoints: Mapping[int, set[bytes]], findings: list[Finding]) -> int:
    """Walk the leaves once, with the full subtrees so far in hand, and compare at every size that was signed."""
    frontier: dict[merkle.Node, bytes] = {}
    size = good = 0
    whole = True
    async for row in stream(_LEAVES, prefetch=500):
        while size < row["position"]:
            findings.append(Finding(what="the leaf is missing", position=size))
            frontier |= dict(merkle.grown(size, frontier, [merkle.EMPTY_ROOT]))
            size += 1
        if wrong := _wrong(row):
            findings.append(Finding(what=wrong, position=row["position"], event_id=row["event_id"]))
        frontier = _grown(size, frontier, row["hash"])
        size += 1
        # Behind the first wrong root every later one is wrong too, which would say nothing new.
        if whole and size in checkpoints:
            whole = checkpoints[size] == {merkle.root_of((0, size), frontier)}
            if not whole:
                what = f"leaves {good} to {size - 1} are not those of the signed checkpoint {size}"
                findings.append(Finding(what=what, position=good))
            good = size
    return size


def _grown(size: int, frontier: Mapping[merkle.Node, bytes], leaf: bytes) -> dict[merkle.Node, bytes]:
    known = {**frontier, **dict(merkle.grown(size, frontier, [leaf]))}
    return {node: known[node] for node in merkle.full_subtrees((0, size + 1))}


def _wrong(row: asyncpg.Record) -> str | None:
    if row["id"] is None:
        return "the event was deleted"
    if hashed(Noted(**{name: row[name] for name in FIELDS})) != row["hash"]:
        return "the event was edited"
    return None
