"""Assessing again: orders that fall due by themselves, and the public flag when they are late."""

from datetime import date, datetime, timedelta
from uuid import UUID

from marketplace.certifications.events import AssessmentOrdered, CertificationAssessmentOverdue
from marketplace.certifications.operations.recording import lock
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import Policy
from marketplace.certifications.states import ASSESSED, ASSESSMENT, AssessmentEvent, AssessmentStatus
from marketplace.kit import audit, clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish


async def order_due_assessments(*, now: datetime) -> int:
    """Order every assessment that falls due within the notice period, then flag what is late; returns the orders made.

    Each certification is its own transaction, so a run that breaks off is finished by the next.
    Publishes: assessment.ordered, certification.assessment_overdue.
    """
    today = clock.local_date(now)
    horizon = today + timedelta(days=(await policy_on(today)).assessment_notice_days)
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
            "INSERT INTO assessment_orders (id, institution_id, certification_id, status, due_on, ordered_at)"
            " VALUES ($1, $6, $2, $3, $4, $5)"
            " ON CONFLICT (certification_id) WHERE status IN ('ordered', 'overdue') DO NOTHING RETURNING id",
            new_id(),
            found.id,
            AssessmentStatus.ORDERED,
            found.assessment_due_on,
            now,
            found.institution_id,
        )
        if order_id is None:
            return False
        await audit.record("assessment.ordered", actor=SYSTEM, subject=order_id, now=now)
        await publish(AssessmentOrdered(assessment_id=order_id, institution_id=found.institution_id), now=now)
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


async def is_at_risk(certification_id: UUID, *, policy: Policy, now: datetime) -> bool:
    """Say whether so many signals were raised of late that the next assessment comes sooner."""
    count: int = await fetch_value(
        "SELECT count(*) FROM certification_signals WHERE certification_id = $1 AND raised_at > $2 AND raised_at <= $3",
        certification_id,
        now - timedelta(days=policy.risk_days),
        now,
    )
    return count >= policy.risk_signal_count


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
