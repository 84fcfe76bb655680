"""The institution's word before publication: it asks for a correction of its preview, and an officer answers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import CorrectionOpen
from marketplace.certifications.events import AssessmentCorrectionRequested
from marketplace.certifications.jobs import PublishAssessment
from marketplace.certifications.operations import timing
from marketplace.certifications.operations.assessed import (
    keep_findings,
    lock_assessment,
    lock_for_assessor,
    lock_subject,
    store_assessment,
)
from marketplace.certifications.queries import assessment
from marketplace.certifications.queries.assessments import lines, rubric
from marketplace.certifications.rules import (
    Assessment,
    Clock,
    Correction,
    CorrectionStatus,
    Sheet,
    Stage,
    check_sheet,
    score_sheet,
)
from marketplace.identity.rules import Action, Principal, Resource, can
from marketplace.kit import audit
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.errors import FieldError, IllegalTransition, Invalid, NotFound
from marketplace.kit.ids import new_id, wire
from marketplace.kit.outbox import publish


async def request_correction(
    *, assessment_id: UUID, codes: Sequence[str], statement: str, actor: Principal, now: datetime
) -> Correction:
    """Say, as the institution, what is wrong with its preview; publication waits until an officer has answered.

    Refuses: NotFound, IllegalTransition once the preview is over, CorrectionOpen, Invalid.
    Publishes: assessment.correction_requested.
    """
    found = await assessment(assessment_id)
    if not can(actor, Action.HOST, Resource(institution_id=found.institution_id)):
        raise NotFound
    async with transaction():
        await lock_subject(found)
        order = await lock_assessment(assessment_id)
        if order.stage in {Stage.AWAITED, Stage.AWAITING_CONFIRMATION}:
            raise NotFound
        if order.stage is not Stage.PREVIEW or order.preview_until_at is None or order.preview_until_at <= now:
            raise IllegalTransition(current=Stage.PUBLISHED.value, event="request_correction")
        open_one = await fetch_value(
            "SELECT id FROM assessment_corrections WHERE assessment_id = $1 AND status = 'open'", order.id
        )
        if open_one is not None:
            raise CorrectionOpen(correction_id=wire("cor", open_one))
        await _check_codes(order, codes)
        correction = Correction(
            id=new_id(),
            assessment_id=order.id,
            revision=order.revision,
            codes=tuple(codes),
            statement=statement,
            status=CorrectionStatus.OPEN,
            requested_at=now,
        )
        await execute(
            "INSERT INTO assessment_corrections (id, assessment_id, revision, codes, statement, status, requested_by,"
            " requested_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            correction.id,
            order.id,
            order.revision,
            list(codes),
            statement,
            correction.status,
            actor.id,
            now,
        )
        news = AssessmentCorrectionRequested(
            assessment_id=order.id, correction_id=correction.id, institution_id=order.institution_id
        )
        await timing.start(Clock.CORRECTION_ANSWER, subject_id=order.id, now=now)
        await audit.record(news.kind, actor=actor, subject=order.id, now=now, why=statement, after=correction)
        await publish(news, now=now)
    return correction


async def _check_codes(order: Assessment, codes: Sequence[str]) -> None:
    known = {line.code for line in await lines(order.id, revision=order.revision)}
    fields = tuple(
        FieldError(pointer=f"/codes/{position}", zh=f"评分标准没有 {code}", en=f"The rubric has no {code}.")
        for position, code in enumerate(codes)
        if code not in known
    )
    if fields:
        raise Invalid(fields=fields)


async def answer_correction(  # noqa: PLR0913 - an answer has these facts, and each is named at the call.
    *,
    assessment_id: UUID,
    correction_id: UUID,
    answer: str,
    corrected: Sheet | None,
    actor: Principal,
    now: datetime,
) -> Assessment:
    """Answer a correction: with a corrected sheet it is accepted, without one it is rejected.

    A corrected sheet is a new result: another assessor confirms it, and the institution has its whole preview again.
    A rejected correction lets the result be published as soon as its preview is over.
    Refuses: NotFound, Forbidden, ConflictOfInterest, IllegalTransition, Invalid.
    """
    async with transaction():
        await lock_for_assessor(await assessment(assessment_id), actor=actor)
        order = await lock_assessment(assessment_id)
        status = await _status(order, correction_id)
        if status is not CorrectionStatus.OPEN:
            raise IllegalTransition(current=status.value, event="answer_correction")
        after = order if corrected is None else await _corrected(order, corrected, actor=actor, now=now)
        decided = CorrectionStatus.REJECTED if corrected is None else CorrectionStatus.ACCEPTED
        await execute(
            "UPDATE assessment_corrections SET status = $2, answer = $3, answered_by = $4, answered_at = $5 WHERE id = $1",
            correction_id,
            decided,
            answer,
            actor.id,
            now,
        )
        await timing.stop(order.id, Clock.CORRECTION_ANSWER, now=now)
        await audit.record(
            f"assessment.correction_{decided.value}",
            actor=actor,
            subject=order.id,
            now=now,
            why=answer,
            before=order,
            after=after,
        )
        if corrected is None and order.preview_until_at is not None:
            due_at = max(now, order.preview_until_at)
            await publish(PublishAssessment(assessment_id=order.id), now=now, due_at=due_at)
    return after


async def _status(order: Assessment, correction_id: UUID) -> CorrectionStatus:
    row = await fetch_one(
        "SELECT status FROM assessment_corrections WHERE id = $1 AND assessment_id = $2 FOR UPDATE",
        correction_id,
        order.id,
    )
    if row is None:
        raise NotFound
    return CorrectionStatus(row["status"])


async def _corrected(order: Assessment, sheet: Sheet, *, actor: Principal, now: datetime) -> Assessment:
    used = await rubric(order.rubric or "")
    assert used is not None
    check_sheet(sheet, rubric=used)
    outcome = score_sheet(sheet, rubric=used)
    after = msgspec.structs.replace(
        order,
        scores=outcome.scores,
        score=outcome.score,
        grade=outcome.grade,
        assessed_by=actor.id,
        assessed_with=None,
        revision=order.revision + 1,
        confirmed_at=None,
        preview_until_at=None,
    )
    await store_assessment(after)
    await keep_findings(after, sheet, actor=actor, now=now)
    return after
