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

from marketplace.kit import journal
from marketplace.kit.db import execute, fetch, fetch_one, require_transaction
from marketplace.kit.ids import new_id
from marketplace.kit.journal import Posted

LEASE = timedelta(seconds=8)
ATTEMPTS_MAX = 12
BACKOFF_MAX_S = 3_600
CHANNEL = journal.CHANNEL

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
    """A due message under a lease, to be handed to a worker. ``attempts`` counts the ones that began before."""

    id: UUID
    kind: str
    attempts: int
    request_id: str | None


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A message in the hands of one worker, which its number of ``attempts`` names."""

    id: UUID
    kind: str
    payload: bytes
    handled: tuple[str, ...]
    attempts: int


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
    """Write ``message`` as the present transaction ends; it is handed over once that commits and ``due_at`` has come.

    With ``dedupe`` it is written at once, or not at all when there is one of the same name; then None is returned.
    """
    require_transaction()
    posted = Posted(
        id=new_id(),
        kind=message.kind,
        payload=msgspec.json.encode(message).decode(),
        audience=message.audience,
        partner_id=getattr(message, "partner_id", None),
        is_event=isinstance(message, Event),
        request_id=_request_id(),
        published_at=now,
        due_at=due_at or now,
    )
    if dedupe is None:
        journal.append(posted)
        return posted.id
    columns = {**msgspec.structs.asdict(posted), "dedupe": dedupe}
    places = ", ".join(f"${i}" for i in range(1, len(columns) + 1))
    row = await fetch_one(
        f"INSERT INTO outbox ({', '.join(columns)}) VALUES ({places}) ON CONFLICT (dedupe) DO NOTHING RETURNING id",
        *columns.values(),
    )
    if row is not None and due_at is None:
        await execute("SELECT pg_notify($1, '')", CHANNEL)
    return posted.id if row is not None else None


async def claim(*, now: datetime, kinds: Sequence[str], limit: int = 50) -> list[Claimed]:
    """Take due messages of these kinds under a lease, so that no other relay hands them out meanwhile (SKIP LOCKED).

    What is due follows the business clock, which development may move; how long a lease lasts follows the database's.
    """
    rows = await fetch(
        "WITH due AS MATERIALIZED (SELECT id FROM outbox WHERE state = 'pending' AND due_at <= $1"
        "   AND (leased_until IS NULL OR leased_until <= clock_timestamp()) AND kind = ANY($2)"
        "   ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)"
        " UPDATE outbox SET leased_until = clock_timestamp() + $4::interval FROM due WHERE outbox.id = due.id"
        " RETURNING outbox.id, kind, attempts, request_id, due_at",
        now,
        list(kinds),
        limit,
        LEASE,
    )
    return [
        Claimed(id=row["id"], kind=row["kind"], attempts=row["attempts"], request_id=row["request_id"])
        for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))
    ]


async def release(claimed: Sequence[Claimed]) -> None:
    """Give back messages that could not be handed out, as when the broker is away; those that began are left alone."""
    await execute(
        "UPDATE outbox SET leased_until = NULL FROM unnest($1::uuid[], $2::int[]) AS given (id, attempts)"
        " WHERE outbox.id = given.id AND outbox.attempts = given.attempts AND state = 'pending'",
        [message.id for message in claimed],
        [message.attempts for message in claimed],
    )


async def begin(message_id: UUID, *, attempts: int) -> Taken | None:
    """Start the next attempt at a message, or return None when it is closed or another worker has begun that attempt.

    A message may be handed out twice, by a redelivery or after a lost queue; the one that presents the present number
    of attempts first has it. A message that ended its worker ``ATTEMPTS_MAX`` times is set aside as dead here, since
    nobody was left to call ``fail``.
    """
    row = await fetch_one(
        "UPDATE outbox SET attempts = attempts + 1, leased_until = clock_timestamp() + $3::interval,"
        " state = CASE WHEN attempts >= $4 THEN 'dead' ELSE state END,"
        " last_error = CASE WHEN attempts >= $4 THEN coalesce(last_error, 'the worker ended') ELSE last_error END"
        " WHERE id = $1 AND attempts = $2 AND state = 'pending'"
        " RETURNING id, kind, payload, handled, attempts, state",
        message_id,
        attempts,
        LEASE,
        ATTEMPTS_MAX,
    )
    if row is None or row["state"] == "dead":
        return None
    return Taken(
        id=row["id"],
        kind=row["kind"],
        payload=row["payload"].encode(),
        handled=tuple(row["handled"]),
        attempts=row["attempts"],
    )


async def renew(taken: Taken) -> bool:
    """Lengthen the lease while the message is being handled; False when it is no longer this worker's."""
    renewed = await execute(
        "UPDATE outbox SET leased_until = clock_timestamp() + $3::interval"
        " WHERE id = $1 AND attempts = $2 AND state = 'pending'",
        taken.id,
        taken.attempts,
        LEASE,
    )
    return renewed == 1


async def mark_handled(message_id: UUID, handler: str) -> None:
    """Remember that one of the message's handlers is done, so that a retry runs only the others."""
    await execute(
        "UPDATE outbox SET handled = array_append(handled, $2) WHERE id = $1 AND NOT $2 = ANY(handled)",
        message_id,
        handler,
    )


async def settle(message_ids: Sequence[UUID], *, now: datetime) -> None:
    """Close messages: every handler is done."""
    await execute(
        "UPDATE outbox SET state = 'done', settled_at = $2, leased_until = NULL"
        " WHERE id = ANY($1) AND state = 'pending'",
        list(message_ids),
        now,
    )


async def fail(taken: Taken, *, error: str, now: datetime) -> bool:
    """Put a message back with a longer wait each time; True when that was its last attempt and it is dead."""
    dead = taken.attempts >= ATTEMPTS_MAX
    await execute(
        "UPDATE outbox SET leased_until = NULL, last_error = $3, due_at = $4, state = $5"
        " WHERE id = $1 AND attempts = $2 AND state = 'pending'",
        taken.id,
        taken.attempts,
        error[:500],
        now + timedelta(seconds=min(2**taken.attempts, BACKOFF_MAX_S)),
        "dead" if dead else "pending",
    )
    return dead


async def prune(*, now: datetime, keep: timedelta = timedelta(days=30), limit: int = 1_000) -> int:
    """Delete messages that were closed long ago; what partners may still read in the feed is kept."""
    return await execute(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state = 'done' AND settled_at < $1"
        " AND NOT (is_event AND audience <> 'nobody') LIMIT $2)",
        now - keep,
        limit,
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
