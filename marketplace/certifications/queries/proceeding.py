"""Reads of rectifications, proceedings and appeals: institutions see their own, officers those of their jurisdiction."""

from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.rules.proceeding import Appeal, Case, Rectification
from marketplace.identity.rules import Principal
from marketplace.kit.db import fetch, fetch_one
from marketplace.kit.errors import NotFound
from marketplace.places.queries import jurisdictions_within

CASES = """
SELECT k.*, c.institution_id, i.jurisdiction_code FROM certification_cases k
  JOIN certifications c ON c.id = k.certification_id JOIN institutions i ON i.id = c.institution_id
"""
RECTIFICATIONS = """
SELECT r.*, c.institution_id FROM certification_rectifications r JOIN certifications c ON c.id = r.certification_id
  JOIN institutions i ON i.id = c.institution_id
"""
APPEALS = """
SELECT p.*, i.jurisdiction_code FROM certification_appeals p JOIN institutions i ON i.id = p.institution_id
"""
_SCOPE = "(i.id = $1 OR i.jurisdiction_code = ANY($2))"


async def case(*, principal: Principal, case_id: UUID) -> Case:
    """Return a proceeding that the caller may see. Refuses: NotFound."""
    return as_case(await _one(CASES, "k.id", case_id, principal=principal))


async def list_cases(*, principal: Principal, after: UUID | None = None, limit: int) -> list[Case]:
    """Return up to ``limit + 1`` proceedings that the caller may see, newest first."""
    return [as_case(row) for row in await _page(CASES, "k.id", principal=principal, after=after, limit=limit)]


async def rectification(*, principal: Principal, rectification_id: UUID) -> Rectification:
    """Return a rectification that the caller may see. Refuses: NotFound."""
    return as_rectification(await _one(RECTIFICATIONS, "r.id", rectification_id, principal=principal))


async def list_rectifications(*, principal: Principal, after: UUID | None = None, limit: int) -> list[Rectification]:
    """Return up to ``limit + 1`` rectifications that the caller may see, newest first."""
    rows = await _page(RECTIFICATIONS, "r.id", principal=principal, after=after, limit=limit)
    return [as_rectification(row) for row in rows]


async def appeal(*, principal: Principal, appeal_id: UUID) -> Appeal:
    """Return an appeal that the caller may see. Refuses: NotFound."""
    return as_appeal(await _one(APPEALS, "p.id", appeal_id, principal=principal))


async def list_appeals(*, principal: Principal, after: UUID | None = None, limit: int) -> list[Appeal]:
    """Return up to ``limit + 1`` appeals that the caller may see, newest first."""
    return [as_appeal(row) for row in await _page(APPEALS, "p.id", principal=principal, after=after, limit=limit)]


async def _one(sql: str, key: str, value: UUID, *, principal: Principal) -> asyncpg.Record:
    row = await fetch_one(f"{sql} WHERE {_SCOPE} AND {key} = $3", *(await _scope(principal)), value)
    if row is None:
        raise NotFound
    return row


async def _page(sql: str, key: str, *, principal: Principal, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    return await fetch(
        f"{sql} WHERE {_SCOPE} AND ($3::uuid IS NULL OR {key} < $3) ORDER BY {key} DESC LIMIT $4",
        *(await _scope(principal)),
        after,
        limit + 1,
    )


async def _scope(principal: Principal) -> tuple[UUID | None, list[str]]:
    within = await jurisdictions_within(principal.jurisdiction) if principal.jurisdiction else []
    return principal.institution_id, within


def as_case(row: asyncpg.Record) -> Case:
    """Make a proceeding of a row of ``CASES``."""
    return msgspec.convert(dict(row), Case)


def as_rectification(row: asyncpg.Record) -> Rectification:
    """Make a rectification of a row of ``RECTIFICATIONS``."""
    return msgspec.convert(dict(row), Rectification)


def as_appeal(row: asyncpg.Record) -> Appeal:
    """Make an appeal of a row of ``APPEALS``."""
    return msgspec.convert(dict(row), Appeal)
