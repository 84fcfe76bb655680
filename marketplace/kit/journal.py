"""What a transaction leaves behind beside its facts: messages and audit lines, in one statement as its last act."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.kit.db import execute, leave_for_the_end

CHANNEL = "outbox"


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``outbox``; ``payload`` is JSON."""

    id: UUID
    kind: str
    payload: str
    audience: str
    partner_id: UUID | None
    is_event: bool
    request_id: str | None
    published_at: datetime
    due_at: datetime


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``audit_events``."""

    id: UUID
    action: str
    actor_kind: str
    actor_id: UUID | None
    on_behalf_of: UUID | None
    subject_id: UUID
    why: str | None
    before_digest: str | None
    after_digest: str | None
    recorded_at: datetime


def append(entry: Posted | Noted) -> None:
    """Have an entry written when the present transaction ends; entries of one table are written in this order."""
    leave_for_the_end(_write, entry)


_POSTED_TYPES = ("uuid", "text", "jsonb", "text", "uuid", "boolean", "text", "timestamptz", "timestamptz")
_NOTED_TYPES = ("uuid", "text", "text", "uuid", "uuid", "uuid", "text", "text", "text", "timestamptz")


def _insert(table: str, shape: type[msgspec.Struct], types: Sequence[str], *, first: int) -> str:
    columns = ", ".join(shape.__struct_fields__)
    arrays = ", ".join(f"${first + i}::{type_}[]" for i, type_ in enumerate(types))
    return f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({arrays})"


_POST = _insert("outbox", Posted, _POSTED_TYPES, first=2)
_NOTE = _insert("audit_events", Noted, _NOTED_TYPES, first=2 + len(_POSTED_TYPES))
# The relay is called only for what is due at once; the rest it finds when its time has come.
_WRITE = f"WITH posted AS ({_POST}), noted AS ({_NOTE}) SELECT pg_notify('{CHANNEL}', '') WHERE $1"


async def _write(entries: list[Posted | Noted]) -> None:
    posted = [entry for entry in entries if isinstance(entry, Posted)]
    noted = [entry for entry in entries if isinstance(entry, Noted)]
    await execute(
        _WRITE,
        any(entry.due_at <= entry.published_at for entry in posted),
        *_columns(Posted, posted),
        *_columns(Noted, noted),
    )


def _columns(shape: type[msgspec.Struct], entries: Sequence[msgspec.Struct]) -> list[list[object]]:
    return [[getattr(entry, name) for entry in entries] for name in shape.__struct_fields__]
