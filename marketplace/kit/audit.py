"""The audit log: every operation appends who did what to what, for whom, why, and what changed."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from marketplace.kit.db import execute, require_transaction
from marketplace.kit.ids import new_id


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts: a kind (family, partner, institution, officer, system) and an id."""

    kind: str
    id: UUID | None = None


SYSTEM = Actor(kind="system")


def digest(value: Any) -> str | None:
    """Return the SHA-256 of a value's canonical JSON: the log proves a change without holding personal data."""
    if value is None:
        return None
    return sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()


async def record(  # noqa: PLR0913 - an audit line has these facts, and each is named at the call.
    action: str,
    *,
    actor: Actor,
    subject: UUID,
    now: datetime,
    why: str | None = None,
    before: Any = None,
    after: Any = None,
    on_behalf_of: UUID | None = None,
) -> None:
    """Append one line, such as ``record("booking.placed", actor=actor, subject=booking_id, now=now)``."""
    require_transaction()
    await execute(
        "INSERT INTO audit_events (id, action, actor_kind, actor_id, on_behalf_of, subject_id, why,"
        " before_digest, after_digest, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new_id(),
        action,
        actor.kind,
        actor.id,
        on_behalf_of,
        subject,
        why,
        digest(before),
        digest(after),
        now,
    )
