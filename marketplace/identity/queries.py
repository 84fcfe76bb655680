"""Reading who someone is: the principal behind a token, and addresses for the packages that write to people."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from marketplace.identity.rules import Kind, Level, Principal, Scope
from marketplace.kit.crypto import vault
from marketplace.kit.db import fetch, fetch_one
from marketplace.kit.errors import NotFound


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """An officer to whom work is sent."""

    id: UUID
    email: str
    level: Level
    jurisdiction: str


class CodeToSend(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time code and the telephone number it goes to."""

    phone: str
    code: str
    expires_at: datetime


class PartnerProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A partner as others may see it."""

    id: UUID
    name: str
    scopes: tuple[Scope, ...]


class LiveSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is good now, and until when."""

    principal: Principal
    opened_at: datetime
    idle_expires_at: datetime
    expires_at: datetime


_PRINCIPAL = """
SELECT s.id AS session_id, s.scopes, s.opened_at, s.idle_expires_at, s.expires_at,
       coalesce(s.family_id, s.staff_id, s.partner_id) AS id,
       CASE WHEN s.family_id IS NOT NULL THEN 'family' WHEN s.partner_id IS NOT NULL THEN 'partner' ELSE staff.kind END
           AS kind,
       staff.institution_id, staff.level, staff.jurisdiction
FROM sessions s LEFT JOIN staff ON staff.id = s.staff_id LEFT JOIN partners ON partners.id = s.partner_id
WHERE s.token_digest = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND s.idle_expires_at > $2
  AND staff.left_at IS NULL AND partners.left_at IS NULL
"""


def token_digest(token: str) -> bytes:
    """Return what is stored of a bearer token; it is 256 random bits, so a plain hash is enough."""
    return sha256(token.encode()).digest()


async def live_session(*, token: str, now: datetime) -> LiveSession | None:
    """Return who holds a bearer token, or None when it is unknown, revoked, expired or its holder has left."""
    row = await fetch_one(_PRINCIPAL, token_digest(token), now)
    if row is None:
        return None
    return LiveSession(
        principal=Principal(
            kind=Kind(row["kind"]),
            id=row["id"],
            session_id=row["session_id"],
            institution_id=row["institution_id"],
            level=Level(row["level"]) if row["level"] else None,
            jurisdiction=row["jurisdiction"],
            scopes=tuple(Scope(scope) for scope in row["scopes"]),
        ),
        opened_at=row["opened_at"],
        idle_expires_at=row["idle_expires_at"],
        expires_at=row["expires_at"],
    )


async def officers_of(*, jurisdictions: Sequence[str]) -> list[Officer]:
    """List the officers of these jurisdictions, such as a place's chain up to the province; ordered by id."""
    rows = await fetch(
        "SELECT id, email, level, jurisdiction FROM staff"
        " WHERE kind = 'officer' AND left_at IS NULL AND jurisdiction = ANY($1) ORDER BY id",
        list(jurisdictions),
    )
    return [
        Officer(
            id=row["id"],
            email=_open(row["email"], table="staff", column="email", row=row["id"]),
            level=Level(row["level"]),
            jurisdiction=row["jurisdiction"],
        )
        for row in rows
    ]


async def officer_posts() -> list[tuple[UUID, str]]:
    """List who is an officer where: id and jurisdiction, nothing personal; ordered by id."""
    rows = await fetch("SELECT id, jurisdiction FROM staff WHERE kind = 'officer' AND left_at IS NULL ORDER BY id")
    return [(row["id"], row["jurisdiction"]) for row in rows]


async def institution_emails(*, institution_id: UUID) -> list[str]:
    """List the addresses of an institution's staff, ordered by id."""
    rows = await fetch(
        "SELECT id, email FROM staff WHERE institution_id = $1 AND left_at IS NULL ORDER BY id", institution_id
    )
    return [_open(row["email"], table="staff", column="email", row=row["id"]) for row in rows]


async def finance_emails() -> list[str]:
    """List the addresses of the platform's finance people, ordered by id."""
    rows = await fetch("SELECT id, email FROM staff WHERE kind = 'finance' AND left_at IS NULL ORDER BY id")
    return [_open(row["email"], table="staff", column="email", row=row["id"]) for row in rows]


async def family_phone(*, family_id: UUID) -> str:
    """Return a family's telephone number in E.164. Refuses: NotFound."""
    row = await fetch_one("SELECT phone FROM families WHERE id = $1", family_id)
    if row is None:
        raise NotFound
    return _open(row["phone"], table="families", column="phone", row=family_id)


async def session_code(*, request_id: UUID) -> CodeToSend | None:
    """Return a code that has not been sent yet, or None when it has been sent or is gone."""
    row = await fetch_one("SELECT phone, code, expires_at FROM session_codes WHERE id = $1", request_id)
    if row is None or row["code"] is None:
        return None
    return CodeToSend(
        phone=_open(row["phone"], table="session_codes", column="phone", row=request_id),
        code=_open(row["code"], table="session_codes", column="code", row=request_id),
        expires_at=row["expires_at"],
    )


async def partner(*, partner_id: UUID) -> PartnerProfile:
    """Return a partner. Refuses: NotFound."""
    row = await fetch_one("SELECT id, name, scopes FROM partners WHERE id = $1 AND left_at IS NULL", partner_id)
    if row is None:
        raise NotFound
    return PartnerProfile(id=row["id"], name=row["name"], scopes=tuple(Scope(scope) for scope in row["scopes"]))


def _open(sealed: bytes, *, table: str, column: str, row: UUID) -> str:
    return str(vault().open(sealed, table=table, column=column, row=row))
