"""Reads of complaints, incidents and signals: each caller sees their own, officers those of their jurisdiction."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from marketplace.certifications.queries import within
from marketplace.certifications.rules import SignalKind
from marketplace.identity.rules import Principal
from marketplace.kit.crypto import vault
from marketplace.kit.db import fetch, fetch_one
from marketplace.kit.errors import NotFound
from marketplace.quality.rules import Complaint, Incident

COMPLAINTS = """
SELECT q.*, i.name AS institution_name, i.jurisdiction_code
  FROM complaints q JOIN institutions i ON i.id = q.institution_id
"""
INCIDENTS = """
SELECT q.*, i.name AS institution_name, i.jurisdiction_code
  FROM incidents q JOIN institutions i ON i.id = q.institution_id
"""
# An institution learns of a complaint when civil affairs asks it.
_COMPLAINT_SCOPE = (
    "((q.complainant_kind = $1 AND q.complainant_id = $2) OR (q.institution_id = $3 AND q.referred_at IS NOT NULL)"
    " OR i.jurisdiction_code = ANY($4))"
)
_INCIDENT_SCOPE = "(q.institution_id = $1 OR i.jurisdiction_code = ANY($2))"
# Abuse is confirmed by the answer to a complaint, or by the conclusion about an incident.
_SIGNALS = """
SELECT s.id, s.kind, c.institution_id, i.name AS institution_name, s.certification_id, s.subject_id, s.raised_at,
       s.assessment_id, a.due_on AS assessment_due_on, o.id IS NOT NULL AS is_complaint
  FROM certification_signals s
  JOIN certifications c ON c.id = s.certification_id
  JOIN institutions i ON i.id = c.institution_id
  LEFT JOIN assessment_orders a ON a.id = s.assessment_id
  LEFT JOIN complaints o ON o.id = s.subject_id
"""


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A booking of the complainant's, as far as a complaint needs it."""

    institution_id: UUID
    first_paid_at: datetime | None


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """Something that may call for a visit, and the visit that it did call for or bring forward."""

    id: UUID
    kind: SignalKind
    institution_id: UUID
    institution_name: str
    certification_id: UUID
    subject_id: UUID
    is_complaint: bool
    raised_at: datetime
    assessment_id: UUID | None
    assessment_due_on: date | None


async def own_stay(*, principal: Principal, booking_id: UUID) -> Stay:
    """Return a booking of the family's or partner's. Refuses: NotFound."""
    row = await fetch_one(
        "SELECT institution_id, first_paid_at FROM bookings WHERE id = $1 AND owner_kind = $2 AND owner_id = $3",
        booking_id,
        principal.kind,
        principal.id,
    )
    if row is None:
        raise NotFound
    return Stay(**dict(row))


async def complaint(*, principal: Principal, complaint_id: UUID) -> Complaint:
    """Return a complaint that the caller may see. Refuses: NotFound."""
    scope = await _complaint_scope(principal)
    row = await fetch_one(f"{COMPLAINTS} WHERE {_COMPLAINT_SCOPE} AND q.id = $5", *scope, complaint_id)
    if row is None:
        raise NotFound
    return as_complaint(row)


async def complaint_of(complaint_id: UUID) -> Complaint:
    """Return a complaint, whosever it is. Refuses: NotFound."""
    row = await fetch_one(f"{COMPLAINTS} WHERE q.id = $1", complaint_id)
    if row is None:
        raise NotFound
    return as_complaint(row)


async def list_complaints(*, principal: Principal, after: UUID | None = None, limit: int) -> list[Complaint]:
    """Return up to ``limit + 1`` complaints that the caller may see, newest first."""
    rows = await fetch(
        f"{COMPLAINTS} WHERE {_COMPLAINT_SCOPE} AND ($5::uuid IS NULL OR q.id < $5) ORDER BY q.id DESC LIMIT $6",
        *(await _complaint_scope(principal)),
        after,
        limit + 1,
    )
    return [as_complaint(row) for row in rows]


async def incident(*, principal: Principal, incident_id: UUID) -> Incident:
    """Return an incident that the caller may see. Refuses: NotFound."""
    row = await fetch_one(
        f"{INCIDENTS} WHERE {_INCIDENT_SCOPE} AND q.id = $3",
        principal.institution_id,
        await within(principal),
        incident_id,
    )
    if row is None:
        raise NotFound
    return as_incident(row)


async def incident_of(incident_id: UUID) -> Incident:
    """Return an incident, whosever it is. Refuses: NotFound."""
    row = await fetch_one(f"{INCIDENTS} WHERE q.id = $1", incident_id)
    if row is None:
        raise NotFound
    return as_incident(row)


async def list_incidents(*, principal: Principal, after: UUID | None = None, limit: int) -> list[Incident]:
    """Return up to ``limit + 1`` incidents that the caller may see, newest first."""
    rows = await fetch(
        f"{INCIDENTS} WHERE {_INCIDENT_SCOPE} AND ($3::uuid IS NULL OR q.id < $3) ORDER BY q.id DESC LIMIT $4",
        principal.institution_id,
        await within(principal),
        after,
        limit + 1,
    )
    return [as_incident(row) for row in rows]


async def list_signals(
    *, principal: Principal, institution_id: UUID | None = None, after: UUID | None = None, limit: int
) -> list[Signal]:
    """Return up to ``limit + 1`` signals within the officer's jurisdiction, newest first."""
    rows = await fetch(
        f"{_SIGNALS} WHERE i.jurisdiction_code = ANY($1) AND ($2::uuid IS NULL OR i.id = $2)"
        " AND ($3::uuid IS NULL OR s.id < $3) ORDER BY s.id DESC LIMIT $4",
        await within(principal),
        institution_id,
        after,
        limit + 1,
    )
    return [msgspec.convert(dict(row), Signal) for row in rows]


def as_complaint(row: Mapping[str, Any]) -> Complaint:
    """Open a complaint of a row of ``COMPLAINTS``."""
    return msgspec.convert(_opened(row, "complaints", "statement", "referral", "reply", "answer"), Complaint)


def as_incident(row: Mapping[str, Any]) -> Incident:
    """Open an incident of a row of ``INCIDENTS``."""
    return msgspec.convert(_opened(row, "incidents", "statement", "conclusion"), Incident)


def _opened(row: Mapping[str, Any], table: str, *columns: str) -> dict[str, Any]:
    texts = {
        column: vault().open(row[column], table=table, column=column, row=row["id"])
        for column in columns
        if row[column] is not None
    }
    return {**row, **texts}


async def _complaint_scope(principal: Principal) -> tuple[object, ...]:
    return principal.kind, principal.id, principal.institution_id, await within(principal)
