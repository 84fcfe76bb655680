"""Incidents: an institution or an officer reports what happened, civil affairs says what was found."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.certifications.operations.recording import check_competence
from marketplace.identity.rules import Action, Kind, Principal
from marketplace.institutions.queries import get as institution
from marketplace.kit import audit
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch_one, transaction
from marketplace.kit.errors import NotFound, invalid
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.quality.events import IncidentConcluded, IncidentReported
from marketplace.quality.queries import INCIDENTS, as_incident, incident_of
from marketplace.quality.rules import Incident, IncidentKind, IncidentOutcome, Severity, confirms_abuse
from marketplace.quality.states import INCIDENT, IncidentEvent, IncidentStatus

# What lies further back counts for nothing: certification looks at three years (domain reference §1.5, G5).
LOOK_BACK = timedelta(days=3 * 365)


async def report(  # noqa: PLR0913 - a report has these facts, and each is named at the call.
    *,
    institution_id: UUID,
    kind: IncidentKind,
    severity: Severity,
    occurred_at: datetime,
    statement: str,
    actor: Principal,
    now: datetime,
) -> Incident:
    """Report what happened in a house: one's own, or as an officer one of the jurisdiction.

    Refuses: NotFound, Invalid. Publishes: incident.reported.
    """
    if actor.kind == Kind.INSTITUTION:
        if institution_id != actor.institution_id:
            raise NotFound
    else:
        found = await institution(institution_id)
        await check_competence(actor, Action.OVERSEE, jurisdiction_code=found.jurisdiction_code)
    if not now - LOOK_BACK <= occurred_at <= now:
        raise invalid("occurred_at", zh="须在三年内且不在将来", en="Must lie in the last three years.")
    incident_id = new_id()
    async with transaction():
        await execute(
            "INSERT INTO incidents (id, institution_id, kind, severity, status, occurred_at, statement, reported_kind,"
            " reported_by, reported_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            incident_id,
            institution_id,
            kind,
            severity,
            IncidentStatus.REPORTED,
            occurred_at,
            _sealed(statement, "statement", incident_id),
            actor.kind,
            actor.id,
            now,
        )
        await audit.record("incident.reported", actor=actor, subject=incident_id, now=now, after=[kind, severity])
        await publish(IncidentReported(incident_id=incident_id), now=now)
        return await incident_of(incident_id)


async def conclude(
    *, incident_id: UUID, outcome: IncidentOutcome, statement: str, actor: Principal, now: datetime
) -> Incident:
    """Say what was found of an incident; that elders were abused is found by the prefecture or the province.

    Refuses: NotFound, Forbidden, IllegalTransition. Publishes: incident.concluded.
    """
    async with transaction():
        row = await fetch_one(f"{INCIDENTS} WHERE q.id = $1 FOR UPDATE OF q", incident_id)
        if row is None:
            raise NotFound
        before = as_incident(row)
        found = msgspec.structs.replace(before, outcome=outcome)
        action = Action.ASSESS if confirms_abuse(found) else Action.OVERSEE
        await check_competence(actor, action, jurisdiction_code=before.jurisdiction_code)
        status = INCIDENT.target(before.status, IncidentEvent.CONCLUDE)
        await execute(
            "UPDATE incidents SET status = $2, outcome = $3, conclusion = $4, concluded_by = $5, concluded_at = $6"
            " WHERE id = $1",
            incident_id,
            status,
            outcome,
            _sealed(statement, "conclusion", incident_id),
            actor.id,
            now,
        )
        await audit.record("incident.concluded", actor=actor, subject=incident_id, now=now, why=outcome)
        await publish(IncidentConcluded(incident_id=incident_id), now=now)
        return await incident_of(incident_id)


def _sealed(text: str, column: str, row: UUID) -> bytes:
    return vault().seal(text, table="incidents", column=column, row=row)
