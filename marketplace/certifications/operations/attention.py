"""What an authority leaves undone calls attention by itself: first at the level whose turn it is, then above it.

Nothing follows from such a miss in law, so the deadline goes on running and is shown as overdue until somebody acts.
"""

from datetime import datetime, timedelta
from uuid import UUID

from marketplace.certifications.events import DeadlineOverdue
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.queries.timing import concerned
from marketplace.certifications.rules import Clock, next_level
from marketplace.identity.rules import Level
from marketplace.kit import audit, clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch, fetch_value, transaction
from marketplace.kit.outbox import publish
from marketplace.places.queries import jurisdiction_levels

# Whose turn it is: the lowest level that the table lets take the step.
RESPONSIBLE = {
    Clock.COUNTY_REVIEW: Level.COUNTY,
    Clock.PREFECTURE_REVIEW: Level.PREFECTURE,
    Clock.ONSITE: Level.PROVINCE,
    Clock.CORRECTION_ANSWER: Level.PREFECTURE,
    Clock.DECISION: Level.PROVINCE,
    Clock.DECISION_EXTENSION: Level.PROVINCE,
    Clock.OBJECTION_REVIEW: Level.PROVINCE,
    Clock.CERTIFICATE: Level.PROVINCE,
    Clock.REINSPECTION: Level.COUNTY,
    Clock.APPEAL_DECISION: Level.PROVINCE,
    Clock.APPEAL_EXTENSION: Level.PROVINCE,
}


async def call_attention(*, now: datetime) -> int:
    """Tell the responsible level of every deadline that has passed, and the next one when it stays so; returns how many.

    Each is its own transaction, and each level is told once. Publishes: certification.deadline_overdue.
    """
    days = (await policy_on(clock.local_date(now))).overdue_escalation_days
    rows = await fetch(
        "SELECT id, escalated_to FROM certification_deadlines WHERE status = 'running' AND due_at <= $1 AND clock = ANY($2)"
        " AND (escalated_to IS NULL OR (escalated_to <> 'province' AND escalated_at <= $3)) ORDER BY due_at, id",
        now,
        list(RESPONSIBLE),
        now - timedelta(days=days),
    )
    return len([row["id"] for row in rows if await _escalate(row["id"], row["escalated_to"], now=now)])


async def _escalate(deadline_id: UUID, told: str | None, *, now: datetime) -> bool:
    found = await concerned(deadline_id)
    there = (await jurisdiction_levels(found.jurisdiction_code)).values()
    first = Level.PROVINCE if found.is_of_first_assessment else RESPONSIBLE[found.deadline.clock]
    level = next_level(Level(told) if told else None, first=first, there=map(Level, there))
    async with transaction():
        marked = await fetch_value(
            "UPDATE certification_deadlines SET escalated_to = $2, escalated_at = $3 WHERE id = $1 AND status = 'running'"
            " AND escalated_to IS NOT DISTINCT FROM $4 AND escalated_to IS DISTINCT FROM $2 RETURNING id",
            deadline_id,
            level,
            now,
            told,
        )
        if marked is None:
            return False
        await audit.record("certification.deadline_overdue", actor=SYSTEM, subject=deadline_id, now=now, why=level)
        await publish(DeadlineOverdue(deadline_id=deadline_id), now=now)
    return True
