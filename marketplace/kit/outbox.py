"""Messages as rows: written in the business transaction, claimed by a relay, repeated until they are handled.

An event is news in the past tense, a job an order in the imperative that may have a due time. Handlers live above,
in ``workers.reactions``; here are only the rows. Partners read events in commit order without gaps: an event is shown
once its transaction is older than every transaction still running.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from marketplace.kit.db import execute, fetch, fetch_one, require_transaction, transaction
from marketplace.kit.ids import new_id

LEASE = timedelta(seconds=60)
ATTEMPTS_MAX = 12
BACKOFF_MAX_S = 3_600
CHANNEL = "outbox"

Audience = Literal["nobody", "partner", "public"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What travels through the outbox. ``kind`` is its stable name, such as ``booking.confirmed``."""

    kind: ClassVar[str]
    audience: ClassVar[Audience] = "nobody"


class Event(Message, frozen=True, kw_only=True):
    """News. With ``audience = "partner"`` it carries ``partner_id`` and only that partner sees it in the feed."""


class Job(Message, frozen=True, kw_only=True):
    """An order to do something, now or when it is due."""


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A message in the hands of one worker until its lease ends."""

    id: UUID
    kind: str
    payload: bytes
    handled: tuple[str, ...]
    attempts: int
    request_id: str | None


def subclasses(root: type[Message]) -> list[type[Message]]:
    """List the concrete message types known to this process, ordered by kind."""
    found: list[type[Message]] = []
    for child in root.__subclasses__():
        if "kind" in child.__dict__:
            found.append(child)
        found.extend(subclasses(child))
    return sorted(found, key=lambda message: message.kind)


async def publish(
    message: Message, *, now: datetime, due_at: datetime | None = None, dedupe: str | None = None
) -> UUID | None:
    """Write ``message`` in the present transaction; it is handed over once that commits and ``due_at`` has come.

    With ``dedupe`` a second message of the same name is not written and None is returned.
    """
    require_transaction()
    message_id = new_id()
    row = await fetch_one(
        "INSERT INTO outbox (id, kind, payload, audience, partner_id, is_event, dedupe, request_id, published_at,"
        " due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        " ON CONFLICT (dedupe) DO NOTHING RETURNING id",
        message_id,
        message.kind,
        msgspec.json.encode(message).decode(),
        message.audience,
        getattr(message, "partner_id", None),
        isinstance(message, Event),
        dedupe,
        _request_id(),
        now,
        due_at or now,
    )
    if row is not None and due_at is None:
        await execute("SELECT pg_notify($1, '')", CHANNEL)
    return message_id if row is not None else None


async def claim(*, now: datetime, limit: int = 50, ids: Sequence[UUID] | None = None) -> list[Claimed]:
    """Take due messages under a lease; two claimers never take the same one (SKIP LOCKED)."""
    async with transaction():
        rows = await fetch(
            "UPDATE outbox SET leased_until = $1::timestamptz + $2::interval, attempts = attempts + 1"
            " WHERE id IN (SELECT id FROM outbox WHERE state = 'pending' AND due_at <= $1"
            "   AND (leased_until IS NULL OR leased_until <= $1) AND ($3::uuid[] IS NULL OR id = ANY($3))"
            "   ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)"
            " RETURNING id, kind, payload, handled, attempts, request_id, due_at",
            now,
            LEASE,
            list(ids) if ids is not None else None,
            limit,
        )
    return [
        Claimed(
            id=row["id"],
            kind=row["kind"],
            payload=row["payload"].encode(),
            handled=tuple(row["handled"]),
            attempts=row["attempts"],
            request_id=row["request_id"],
        )
        for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))
    ]


async def mark_handled(message_id: UUID, handler: str) -> None:
    """Remember that one of the message's handlers is done, so that a retry runs only the others."""
    await execute(
        "UPDATE outbox SET handled = array_append(handled, $2) WHERE id = $1 AND NOT $2 = ANY(handled)",
        message_id,
        handler,
    )


async def settle(message_id: UUID, *, now: datetime) -> None:
    """Close a message: every handler is done."""
    await execute(
        "UPDATE outbox SET state = 'done', settled_at = $2, leased_until = NULL WHERE id = $1 AND state = 'pending'",
        message_id,
        now,
    )


async def fail(message_id: UUID, *, error: str, attempts: int, now: datetime) -> None:
    """Put a message back with a longer wait each time; after ``ATTEMPTS_MAX`` it is set aside as dead."""
    wait = timedelta(seconds=min(2**attempts, BACKOFF_MAX_S))
    await execute(
        "UPDATE outbox SET leased_until = NULL, last_error = $2, due_at = $3,"
        " state = CASE WHEN $4::int >= $5::int THEN 'dead' ELSE 'pending' END WHERE id = $1 AND state = 'pending'",
        message_id,
        error[:500],
        now + wait,
        attempts,
        ATTEMPTS_MAX,
    )


async def release(message_ids: Sequence[UUID]) -> None:
    """Give claimed messages back at once, as when the broker cannot be reached."""
    await execute(
        "UPDATE outbox SET leased_until = NULL, attempts = greatest(attempts - 1, 0)"
        " WHERE id = ANY($1) AND state = 'pending'",
        list(message_ids),
    )


async def lag_s(*, now: datetime) -> float:
    """Return how many seconds the oldest due message has waited; 0 when nothing waits."""
    oldest = await fetch_one("SELECT min(due_at) AS due_at FROM outbox WHERE state = 'pending' AND due_at <= $1", now)
    if oldest is None or oldest["due_at"] is None:
        return 0.0
    return float((now - oldest["due_at"]).total_seconds())


async def feed(
    *, partner_id: UUID | None, after: tuple[int, UUID] | None, kinds: Sequence[str] | None, limit: int
) -> list[dict[str, Any]]:
    """Read events in commit order for one partner (or only public ones): ``transaction_id, id, kind, payload``."""
    rows = await fetch(
        "SELECT transaction_id::text::bigint AS transaction_id, id, kind, payload, published_at FROM outbox"
        " WHERE is_event AND (audience = 'public' OR (audience = 'partner' AND partner_id = $1))"
        " AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())"
        " AND ($2::bigint IS NULL OR (transaction_id, id) > ($2::text::xid8, $3::uuid))"
        " AND ($4::text[] IS NULL OR kind = ANY($4))"
        " ORDER BY transaction_id, id LIMIT $5",
        partner_id,
        after[0] if after else None,
        after[1] if after else None,
        list(kinds) if kinds is not None else None,
        limit,
    )
    return [dict(row) for row in rows]


def _request_id() -> str | None:
    from structlog.contextvars import get_contextvars  # noqa: PLC0415 - keeps the pure parts importable alone.

    value = get_contextvars().get("request_id")
    return value if isinstance(value, str) else None
