"""Rectification: an order with a day, the institution's report, and a second visit."""

from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.errors import HigherLevelRequired, ReportMissing
from marketplace.certifications.events import CertificationReinstated, CertificationUnderRectification
from marketplace.certifications.operations import timing
from marketplace.certifications.operations.recording import lock, lock_for, store
from marketplace.certifications.queries.proceeding import RECTIFICATIONS, as_rectification
from marketplace.certifications.queries.timing import timetable
from marketplace.certifications.rules import Certification, Clock, may_lift, step
from marketplace.certifications.rules.proceeding import Rectification, RectificationStatus
from marketplace.certifications.states import CERTIFICATION, Event
from marketplace.identity.rules import Action, Principal, Resource, can
from marketplace.kit import audit, clock
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.errors import NotFound, invalid
from marketplace.kit.ids import new_id

_OPEN = "status IN ('ordered', 'reported', 'failed')"


async def order_rectification(  # noqa: PLR0913 - an order has these facts, and each is named at the call.
    *,
    certification_id: UUID,
    reason: str,
    safety_defect: bool,
    rectify_by_on: date | None = None,
    actor: Principal,
    now: datetime,
) -> Certification:
    """Order a defect to be put right by a day; one of safety stops sale until then (老年人权益保障法 45).

    Refuses: NotFound, Forbidden, IllegalTransition, Invalid. Publishes: certification.under_rectification.
    """
    due_on = await _due_on(rectify_by_on, now=now)
    async with transaction():
        before = await lock_for(actor, Action.RECTIFY, certification_id)
        after = msgspec.structs.replace(
            before,
            status=step(before.status, Event.ORDER_RECTIFICATION, level=actor.level),
            safety_defect=safety_defect,
            rectify_by_on=due_on,
            restricted_by=actor.level,
        )
        await execute(
            "INSERT INTO certification_rectifications (id, certification_id, status, defect, is_of_safety, ordered_by,"
            " ordered_at, due_on) VALUES ($1, $2, 'ordered', $3, $4, $5, $6, $7)",
            new_id(),
            before.id,
            reason,
            safety_defect,
            actor.id,
            now,
            due_on,
        )
        await timing.start(Clock.RECTIFICATION, subject_id=before.id, now=now, due_on=due_on)
        news = CertificationUnderRectification(certification_id=before.id, institution_id=before.institution_id)
        return await store(
            before, after, event=Event.ORDER_RECTIFICATION, news=news, reason=reason, actor=actor, now=now
        )


async def _due_on(wanted: date | None, *, now: datetime) -> date:
    today, table = clock.local_date(now), await timetable()
    due_on = wanted or table.deadline(Clock.RECTIFICATION, start=now).due_on
    latest = today + timedelta(days=table.policy(Clock.RECTIFICATION_MAX, on=today).length)
    if not today < due_on <= latest:
        raise invalid("rectify_by", zh=f"须在今天之后、{latest} 之前", en=f"Must be after today, by {latest}.")
    return due_on


async def report_rectification(
    *, rectification_id: UUID, report: str, actor: Principal, now: datetime
) -> Rectification:
    """Report, as the institution, what was put right; then the second visit's clock runs. A late report still counts.

    Refuses: NotFound, IllegalTransition.
    """
    async with transaction():
        certification_id: UUID | None = await fetch_value(
            "SELECT certification_id FROM certification_rectifications WHERE id = $1", rectification_id
        )
        if certification_id is None:
            raise NotFound
        before = await lock(certification_id)
        if not can(actor, Action.HOST, Resource(institution_id=before.institution_id)):
            raise NotFound
        CERTIFICATION.target(before.status, Event.REPORT_RECTIFICATION)
        if await _lock_open(before.id, rectification_id=rectification_id) is None:
            raise NotFound
        await execute(
            "UPDATE certification_rectifications SET status = 'reported', report = $2, reported_by = $3, reported_at = $4"
            " WHERE id = $1",
            rectification_id,
            report,
            actor.id,
            now,
        )
        await timing.stop(before.id, Clock.RECTIFICATION, now=now)
        await timing.cancel(before.id, Clock.REINSPECTION, now=now)
        await timing.start(Clock.REINSPECTION, subject_id=before.id, now=now)
        await audit.record("rectification.reported", actor=actor, subject=rectification_id, now=now, after=report)
        return as_rectification(await _row(rectification_id))


async def fail_reinspection(*, certification_id: UUID, reason: str, actor: Principal, now: datetime) -> Rectification:
    """Record that the second visit found the defect still there; the institution may report again, or be suspended.

    Refuses: NotFound, Forbidden, IllegalTransition, ReportMissing.
    """
    async with transaction():
        before = await lock_for(actor, Action.RECTIFY, certification_id)
        step(before.status, Event.FAIL_REINSPECTION, level=actor.level)
        found = await _inspect(before, passed=False, finding=reason, actor=actor, now=now)
        await audit.record("rectification.failed", actor=actor, subject=found.id, now=now, why=reason)
        return found


async def complete_rectification(
    *, certification_id: UUID, reason: str, actor: Principal, now: datetime
) -> Certification:
    """Accept, on the report and a second visit, that the defect is gone; the level that ordered it or one above may.

    Refuses: NotFound, Forbidden, IllegalTransition, HigherLevelRequired, ReportMissing.
    Publishes: certification.reinstated.
    """
    async with transaction():
        before = await lock_for(actor, Action.RECTIFY, certification_id)
        target = step(before.status, Event.COMPLETE_RECTIFICATION, level=actor.level)
        if not may_lift(before.restricted_by, level=actor.level):
            raise HigherLevelRequired(restricted_by=before.restricted_by)
        await _inspect(before, passed=True, finding=reason, actor=actor, now=now)
        after = msgspec.structs.replace(
            before, status=target, safety_defect=False, rectify_by_on=None, restricted_by=None
        )
        news = CertificationReinstated(certification_id=before.id, institution_id=before.institution_id)
        return await store(
            before, after, event=Event.COMPLETE_RECTIFICATION, news=news, reason=reason, actor=actor, now=now
        )


async def end_rectification(certification_id: UUID, *, now: datetime) -> None:
    """Close an order that something graver has overtaken."""
    await timing.cancel(certification_id, Clock.RECTIFICATION, Clock.REINSPECTION, now=now)
    await execute(
        f"UPDATE certification_rectifications SET status = 'ended' WHERE certification_id = $1 AND {_OPEN}",
        certification_id,
    )


async def _inspect(
    before: Certification, *, passed: bool, finding: str, actor: Principal, now: datetime
) -> Rectification:
    found = await _lock_open(before.id)
    if found is None or found.status is not RectificationStatus.REPORTED:
        raise ReportMissing
    await execute(
        "UPDATE certification_rectifications SET status = $2, finding = $3, inspected_by = $4, inspected_at = $5"
        " WHERE id = $1",
        found.id,
        RectificationStatus.PASSED if passed else RectificationStatus.FAILED,
        finding,
        actor.id,
        now,
    )
    await timing.stop(before.id, Clock.RECTIFICATION, Clock.REINSPECTION, now=now)
    return as_rectification(await _row(found.id))


async def _lock_open(certification_id: UUID, *, rectification_id: UUID | None = None) -> Rectification | None:
    row = await fetch_one(
        f"{RECTIFICATIONS} WHERE r.certification_id = $1 AND r.{_OPEN} AND ($2::uuid IS NULL OR r.id = $2) FOR UPDATE OF r",
        certification_id,
        rectification_id,
    )
    return as_rectification(row) if row else None


async def _row(rectification_id: UUID) -> asyncpg.Record:
    row = await fetch_one(f"{RECTIFICATIONS} WHERE r.id = $1", rectification_id)
    if row is None:
        raise NotFound
    return row
