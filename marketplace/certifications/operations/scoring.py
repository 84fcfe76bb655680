"""The result of an assessment: entered by one assessor, confirmed by another, seen by its institution, then published.

A first certificate is graded by the same steps as every grade after it. They differ in what an assessment is of, and in
how it becomes public: with the publicity of an application, or by itself when the preview is over.
"""

from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import ResultChanged, SecondAssessorRequired
from marketplace.certifications.events import AssessmentPreviewed, CertificationRegraded
from marketplace.certifications.jobs import PublishAssessment
from marketplace.certifications.operations import timing, visiting
from marketplace.certifications.operations.assessed import (
    keep_findings,
    lock_assessment,
    lock_for_assessor,
    store_assessment,
)
from marketplace.certifications.operations.assessing import is_at_risk
from marketplace.certifications.operations.recording import check_assessed_on, lock, store
from marketplace.certifications.queries import assessment
from marketplace.certifications.queries.assessments import rubric_in_force
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import (
    Assessment,
    Certification,
    Clock,
    Sheet,
    Stage,
    assessment_due,
    check_sheet,
    score_sheet,
)
from marketplace.certifications.rules.applying import Application
from marketplace.certifications.states import ASSESSMENT, ENDED, AssessmentEvent, AssessmentStatus, Event
from marketplace.identity.rules import Principal
from marketplace.kit import audit, clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.errors import IllegalTransition
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
        subject = await lock_for_assessor(await assessment(assessment_id), actor=actor)
        order = await lock_assessment(assessment_id)
        if order.stage not in {Stage.AWAITED, Stage.AWAITING_CONFIRMATION}:
            raise IllegalTransition(current=order.stage.value, event="enter")
        if order.status is not AssessmentStatus.DONE:
            ASSESSMENT.target(order.status, AssessmentEvent.COMPLETE)
        if isinstance(subject, Certification):
            check_assessed_on(assessed_on, today=clock.local_date(now), after=subject.assessed_on)
        else:
            visiting.check_visited_on(assessed_on, application=subject, now=now)
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

    The certification's next assessment is set by it; its grade stays what it was until the preview is over. With an
    application, the authority's time to decide begins.
    Refuses: NotFound, Forbidden, ConflictOfInterest, IllegalTransition, SecondAssessorRequired, ResultChanged.
    Publishes: assessment.previewed, and the job that publishes the result when the preview is over.
    """
    async with transaction():
        subject = await lock_for_assessor(await assessment(assessment_id), actor=actor)
        order = await lock_assessment(assessment_id)
        if order.stage is not Stage.AWAITING_CONFIRMATION:
            raise IllegalTransition(current=order.stage.value, event="confirm")
        if order.assessed_by == actor.id:
            raise SecondAssessorRequired
        if order.revision != revision:
            raise ResultChanged(revision=order.revision)
        await timing.cancel(order.id, Clock.PREVIEW, now=now)
        preview = await timing.start(Clock.PREVIEW, subject_id=order.id, now=now)
        confirmed = msgspec.structs.replace(
            order,
            status=AssessmentStatus.DONE
            if order.status is AssessmentStatus.DONE
            else ASSESSMENT.target(order.status, AssessmentEvent.COMPLETE),
            assessed_with=actor.id,
            completed_at=now,
            confirmed_at=now,
            preview_until_at=preview.due_at,
        )
        await store_assessment(confirmed)
        await audit.record(
            "assessment.confirmed", actor=actor, subject=order.id, now=now, before=order, after=confirmed
        )
        if isinstance(subject, Application):
            await visiting.pass_visit(subject, confirmed, actor=actor, now=now)
        else:
            await _note_visit(subject, confirmed, now=now)
            await publish(PublishAssessment(assessment_id=order.id), now=now, due_at=preview.due_at)
        await publish(AssessmentPreviewed(assessment_id=order.id, institution_id=order.institution_id), now=now)
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
    policy = await policy_on(clock.local_date(now))
    at_risk = await is_at_risk(certification.id, policy=policy, now=now)
    return assessment_due(assessed_on, grade=grade, policy=policy, at_risk=at_risk)


async def publish_assessment(*, assessment_id: UUID, now: datetime) -> bool:
    """Publish a result whose preview is over: the certification gets its grade. Returns whether it did.

    The result of an application is published with the publicity of the application, and not here.

    Nothing happens while a correction waits for its answer, or when the certification has ended; repeating is harmless.
    A grade below the standard ends nothing by itself; what follows from it is an officer's decision.
    Publishes: certification.regraded.
    """
    certification_id = (await assessment(assessment_id)).certification_id
    if certification_id is None:
        return False
    async with transaction():
        before = await lock(certification_id)
        order = await lock_assessment(assessment_id)
        waiting = await fetch_value(
            "SELECT EXISTS (SELECT FROM assessment_corrections WHERE assessment_id = $1 AND status = 'open')", order.id
        )
        over = order.preview_until_at is not None and order.preview_until_at <= now
        if order.stage is not Stage.PREVIEW or not over or waiting or before.status in ENDED:
            return False
        published = msgspec.structs.replace(order, published_at=now)
        await store_assessment(published)
        await timing.cancel(order.id, Clock.PREVIEW, now=now)
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
