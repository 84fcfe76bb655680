"""Reads of messages and of the partner feed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from marketplace.identity.rules import Principal
from marketplace.kit import outbox
from marketplace.kit.crypto import vault
from marketplace.kit.db import fetch
from marketplace.messaging.rules import HIDDEN, Channel, field_on_the_wire

Position = tuple[int, UUID]
BEGINNING: Position = (0, UUID(int=0))


class StoredMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its personal data opened."""

    id: UUID
    channel: Channel
    to: str
    template: str
    subject: str | None
    text: str
    code: str | None
    status: str
    queued_at: datetime
    sent_at: datetime | None


class FeedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as partners see it, and its place in the feed."""

    position: Position
    id: UUID
    type: str
    occurred_at: datetime
    data: dict[str, Any]


class _Content(msgspec.Struct, frozen=True):
    subject: str | None
    text: str
    code: str | None


def opened(row: Any) -> StoredMessage:
    """Open the personal data of a row of ``messages``."""
    sealed = {"table": "messages", "row": row["id"]}
    content = msgspec.convert(vault().open(row["content"], column="content", **sealed), _Content)
    return StoredMessage(
        id=row["id"],
        channel=Channel(row["channel"]),
        to=str(vault().open(row["recipient"], column="recipient", **sealed)),
        template=row["template"],
        subject=content.subject,
        text=content.text,
        code=content.code,
        status=row["status"],
        queued_at=row["queued_at"],
        sent_at=row["sent_at"],
    )


async def written(dedupes: Collection[str]) -> set[str]:
    """Return those of these occasions whose message has been written."""
    return {row["dedupe"] for row in await fetch("SELECT dedupe FROM messages WHERE dedupe = ANY($1)", list(dedupes))}


async def newest(*, to: str | None, limit: int) -> list[StoredMessage]:
    """List the newest messages sent, to anybody or to one ``rules.address``; the newest first."""
    rows = await fetch(
        "SELECT * FROM messages WHERE status = 'sent' AND ($1::bytea IS NULL OR recipient_index = $1)"
        " ORDER BY id DESC LIMIT $2",
        vault().blind_index(to) if to is not None else None,
        limit,
    )
    return [opened(row) for row in rows]


async def feed(
    *, principal: Principal, after: Position | None, types: Sequence[str] | None, limit: int
) -> list[FeedEvent]:
    """Return up to ``limit + 1`` events that this partner may see, in commit order without gaps."""
    rows = await outbox.feed(partner_id=principal.id, after=after, kinds=types, limit=limit + 1)
    return [
        FeedEvent(
            position=(row["transaction_id"], row["id"]),
            id=row["id"],
            type=row["kind"],
            occurred_at=row["published_at"],
            data={
                name: field_on_the_wire(name, value)
                for name, value in msgspec.json.decode(row["payload"]).items()
                if name not in HIDDEN
            },
        )
        for row in rows
    ]


def feed_types() -> list[str]:
    """List the kinds of event that a partner may ever see."""
    return [event.kind for event in outbox.subclasses(outbox.Event) if event.audience != "nobody"]
