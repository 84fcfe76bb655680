"""Inspections that were drawn and that nobody makes: the next higher level hears of them, then the province."""

from datetime import datetime
from uuid import UUID

from marketplace.certifications.events import InspectionEscalated
from marketplace.certifications.queries.inspections import INSPECTIONS, as_inspection
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import Policy, escalation, higher
from marketplace.certifications.states import STANDING
from marketplace.kit import audit, clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch, fetch_one, transaction
from marketplace.kit.outbox import publish


async def escalate_uninspected(*, now: datetime) -> int:
    """Tell the next higher level of every inspection whose last day has passed without a result; returns how many.

    Where a certificate has ended meanwhile, there is nothing to inspect any more. Publishes: inspection.escalated.
    """
    rows = await fetch(
        "SELECT n.id FROM inspections n JOIN inspection_draws d ON d.id = n.draw_id"
        " JOIN certifications c ON c.id = n.certification_id WHERE n.outcome IS NULL AND d.inspect_by_on < $1"
        " AND c.status = ANY($2) AND n.escalated_to IS DISTINCT FROM 'province' ORDER BY n.id",
        clock.local_date(now),
        sorted(STANDING),
    )
    policy = await policy_on(clock.local_date(now))
    return len([row["id"] for row in rows if await _escalate(row["id"], policy=policy, now=now)])


async def _escalate(inspection_id: UUID, *, policy: Policy, now: datetime) -> bool:
    async with transaction():
        row = await fetch_one(f"{INSPECTIONS} WHERE n.id = $1 AND n.outcome IS NULL FOR UPDATE OF n", inspection_id)
        if row is None:
            return False
        found = as_inspection(row)
        level = escalation(found.inspect_by_on, policy=policy, today=clock.local_date(now))
        if level is None or higher(found.escalated_to, level) == found.escalated_to:
            return False
        await execute(
            "UPDATE inspections SET escalated_to = $2, escalated_at = $3 WHERE id = $1", inspection_id, level, now
        )
        await audit.record("inspection.escalated", actor=SYSTEM, subject=inspection_id, now=now, why=level)
        await publish(InspectionEscalated(inspection_id=inspection_id), now=now)
    return True
