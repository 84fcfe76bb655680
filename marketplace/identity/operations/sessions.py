"""Opening, using and closing sessions: opaque bearer tokens of which only the digest is stored."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.identity.queries import token_digest
from marketplace.identity.rules import LIFETIMES, Kind, Level, Principal, Scope, idle_until
from marketplace.kit import audit
from marketplace.kit.db import execute, require_transaction, transaction
from marketplace.kit.ids import new_id

TOKEN_BYTES = 32
_HOLDER = {
    Kind.FAMILY: "family_id",
    Kind.PARTNER: "partner_id",
    Kind.INSTITUTION: "staff_id",
    Kind.OFFICER: "staff_id",
    Kind.FINANCE: "staff_id",
}


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A new session. The token is shown this once: we keep only its digest."""

    token: str
    expires_at: datetime
    principal: Principal


async def open_session(  # noqa: PLR0913 - these are the facts of a principal.
    *,
    kind: Kind,
    holder_id: UUID,
    now: datetime,
    scopes: Sequence[Scope] = tuple(Scope),
    institution_id: UUID | None = None,
    level: Level | None = None,
    jurisdiction: str | None = None,
) -> OpenedSession:
    """Open a session for someone who has just proved who they are. The token is always ours, never the caller's."""
    require_transaction()
    session_id, token = new_id(), secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = now + LIFETIMES[kind].absolute
    await execute(
        f"INSERT INTO sessions (id, token_digest, {_HOLDER[kind]}, scopes, opened_at, idle_expires_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        session_id,
        token_digest(token),
        holder_id,
        list(scopes),
        now,
        idle_until(kind, now=now, expires_at=expires_at),
        expires_at,
    )
    principal = Principal(
        kind=kind,
        id=holder_id,
        session_id=session_id,
        institution_id=institution_id,
        level=level,
        jurisdiction=jurisdiction,
        scopes=tuple(scopes),
    )
    await audit.record("identity.session_opened", actor=principal, subject=session_id, now=now)
    return OpenedSession(token=token, expires_at=expires_at, principal=principal)


async def touch_session(*, session_id: UUID, idle_expires_at: datetime) -> None:
    """Move a session's idle limit, because it is being used; never backwards."""
    await execute(
        "UPDATE sessions SET idle_expires_at = greatest(idle_expires_at, $2) WHERE id = $1", session_id, idle_expires_at
    )


async def close_session(*, actor: Principal, now: datetime) -> None:
    """Revoke the caller's session; its token is refused from the next request on. Repeating it changes nothing."""
    async with transaction():
        closed = await execute(
            "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", actor.session_id, now
        )
        if closed:
            await audit.record("identity.session_closed", actor=actor, subject=actor.session_id, now=now)
