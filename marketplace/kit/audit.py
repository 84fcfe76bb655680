"""The audit log: every operation appends who did what to what, for whom, why, and what changed."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from marketplace.kit import journal
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
    """Append one line, such as ``record("booking.placed", actor=actor, subject=booking_id, now=now)``.

    It is written as the present transaction ends.
    """
    journal.append(
        journal.Noted(
            id=new_id(),
            action=action,
            actor_kind=actor.kind,
            actor_id=actor.id,
            on_behalf_of=on_behalf_of,
            subject_id=subject,
            why=why,
            before_digest=digest(before),
            after_digest=digest(after),
            recorded_at=now,
        )
    )
