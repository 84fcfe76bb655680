"""Reads of applications: institutions see their own, officers those of their jurisdiction, anyone those in publicity."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.rules.applying import Application, ApplicationEntry, Exhibit, Objection
from marketplace.certifications.states import Status
from marketplace.identity.rules import Principal
from marketplace.kit.db import fetch, fetch_one, fetch_value
from marketplace.kit.errors import NotFound
from marketplace.places.queries import jurisdictions_within

APPLICATIONS = """
SELECT a.id, a.institution_id, i.name AS institution_name, i.jurisdiction_code, a.kind, a.certification_id, a.status,
       a.defects, a.corrected, a.extended, o.id AS assessment_id, v.rubric, v.scores, v.score, v.grade, v.assessed_on,
       a.publicity_from_on, a.publicity_until_on, a.publicity_ends_at, a.facts, a.legal_basis, a.rights,
       a.locked_until_on, a.opened_at, a.submitted_at, a.decided_at, a.version
  FROM certification_applications a JOIN institutions i ON i.id = a.institution_id
  LEFT JOIN assessment_orders o ON o.application_id = a.id
  LEFT JOIN assessment_orders v ON v.id = o.id AND v.confirmed_at IS NOT NULL
"""
# A draft is nobody's business but the institution's.
_SCOPE = "(a.institution_id = $1 OR (i.jurisdiction_code = ANY($2) AND a.submitted_at IS NOT NULL))"


async def application(*, principal: Principal, application_id: UUID) -> Application:
    """Return an application that the caller may see. Refuses: NotFound."""
    row = await fetch_one(f"{APPLICATIONS} WHERE {_SCOPE} AND a.id = $3", *(await _scope(principal)), application_id)
    if row is None:
        raise NotFound
    return as_application(row)


async def list_applications(
    *, principal: Principal, status: Status | None = None, after: UUID | None = None, limit: int
) -> list[Application]:
    """Return up to ``limit + 1`` applications that the caller may see, oldest first."""
    rows = await fetch(
        f"{APPLICATIONS} WHERE {_SCOPE} AND ($3::text IS NULL OR a.status = $3) AND ($4::uuid IS NULL OR a.id > $4)"
        " ORDER BY a.id LIMIT $5",
        *(await _scope(principal)),
        status,
        after,
        limit + 1,
    )
    return [as_application(row) for row in rows]


async def list_publicised(*, now: datetime, after: UUID | None = None, limit: int) -> list[Application]:
    """Return up to ``limit + 1`` applications whose publicity runs, oldest first: for anyone."""
    rows = await fetch(
        f"{APPLICATIONS} WHERE a.status IN ('publicity', 'objection_review') AND a.publicity_ends_at > $1"
        " AND ($2::uuid IS NULL OR a.id > $2) ORDER BY a.id LIMIT $3",
        now,
        after,
        limit + 1,
    )
    return [as_application(row) for row in rows]


async def evidence(application_id: UUID) -> list[Exhibit]:
    """Return what is on file for an application, by kind."""
    rows = await fetch(
        "SELECT kind, reference, issued_by, valid_until_on FROM certification_evidence"
        " WHERE application_id = $1 ORDER BY kind",
        application_id,
    )
    return [msgspec.convert(dict(row), Exhibit) for row in rows]


async def objections(application_id: UUID) -> list[Objection]:
    """Return the objections to an application, oldest first; who raised them stays with the authority's log."""
    rows = await fetch(
        "SELECT id, statement, raised_at, outcome, answer, answered_at FROM certification_objections"
        " WHERE application_id = $1 ORDER BY id",
        application_id,
    )
    return [msgspec.convert(dict(row), Objection) for row in rows]


async def open_objections(application_id: UUID) -> int:
    """Count the objections that nobody has answered."""
    found: int = await fetch_value(
        "SELECT count(*) FROM certification_objections WHERE application_id = $1 AND outcome IS NULL", application_id
    )
    return found


async def application_history(application_id: UUID) -> list[ApplicationEntry]:
    """Return the steps of an application, oldest first."""
    rows = await fetch(
        "SELECT event, status, reason, actor_kind, decided_level, decided_at FROM certification_application_history"
        " WHERE application_id = $1 ORDER BY decided_at, id",
        application_id,
    )
    return [msgspec.convert(dict(row), ApplicationEntry) for row in rows]


async def _scope(principal: Principal) -> tuple[UUID | None, list[str]]:
    within = await jurisdictions_within(principal.jurisdiction) if principal.jurisdiction else []
    return principal.institution_id, within


def as_application(row: asyncpg.Record) -> Application:
    """Make an application of a row of ``APPLICATIONS``."""
    scores = msgspec.json.decode(row["scores"]) if row["scores"] else None
    return msgspec.convert({**row, "scores": scores}, Application)
