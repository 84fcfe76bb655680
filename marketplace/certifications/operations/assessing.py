"""Assessing again: orders that fall due by themselves, the public flag when they are late, and their results."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.certifications.events import (
    AssessmentOrdered,
    CertificationAssessmentOverdue,
    CertificationRegraded,
)
from marketplace.certifications.operations.recording import check_assessed_on, lock, lock_for, store
from marketplace.certifications.queries import ASSESSMENTS, as_assessment, assessment
from marketplace.certifications.rules import (
    Assessment,
    Certification,
    Scores,
    assessment_due,
    check_scores,
    grade_of,
    policy_on,
    rubric_on,
    step,
)
from marketplace.certifications.states import ASSESSED, ASSESSMENT, AssessmentEvent, AssessmentStatus, Event
from marketplace.identity.rules import Action, Principal
from marketplace.kit import audit, clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish


async def order_due_assessments(*, now: datetime) -> int:
    """Order every assessment that falls due within the notice period, then flag what is late; returns the orders made.

    Each certification is its own transaction, so a run that breaks off is finished by the next.
    Publishes: assessment.ordered, certification.assessment_overdue.
    """
    today = clock.local_date(now)
    horizon = today + timedelta(days=policy_on(today).assessment_notice_days)
    rows = await fetch(
        "SELECT id FROM certifications c WHERE status = ANY($1) AND assessment_due_on <= $2 AND NOT EXISTS"
        " (SELECT FROM assessment_orders a WHERE a.certification_id = c.id AND a.status IN ('ordered', 'overdue'))"
        " ORDER BY assessment_due_on, id",
        sorted(ASSESSED),
        horizon,
    )
    ordered = [row["id"] for row in rows if await _order(row["id"], horizon=horizon, now=now)]
    await flag_overdue_assessments(now=now)
    return len(ordered)


async def _order(certification_id: UUID, *, horizon: date, now: datetime) -> bool:
    async with transaction():
        found = await lock(certification_id)
        if found.status not in ASSESSED or found.assessment_due_on > horizon:
            return False
        order_id: UUID | None = await fetch_value(
            "INSERT INTO assessment_orders (id, certification_id, status, due_on, ordered_at) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (certification_id) WHERE status IN ('ordered', 'overdue') DO NOTHING RETURNING id",
            new_id(),
            found.id,
            AssessmentStatus.ORDERED,
            found.assessment_due_on,
            now,
        )
        if order_id is None:
            return False
        await audit.record("assessment.ordered", actor=SYSTEM, subject=order_id, now=now)
        await publish(
            AssessmentOrdered(assessment_id=order_id, certification_id=found.id, institution_id=found.institution_id),
            now=now,
        )
    return True


async def flag_overdue_assessments(*, now: datetime) -> int:
    """Flag, for the public to see, every certification whose assessment was not done in time; returns how many are new.

    Publishes: certification.assessment_overdue.
    """
    rows = await fetch(
        "SELECT id FROM certifications WHERE status = ANY($1) AND assessment_due_on < $2 AND NOT assessment_overdue"
        " ORDER BY assessment_due_on, id",
        sorted(ASSESSED),
        clock.local_date(now),
    )
    return len([row["id"] for row in rows if await _flag(row["id"], now=now)])


async def _flag(certification_id: UUID, *, now: datetime) -> bool:
    async with transaction():
        found = await lock(certification_id)
        late = found.assessment_due_on < clock.local_date(now) and not found.assessment_overdue
        if found.status not in ASSESSED or not late:
            return False
        await execute(
            "UPDATE certifications SET assessment_overdue = true, version = version + 1 WHERE id = $1", found.id
        )
        await execute(
            "UPDATE assessment_orders SET status = $2 WHERE certification_id = $1 AND status = 'ordered'",
            found.id,
            ASSESSMENT.target(AssessmentStatus.ORDERED, AssessmentEvent.FALL_OVERDUE),
        )
        news = CertificationAssessmentOverdue(certification_id=found.id, institution_id=found.institution_id)
        await audit.record(news.kind, actor=SYSTEM, subject=found.id, now=now)
        await publish(news, now=now)
    return True


async def complete_assessment(
    *, assessment_id: UUID, scores: Scores, assessed_on: date, actor: Principal, now: datetime
) -> Assessment:
    """Enter the scores of an ordered assessment: the certification gets its grade and the date of the next one.

    A grade below the standard ends nothing by itself; what follows from it is an officer's decision.
    Refuses: NotFound, Forbidden, IllegalTransition, Invalid. Publishes: certification.regraded.
    """
    rubric = rubric_on(assessed_on)
    check_scores(scores, rubric=rubric)
    grade = grade_of(scores, rubric=rubric)
    async with transaction():
        before = await lock_for(actor, Action.ASSESS, (await assessment(assessment_id)).certification_id)
        order = await _lock_order(assessment_id)
        done = ASSESSMENT.target(order.status, AssessmentEvent.COMPLETE)
        check_assessed_on(assessed_on, today=clock.local_date(now), after=before.assessed_on)
        completed = msgspec.structs.replace(
            order,
            status=done,
            rubric=rubric.version,
            scores=scores,
            score=scores.total,
            grade=grade,
            assessed_on=assessed_on,
            completed_at=now,
        )
        await _store_result(completed, scores, actor=actor)
        await _regrade(before, completed, assessed_on=assessed_on, actor=actor, now=now)
        await audit.record(
            "assessment.completed", actor=actor, subject=order.id, now=now, before=order, after=completed
        )
    return completed


async def _lock_order(assessment_id: UUID) -> Assessment:
    row = await fetch_one(f"{ASSESSMENTS} WHERE a.id = $1 FOR UPDATE OF a", assessment_id)
    if row is None:
        raise NotFound
    return as_assessment(row)


async def _store_result(completed: Assessment, scores: Scores, *, actor: Principal) -> None:
    await execute(
        "UPDATE assessment_orders SET status = $2, rubric = $3, scores = $4, score = $5, grade = $6, assessed_on = $7,"
        " assessed_by = $8, completed_at = $9 WHERE id = $1",
        completed.id,
        completed.status,
        completed.rubric,
        msgspec.json.encode(scores).decode(),
        completed.score,
        completed.grade,
        completed.assessed_on,
        actor.id,
        completed.completed_at,
    )


async def _regrade(
    before: Certification, completed: Assessment, *, assessed_on: date, actor: Principal, now: datetime
) -> None:
    after = msgspec.structs.replace(
        before,
        status=step(before.status, Event.REASSESS, level=actor.level),
        grade=completed.grade,
        assessed_on=assessed_on,
        assessment_due_on=assessment_due(assessed_on, grade=completed.grade),
        assessment_overdue=False,
    )
    await store(
        before,
        after,
        event=Event.REASSESS,
        news=CertificationRegraded(certification_id=before.id, institution_id=before.institution_id),
        reason=f"质量评估 {completed.score} 分",
        actor=actor,
        now=now,
    )
