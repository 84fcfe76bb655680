"""How an assessment is kept: locked after what it is of, written, with every line of its findings."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.certifications.operations import filing, recording
from marketplace.certifications.operations.inspecting import check_no_conflict
from marketplace.certifications.queries import ASSESSMENTS, as_assessment
from marketplace.certifications.rules import Assessment, Certification, Evidence, Sheet
from marketplace.certifications.rules.applying import Application
from marketplace.certifications.states import Event
from marketplace.identity.rules import Action, Principal
from marketplace.kit.db import execute, fetch_one
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id


async def lock_subject(of: Assessment) -> Certification | Application:
    """Lock what is assessed: the certification, or before there is one its application. Refuses: NotFound."""
    if of.certification_id is not None:
        return await recording.lock(of.certification_id)
    if of.application_id is not None:
        return await filing.lock(of.application_id)
    raise NotFound


async def lock_for_assessor(of: Assessment, *, actor: Principal) -> Certification | Application:
    """Lock what is assessed for an officer of the competent authority: of the province for a first certificate.

    An application comes back in the state after its assessment. Refuses: NotFound, Forbidden, ConflictOfInterest,
    IllegalTransition for an application that is not to be assessed.
    """
    found: Certification | Application
    if of.certification_id is not None:
        found = await recording.lock_for(actor, Action.ASSESS, of.certification_id)
    elif of.application_id is not None:
        found = await filing.lock_for_review(of.application_id, Event.ASSESS, actor=actor)
    else:
        raise NotFound
    await check_no_conflict(actor, institution_id=of.institution_id)
    return found


async def lock_assessment(assessment_id: UUID) -> Assessment:
    """Lock an assessment, after its certification. Refuses: NotFound."""
    row = await fetch_one(f"{ASSESSMENTS} WHERE a.id = $1 FOR UPDATE OF a", assessment_id)
    if row is None:
        raise NotFound
    return as_assessment(row)


async def store_assessment(after: Assessment) -> None:
    """Write the result of a locked assessment and how far it has come."""
    await execute(
        "UPDATE assessment_orders SET status = $2, rubric = $3, scores = $4, score = $5, grade = $6, assessed_on = $7,"
        " assessed_by = $8, assessed_with = $9, revision = $10, completed_at = $11, confirmed_at = $12,"
        " preview_until_at = $13, published_at = $14 WHERE id = $1",
        after.id,
        after.status,
        after.rubric,
        msgspec.json.encode(after.scores).decode(),
        after.score,
        after.grade,
        after.assessed_on,
        after.assessed_by,
        after.assessed_with,
        after.revision,
        after.completed_at,
        after.confirmed_at,
        after.preview_until_at,
        after.published_at,
    )


async def keep_findings(entered: Assessment, sheet: Sheet, *, actor: Principal, now: datetime) -> None:
    """Write every line of a sheet with its evidence, in one statement."""
    rows: list[tuple[str, bool | None, int | None, list[Evidence]]] = [
        *((gate.code, gate.passed, None, gate.evidence) for gate in sheet.gates),
        *((item.code, None, item.points, item.evidence) for item in sheet.items),
    ]
    await execute(
        "INSERT INTO assessment_findings (id, assessment_id, revision, criterion_id, passed, points, evidence, entered_by,"
        " entered_at) SELECT g.id, $1, $2, k.id, g.passed, g.points, g.evidence, $3, $4"
        " FROM unnest($5::uuid[], $6::text[], $7::boolean[], $8::smallint[], $9::jsonb[])"
        "   AS g (id, code, passed, points, evidence)"
        " JOIN rubric_criteria k ON k.rubric_version = $10 AND k.code = g.code",
        entered.id,
        entered.revision,
        actor.id,
        now,
        [new_id() for _ in rows],
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        [msgspec.json.encode(row[3]).decode() for row in rows],
        entered.rubric,
    )
