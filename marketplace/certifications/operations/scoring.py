"""The result of an assessment: entered by one assessor, confirmed by another, seen by its institution, then published."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import ResultChanged, SecondAssessorRequired
from marketplace.certifications.events import AssessmentPreviewed, CertificationRegraded
from marketplace.certifications.jobs import PublishAssessment
from marketplace.certifications.operations.assessing import is_at_risk
from marketplace.certifications.operations.inspecting import check_no_conflict
from marketplace.certifications.operations.recording import check_assessed_on, lock, lock_for, store
from marketplace.certifications.queries import ASSESSMENTS, as_assessment, assessment
from marketplace.certifications.queries.assessments import rubric_in_force
from marketplace.certifications.rules import (
    Assessment,
    Certification,
    Evidence,
    Sheet,
    Stage,
    assessment_due,
    check_sheet,
    preview_until,
    score_sheet,
)
from marketplace.certifications.states import ASSESSMENT, ENDED, AssessmentEvent, AssessmentStatus, Event
from marketplace.identity.rules import Action, Principal
from marketplace.kit import audit, clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.errors import IllegalTransition, NotFound
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish


async def enter_result(
    *, assessment_id: UUID, sheet: Sheet, assessed_on: date, actor: Principal, now: datetime
) -> Assessment:
    """Enter the findings of a visit: every gate and item of the rubric in force that day, each with its evidence.

    Nothing is public yet: a second assessor confirms. Until then entering again makes the next revision.
    Refuses: NotFound, Forbidden, ConflictOfInterest, IllegalTransition, Invalid.
    """
    rubric = await rubric_in_force(assessed_on)
    check_sheet(sheet, rubric=rubric)
    outcome = score_sheet(sheet, rubric=rubric)
    async with transaction():
        certification = await lock_for(actor, Action.ASSESS, (await assessment(assessment_id)).certification_id)
        await check_no_conflict(actor, institution_id=certification.institution_id)
        order = await lock_assessment(assessment_id)
        if order.stage not in {Stage.AWAITED, Stage.AWAITING_CONFIRMATION}:
            raise IllegalTransition(current=order.stage.value, event="enter")
        if order.status is not AssessmentStatus.DONE:
            ASSESSMENT.target(order.status, AssessmentEvent.COMPLETE)
        check_assessed_on(assessed_on, today=clock.local_date(now), after=certification.assessed_on)
        entered = msgspec.structs.replace(
            order,
            rubric=rubric.version,
            scores=outcome.scores,
            score=outcome.score,
            grade=outcome.grade,
            assessed_on=assessed_on,
            assessed_by=actor.id,
            revision=order.revision + 1,
        )
        await store_assessment(entered)
        await keep_findings(entered, sheet, actor=actor, now=now)
        await audit.record("assessment.entered", actor=actor, subject=order.id, now=now, before=order, after=entered)
    return entered


async def confirm_result(*, assessment_id: UUID, revision: int, actor: Principal, now: datetime) -> Assessment:
    """Confirm, as the second assessor, the revision that was read: the visit is done, and the preview begins.

    The certification's next assessment is set by it; its grade stays what it was until the preview is over.
    Refuses: NotFound, Forbidden, ConflictOfInterest, IllegalTransition, SecondAssessorRequired, ResultChanged.
    Publishes: assessment.previewed, and the job that publishes the result when the preview is over.
    """
    async with transaction():
        certification = await lock_for(actor, Action.ASSESS, (await assessment(assessment_id)).certification_id)
        await check_no_conflict(actor, institution_id=certification.institution_id)
        order = await lock_assessment(assessment_id)
        if order.stage is not Stage.AWAITING_CONFIRMATION:
            raise IllegalTransition(current=order.stage.value, event="confirm")
        if order.assessed_by == actor.id:
            raise SecondAssessorRequired
        if order.revision != revision:
            raise ResultChanged(revision=order.revision)
        confirmed = msgspec.structs.replace(
            order,
            status=AssessmentStatus.DONE
            if order.status is AssessmentStatus.DONE
            else ASSESSMENT.target(order.status, AssessmentEvent.COMPLETE),
            assessed_with=actor.id,
            completed_at=now,
            confirmed_at=now,
            preview_until_at=preview_until(now),
        )
        await store_assessment(confirmed)
        await _note_visit(certification, confirmed, now=now)
        await audit.record(
            "assessment.confirmed", actor=actor, subject=order.id, now=now, before=order, after=confirmed
        )
        await publish(
            AssessmentPreviewed(
                assessment_id=order.id, certification_id=certification.id, institution_id=certification.institution_id
            ),
            now=now,
        )
        await publish(PublishAssessment(assessment_id=order.id), now=now, due_at=confirmed.preview_until_at)
    return confirmed


async def _note_visit(certification: Certification, confirmed: Assessment, *, now: datetime) -> None:
    """Set the day of the next assessment, unless a signal has ordered one that is sooner: this one was made."""
    assert confirmed.assessed_on is not None
    await execute(
        "UPDATE certifications SET assessment_due_on = least($2, (SELECT min(due_on) FROM assessment_orders"
        "   WHERE certification_id = $1 AND status IN ('ordered', 'overdue'))),"
        " assessment_overdue = false, version = version + 1 WHERE id = $1",
        certification.id,
        await _next_due(certification, confirmed.assessed_on, grade=confirmed.grade, now=now),
    )


async def _next_due(certification: Certification, assessed_on: date, *, grade: int | None, now: datetime) -> date:
    return assessment_due(assessed_on, grade=grade, at_risk=await is_at_risk(certification.id, now=now))


async def publish_assessment(*, assessment_id: UUID, now: datetime) -> bool:
    """Publish a result whose preview is over: the certification gets its grade. Returns whether it did.

    Nothing happens while a correction waits for its answer, or when the certification has ended; repeating is harmless.
    A grade below the standard ends nothing by itself; what follows from it is an officer's decision.
    Publishes: certification.regraded.
    """
    async with transaction():
        before = await lock((await assessment(assessment_id)).certification_id)
        order = await lock_assessment(assessment_id)
        waiting = await fetch_value(
            "SELECT EXISTS (SELECT FROM assessment_corrections WHERE assessment_id = $1 AND status = 'open')", order.id
        )
        over = order.preview_until_at is not None and order.preview_until_at <= now
        if order.stage is not Stage.PREVIEW or not over or waiting or before.status in ENDED:
            return False
        published = msgspec.structs.replace(order, published_at=now)
        await store_assessment(published)
        await _regrade(before, published, now=now)
        await audit.record(
            "assessment.published", actor=SYSTEM, subject=order.id, now=now, before=order, after=published
        )
    return True


async def _regrade(before: Certification, published: Assessment, *, now: datetime) -> None:
    assert published.assessed_on is not None
    assert published.rubric is not None
    after = msgspec.structs.replace(
        before,
        grade=published.grade,
        grade_method=published.rubric,
        assessed_on=published.assessed_on,
        # A signal since the visit may have brought the next one forward already.
        assessment_due_on=min(
            before.assessment_due_on,
            await _next_due(before, published.assessed_on, grade=published.grade, now=now),
        ),
    )
    await execute("UPDATE certifications SET grade_lapsed = false WHERE id = $1", before.id)
    await store(
        before,
        after,
        event=Event.REASSESS,
        news=CertificationRegraded(certification_id=before.id, institution_id=before.institution_id),
        reason=f"质量评估 {published.score} 分",
        actor=SYSTEM,
        now=now,
    )


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
