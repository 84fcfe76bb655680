"""Reads of certifications, decisions and assessment orders; officers see what lies within their jurisdiction."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import (
    Assessment,
    Certification,
    CertificationSnapshot,
    Decision,
    HistoryEntry,
    Policy,
    Standing,
    snapshot_of,
)
from marketplace.certifications.states import AssessmentStatus, DecisionStatus, Status
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_one
from marketplace.kit.errors import NotFound
from marketplace.places.queries import jurisdictions_within

# What decides what the public sees, named from the one place that says so: a column forgotten would be a cap forgotten.
STANDING_COLUMNS = ", ".join(f"c.{name}" for name in Standing.__struct_fields__)
# Since when, and why, the present status of ``c`` stands: a re-assessment changes the grade and not the status.
STATUS_SINCE = """LEFT JOIN LATERAL (SELECT decided_at AS since, reason FROM certification_history
                      WHERE certification_id = c.id AND status = c.status AND event <> 'reassess'
                      ORDER BY decided_at DESC, id DESC LIMIT 1) h ON true"""
CERTIFICATIONS = f"""
SELECT c.id, c.institution_id, i.name AS institution_name, i.jurisdiction_code, {STANDING_COLUMNS}, c.assessment_due_on,
       c.rectify_by_on, c.restricted_by, c.version, c.granted_at, c.plaque_text
  FROM certifications c JOIN institutions i ON i.id = c.institution_id
"""
ASSESSMENTS = """
SELECT a.id, a.institution_id, a.certification_id, a.application_id, i.name AS institution_name, i.jurisdiction_code, a.status, a.due_on,
       a.ordered_at, a.rubric, a.scores, a.score, a.grade, a.assessed_on, a.assessed_by, a.assessed_with, a.revision,
       a.completed_at, a.confirmed_at, a.preview_until_at, a.published_at, a.reason, a.escalated_to
  FROM assessment_orders a JOIN institutions i ON i.id = a.institution_id
"""
# A decision whose time has run out is shown as expired even before the sweep has written it down.
_DECISIONS = """
SELECT d.id, d.certification_id, d.kind,
       CASE WHEN d.status = 'pending' AND d.expires_at <= $1 THEN 'expired' ELSE d.status END AS status,
       d.payload, d.payload_hash, d.requested_by, d.requested_at, d.expires_at, d.approved_by, d.approved_at
  FROM certification_decisions d JOIN certifications c ON c.id = d.certification_id
  JOIN institutions i ON i.id = c.institution_id
"""


async def certification(*, principal: Principal, certification_id: UUID) -> Certification:
    """Return a certification within the officer's jurisdiction. Refuses: NotFound."""
    row = await fetch_one(
        f"{CERTIFICATIONS} WHERE c.id = $1 AND i.jurisdiction_code = ANY($2)",
        certification_id,
        await within(principal),
    )
    if row is None:
        raise NotFound
    return as_certification(row)


async def history(certification_id: UUID) -> list[HistoryEntry]:
    """Return what happened to a certification, oldest first."""
    rows = await fetch(
        "SELECT event, status, grade, reason, decided_level, decided_at FROM certification_history"
        " WHERE certification_id = $1 ORDER BY decided_at, id",
        certification_id,
    )
    return [msgspec.convert(dict(row), HistoryEntry) for row in rows]


async def list_certifications(
    *,
    principal: Principal,
    status: Status | None = None,
    institution_id: UUID | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Certification]:
    """Return up to ``limit + 1`` certifications within the officer's jurisdiction, oldest first."""
    rows = await fetch(
        f"{CERTIFICATIONS} WHERE i.jurisdiction_code = ANY($1) AND ($2::text IS NULL OR c.status = $2)"
        " AND ($3::uuid IS NULL OR c.institution_id = $3) AND ($4::uuid IS NULL OR c.id > $4) ORDER BY c.id LIMIT $5",
        await within(principal),
        status,
        institution_id,
        after,
        limit + 1,
    )
    return [as_certification(row) for row in rows]


async def snapshot(*, institution_id: UUID, now: datetime) -> CertificationSnapshot | None:
    """Return the institution's current certification as the public sees it; None when it never had one."""
    return (await snapshots([institution_id], now=now)).get(institution_id)


async def snapshots(institution_ids: Collection[UUID], *, now: datetime) -> dict[UUID, CertificationSnapshot]:
    """Return the current certifications of many institutions."""
    if not institution_ids:
        return {}
    today = clock.local_date(now)
    policy = await policy_on(today)
    rows = await fetch(f"{CERTIFICATIONS} WHERE c.institution_id = ANY($1) AND c.is_current", list(institution_ids))
    return {
        row["institution_id"]: snapshot_of(as_certification(row), policy=policy, today=today, checked_at=now)
        for row in rows
    }


_STANDING = ", ".join(f"'{name}', c.{name}" for name in Standing.__struct_fields__)


def standing_of(institution: str) -> str:
    """Write a column that is the current certification of ``institution`` (SQL), for the statements of other packages.

    What is shown beside it is then of the same instant, and one round trip; ``snapshot_in`` reads it.
    """
    return (
        f"(SELECT json_build_object({_STANDING}) FROM certifications c"
        f" WHERE c.institution_id = {institution} AND c.is_current)"
    )


def snapshot_in(document: str | None, *, policy: Policy, now: datetime) -> CertificationSnapshot | None:
    """Read a column that ``standing_of`` wrote; None when the institution never had a certification."""
    if document is None:
        return None
    standing = msgspec.json.decode(document, type=Standing)
    return snapshot_of(standing, policy=policy, today=clock.local_date(now), checked_at=now)


async def decision(*, principal: Principal, decision_id: UUID, now: datetime) -> Decision:
    """Return a decision within the officer's jurisdiction. Refuses: NotFound."""
    row = await fetch_one(
        f"{_DECISIONS} WHERE d.id = $2 AND i.jurisdiction_code = ANY($3)", now, decision_id, await within(principal)
    )
    if row is None:
        raise NotFound
    return as_decision(row)


async def list_decisions(
    *, principal: Principal, status: DecisionStatus | None = None, after: UUID | None = None, limit: int, now: datetime
) -> list[Decision]:
    """Return up to ``limit + 1`` decisions within the officer's jurisdiction, newest first."""
    rows = await fetch(
        f"SELECT * FROM ({_DECISIONS} WHERE i.jurisdiction_code = ANY($2)) d WHERE ($3::text IS NULL OR d.status = $3)"
        " AND ($4::uuid IS NULL OR d.id < $4) ORDER BY d.id DESC LIMIT $5",
        now,
        await within(principal),
        status,
        after,
        limit + 1,
    )
    return [as_decision(row) for row in rows]


async def assessment(assessment_id: UUID) -> Assessment:
    """Return an assessment order, whosever it is. Refuses: NotFound."""
    row = await fetch_one(f"{ASSESSMENTS} WHERE a.id = $1", assessment_id)
    if row is None:
        raise NotFound
    return as_assessment(row)


async def list_assessments(
    *,
    principal: Principal,
    status: AssessmentStatus | None = None,
    after: tuple[date, UUID] | None = None,
    limit: int,
) -> list[Assessment]:
    """Return up to ``limit + 1`` assessments that the officer or the institution may see, the most urgent first."""
    rows = await fetch(
        f"{ASSESSMENTS} WHERE (i.jurisdiction_code = ANY($1) OR (a.institution_id = $6 AND a.confirmed_at IS NOT NULL))"
        " AND ($2::text IS NULL OR a.status = $2)"
        " AND ($3::date IS NULL OR (a.due_on, a.id) > ($3, $4::uuid)) ORDER BY a.due_on, a.id LIMIT $5",
        await within(principal),
        status,
        after[0] if after else None,
        after[1] if after else None,
        limit + 1,
        principal.institution_id,
    )
    return [as_assessment(row) for row in rows]


async def within(principal: Principal) -> list[str]:
    """Return the jurisdictions that the officer oversees; none for anyone else."""
    return await jurisdictions_within(principal.jurisdiction) if principal.jurisdiction else []


def as_certification(row: asyncpg.Record) -> Certification:
    """Make a certification of a row of ``CERTIFICATIONS``."""
    return msgspec.convert(dict(row), Certification)


def as_decision(row: asyncpg.Record) -> Decision:
    """Make a decision of a row whose payload is still JSON text."""
    return msgspec.convert({**row, "payload": msgspec.json.decode(row["payload"])}, Decision)


def as_assessment(row: asyncpg.Record) -> Assessment:
    """Make an assessment order of a row of ``ASSESSMENTS``."""
    scores = msgspec.json.decode(row["scores"]) if row["scores"] else None
    return msgspec.convert({**row, "scores": scores}, Assessment)
