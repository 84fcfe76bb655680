"""What must not go unnoticed: assessments that nobody makes, and grades that have grown too old to be shown."""

from datetime import datetime
from uuid import UUID

from marketplace.certifications.events import AssessmentEscalated, CertificationGradeLapsed
from marketplace.certifications.operations.recording import lock
from marketplace.certifications.queries import assessment
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import Policy, escalation, higher, months_after
from marketplace.certifications.states import STANDING, AssessmentStatus
from marketplace.kit import audit, clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch, fetch_value, transaction
from marketplace.kit.outbox import publish


async def escalate_overdue(*, now: datetime) -> int:
    """Tell the next higher level of every assessment that is late, and a higher one when it stays so; returns how many.

    Publishes: assessment.escalated.
    """
    policy = await policy_on(clock.local_date(now))
    rows = await fetch(
        "SELECT id, certification_id FROM assessment_orders WHERE status IN ('ordered', 'overdue') AND due_on < $1"
        " AND certification_id IS NOT NULL AND escalated_to IS DISTINCT FROM 'province' ORDER BY due_on, id",
        clock.local_date(now),
    )
    return len(
        [row["id"] for row in rows if await _escalate(row["certification_id"], row["id"], policy=policy, now=now)]
    )


async def _escalate(certification_id: UUID, order_id: UUID, *, policy: Policy, now: datetime) -> bool:
    async with transaction():
        await lock(certification_id)
        order = await assessment(order_id)
        level = escalation(order.due_on, policy=policy, today=clock.local_date(now))
        if order.status not in {AssessmentStatus.ORDERED, AssessmentStatus.OVERDUE} or level is None:
            return False
        if higher(order.escalated_to, level) == order.escalated_to:
            return False
        await execute(
            "UPDATE assessment_orders SET escalated_to = $2, escalated_at = $3 WHERE id = $1", order_id, level, now
        )
        await audit.record("assessment.escalated", actor=SYSTEM, subject=order_id, now=now, why=level)
        await publish(AssessmentEscalated(assessment_id=order_id), now=now)
    return True


async def flag_lapsed_grades(*, now: datetime) -> int:
    """Tell the world of every grade whose data has become too old; returns how many are new.

    No reader depends on it: that such a grade is not shown is computed at every reading. Publishes:
    certification.grade_lapsed.
    """
    today = clock.local_date(now)
    months = (await policy_on(today)).grade_fresh_months
    rows = await fetch(
        "SELECT id, assessed_on FROM certifications WHERE is_current AND NOT grade_lapsed AND status = ANY($1)"
        " AND assessed_on <= $2 ORDER BY assessed_on, id",
        sorted(STANDING),
        months_after(today, -months),
    )
    stale = [row["id"] for row in rows if months_after(row["assessed_on"], months) < today]
    return len([found for found in stale if await _flag_lapsed(found, months=months, now=now)])


async def _flag_lapsed(certification_id: UUID, *, months: int, now: datetime) -> bool:
    async with transaction():
        found = await lock(certification_id)
        known = await fetch_value("SELECT grade_lapsed FROM certifications WHERE id = $1", certification_id)
        if known or found.status not in STANDING or months_after(found.assessed_on, months) >= clock.local_date(now):
            return False
        await execute(
            "UPDATE certifications SET grade_lapsed = true, version = version + 1 WHERE id = $1", certification_id
        )
        news = CertificationGradeLapsed(certification_id=found.id, institution_id=found.institution_id)
        await audit.record(news.kind, actor=SYSTEM, subject=found.id, now=now)
        await publish(news, now=now)
    return True
