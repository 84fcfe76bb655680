"""The one way in for whatever may call for an assessment before its time."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from marketplace.certifications.events import AssessmentOrdered
from marketplace.certifications.operations.assessing import is_at_risk
from marketplace.certifications.operations.recording import lock
from marketplace.certifications.queries.inspections import inspection
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import Certification, Policy, SignalKind, assessment_due, called_for
from marketplace.certifications.rules.inspecting import Outcome
from marketplace.certifications.states import ASSESSED, AssessmentStatus, Status
from marketplace.kit import audit, clock
from marketplace.kit.audit import SYSTEM, Actor
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish


async def signal(
    *, institution_id: UUID, kind: SignalKind, subject_id: UUID, actor: Actor = SYSTEM, now: datetime
) -> UUID | None:
    """Say that something happened at an institution; when the policy's trigger is reached, an assessment is ordered.

    ``subject_id`` is the complaint, incident or booking: each counts once, so repeating is harmless. An open order is
    brought forward instead of doubled. Many signals that reach no trigger of their own make an institution one at risk,
    which is seen sooner by the schedule. Returns the order that the signal made or brought forward, None for none.
    It locks the certification, so call it as a reaction and never while rows below that are locked.
    Publishes: assessment.ordered.
    """
    today = clock.local_date(now)
    current = await fetch_value(
        "SELECT id FROM certifications WHERE institution_id = $1 AND is_current", institution_id
    )
    if current is None:
        return None
    policy = await policy_on(today)
    async with transaction():
        found = await lock(current)
        if await fetch_value(
            "SELECT EXISTS (SELECT FROM certification_signals WHERE kind = $1 AND subject_id = $2)", kind, subject_id
        ):
            return None
        if kind is SignalKind.CONFIRMED_ABUSE:
            # The cap does not wait for the visit.
            await execute(
                "UPDATE certifications SET abuse_confirmed_on = greatest(abuse_confirmed_on, $2), version = version + 1"
                " WHERE id = $1",
                found.id,
                today,
            )
        await audit.record("certification.signalled", actor=actor, subject=found.id, now=now, after=[kind, subject_id])
        order_id = None
        if found.status in ASSESSED:
            due_on = called_for(policy.triggers[kind], [*await _raised_on(found.id, kind), today], today=today)
            order_id = await _order(found, kind=kind, due_on=due_on, now=now) if due_on is not None else None
        await execute(
            "INSERT INTO certification_signals (id, certification_id, kind, subject_id, raised_at, assessment_id)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            new_id(),
            found.id,
            kind,
            subject_id,
            now,
            order_id,
        )
        if order_id is None and found.status in ASSESSED:
            await _hasten(found, policy=policy, now=now)
    return order_id


async def _hasten(found: Certification, *, policy: Policy, now: datetime) -> None:
    """Bring the scheduled visit forward of an institution that has come to be at risk, but not by surprise.

    An order that is open already is due within the notice, and so no later.
    """
    if not await is_at_risk(found.id, policy=policy, now=now):
        return
    today = clock.local_date(now)
    sooner = max(
        assessment_due(found.assessed_on, grade=found.grade, policy=policy, at_risk=True),
        today + timedelta(days=policy.assessment_notice_days),
    )
    if sooner >= found.assessment_due_on:
        return
    await execute(
        "UPDATE certifications SET assessment_due_on = $2, version = version + 1 WHERE id = $1", found.id, sooner
    )
    await audit.record("assessment.brought_forward", actor=SYSTEM, subject=found.id, now=now, after=sooner)


async def _raised_on(certification_id: UUID, kind: SignalKind) -> list[date]:
    rows = await fetch(
        "SELECT raised_at FROM certification_signals WHERE certification_id = $1 AND kind = $2", certification_id, kind
    )
    return [clock.local_date(row["raised_at"]) for row in rows]


async def _order(found: Certification, *, kind: SignalKind, due_on: date, now: datetime) -> UUID | None:
    """Order an assessment, or bring the open one forward; one that is due sooner anyway stays as it is."""
    known = await fetch_one(
        "SELECT id, due_on FROM assessment_orders WHERE certification_id = $1 AND status IN ('ordered', 'overdue')"
        " FOR UPDATE",
        found.id,
    )
    if known is not None and known["due_on"] <= due_on:
        return None
    order_id: UUID = known["id"] if known is not None else new_id()
    await execute(
        "INSERT INTO assessment_orders (id, institution_id, certification_id, status, due_on, ordered_at, reason)"
        " VALUES ($1, $7, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET due_on = $4, reason = $6",
        order_id,
        found.id,
        AssessmentStatus.ORDERED,
        due_on,
        now,
        kind,
        found.institution_id,
    )
    await execute(
        "UPDATE certifications SET assessment_due_on = least(assessment_due_on, $2), version = version + 1 WHERE id = $1",
        found.id,
        due_on,
    )
    await audit.record("assessment.ordered", actor=SYSTEM, subject=order_id, now=now, why=kind)
    await publish(AssessmentOrdered(assessment_id=order_id, institution_id=found.institution_id), now=now)
    return order_id


async def signal_overdue_rectifications(*, now: datetime) -> int:
    """Signal every rectification whose day has passed, each once; returns how many assessments that called for."""
    rows = await fetch(
        "SELECT id, institution_id, rectify_by_on FROM certifications WHERE status = $1 AND rectify_by_on < $2"
        " ORDER BY rectify_by_on, id",
        Status.UNDER_RECTIFICATION,
        clock.local_date(now),
    )
    ordered = [
        await signal(
            institution_id=row["institution_id"],
            kind=SignalKind.OVERDUE_RECTIFICATION,
            # A rectification has no id of its own: its certification and its day name it.
            subject_id=uuid5(row["id"], row["rectify_by_on"].isoformat()),
            now=now,
        )
        for row in rows
    ]
    return len([order for order in ordered if order is not None])


async def follow_inspection(*, inspection_id: UUID, now: datetime) -> None:
    """Signal an inspection that found problems, or was obstructed."""
    found = await inspection(inspection_id)
    if found.outcome in {Outcome.PROBLEMS, Outcome.OBSTRUCTED}:
        await signal(institution_id=found.institution_id, kind=SignalKind.INSPECTION, subject_id=inspection_id, now=now)
