"""The visit of an application: ordered when the reviews are passed, found by two assessors, published for objections."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.certifications.errors import CorrectionOpen, PreviewRunning
from marketplace.certifications.events import AssessmentOrdered
from marketplace.certifications.operations import timing
from marketplace.certifications.operations.assessed import lock_assessment, store_assessment
from marketplace.certifications.operations.filing import file
from marketplace.certifications.operations.recording import check_assessed_on
from marketplace.certifications.queries.timing import latest
from marketplace.certifications.rules import Assessment, Clock
from marketplace.certifications.rules.applying import Application
from marketplace.certifications.states import AssessmentStatus, Event
from marketplace.identity.rules import Principal
from marketplace.kit import audit, clock
from marketplace.kit.db import execute, fetch_value
from marketplace.kit.errors import IllegalTransition, NotFound, invalid
from marketplace.kit.ids import new_id, wire
from marketplace.kit.outbox import publish

APPLICATION = "application"


async def order_visit(application: Application, *, due_on: date, actor: Principal, now: datetime) -> UUID:
    """Order the assessment of an application that has passed its reviews; returns its id. Publishes: assessment.ordered."""
    order_id = new_id()
    await execute(
        "INSERT INTO assessment_orders (id, institution_id, application_id, status, due_on, ordered_at, reason)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        order_id,
        application.institution_id,
        application.id,
        AssessmentStatus.ORDERED,
        due_on,
        now,
        APPLICATION,
    )
    await audit.record("assessment.ordered", actor=actor, subject=order_id, now=now, why=APPLICATION)
    await publish(AssessmentOrdered(assessment_id=order_id, institution_id=application.institution_id), now=now)
    return order_id


def check_visited_on(visited_on: date, *, application: Application, now: datetime) -> None:
    """Check that a visit lies between the application and today. Refuses: Invalid."""
    check_assessed_on(visited_on, today=clock.local_date(now))
    applied_on = clock.local_date(application.submitted_at or now)
    if visited_on < applied_on:
        raise invalid("assessed_on", zh=f"评估须在 {applied_on} 申请之后", en=f"Not before {applied_on}.")


async def pass_visit(application: Application, confirmed: Assessment, *, actor: Principal, now: datetime) -> None:
    """Note on the application that two assessors agree; the time to decide begins with their first agreement."""
    await timing.stop(application.id, Clock.ONSITE, now=now)
    if await latest(application.id, Clock.DECISION) is None:
        await timing.start(Clock.DECISION, subject_id=application.id, now=now)
    assessed = msgspec.structs.replace(
        application,
        rubric=confirmed.rubric,
        scores=confirmed.scores,
        score=confirmed.score,
        grade=confirmed.grade,
        assessed_on=confirmed.assessed_on,
    )
    await file(assessed, event=Event.ASSESS, actor=actor, now=now, reason=f"现场评估 {confirmed.score} 分")


async def lock_settled(application: Application, *, event: Event, now: datetime) -> Assessment:
    """Lock the assessment of an application once its preview is over and nothing in it is disputed any more.

    Refuses: NotFound, IllegalTransition, PreviewRunning, CorrectionOpen.
    """
    if application.assessment_id is None:
        raise NotFound
    order = await lock_assessment(application.assessment_id)
    if order.preview_until_at is None:
        raise IllegalTransition(current=order.stage.value, event=event.value)
    if now < order.preview_until_at:
        raise PreviewRunning(until=clock.local_date(order.preview_until_at - timedelta(seconds=1)))
    waiting: UUID | None = await fetch_value(
        "SELECT id FROM assessment_corrections WHERE assessment_id = $1 AND status = 'open'", order.id
    )
    if waiting is not None:
        raise CorrectionOpen(correction_id=wire("cor", waiting))
    return order


async def publish_visit(settled: Assessment, *, actor: Principal, now: datetime) -> None:
    """Publish the result with the intended certification: who may object can read what it rests on."""
    published = msgspec.structs.replace(settled, published_at=now)
    await store_assessment(published)
    await timing.cancel(settled.id, Clock.PREVIEW, now=now)
    await audit.record(
        "assessment.published", actor=actor, subject=settled.id, now=now, before=settled, after=published
    )


async def close_visit(application: Application, *, now: datetime) -> None:
    """Take back the order to visit what is refused before; a result that was found waits until nothing is disputed.

    Refuses: IllegalTransition, PreviewRunning, CorrectionOpen.
    """
    if application.assessment_id is None:
        return
    order = await lock_assessment(application.assessment_id)
    if order.status is AssessmentStatus.DONE:
        await lock_settled(application, event=Event.REJECT, now=now)
    await cancel_visit(application.id)


async def cancel_visit(application_id: UUID) -> None:
    """Take back the order to visit an application that has ended before its assessment was done."""
    await execute(
        "UPDATE assessment_orders SET status = 'cancelled' WHERE application_id = $1 AND status IN ('ordered', 'overdue')",
        application_id,
    )
