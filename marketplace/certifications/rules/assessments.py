"""An assessment from its order to its publication: the record, how far it has come, and who may do what next."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from marketplace.certifications.rules.findings import Evidence
from marketplace.certifications.rules.policies import Policy, Trigger
from marketplace.certifications.rules.scoring import Scores
from marketplace.certifications.states import ABOVE_COUNTY, PROVINCE, AssessmentStatus
from marketplace.identity.rules import Kind, Level, Principal


class Stage(StrEnum):
    """How far the result of an assessment has come."""

    AWAITED = "awaited"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    PREVIEW = "preview"
    PUBLISHED = "published"


class CorrectionStatus(StrEnum):
    """Where an institution's objection to its preview stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """An order to assess an institution, with its result once there is one.

    It is of an application until the certificate is issued, and of the certification from then on.
    ``assessed_by`` entered the result and ``assessed_with`` confirmed it; ``revision`` counts the sheets of findings.
    """

    id: UUID
    institution_id: UUID
    institution_name: str
    jurisdiction_code: str
    status: AssessmentStatus
    due_on: date
    ordered_at: datetime
    certification_id: UUID | None = None
    application_id: UUID | None = None
    rubric: str | None = None
    scores: Scores | None = None
    score: int | None = None
    grade: int | None = None
    assessed_on: date | None = None
    assessed_by: UUID | None = None
    assessed_with: UUID | None = None
    revision: int = 0
    completed_at: datetime | None = None
    confirmed_at: datetime | None = None
    preview_until_at: datetime | None = None
    published_at: datetime | None = None
    reason: str = "schedule"
    escalated_to: Level | None = None

    @property
    def stage(self) -> Stage:
        """How far the result has come."""
        if self.rubric is None:
            return Stage.AWAITED
        if self.published_at is not None:
            return Stage.PUBLISHED
        return Stage.AWAITING_CONFIRMATION if self.confirmed_at is None else Stage.PREVIEW


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion with what was found of it: ``passed`` for a gate, ``points`` of ``points_max`` for an item."""

    code: str
    title: str
    title_en: str
    basis: str
    block: str | None
    points_max: int | None
    passed: bool | None
    points: int | None
    evidence: tuple[Evidence, ...]


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What an institution says against its preview, and the answer."""

    id: UUID
    assessment_id: UUID
    revision: int
    codes: tuple[str, ...]
    statement: str
    status: CorrectionStatus
    requested_at: datetime
    answer: str | None = None
    answered_at: datetime | None = None


def called_for(trigger: Trigger, raised_on: Sequence[date], *, today: date) -> date | None:
    """Return the day by which an assessment is due when signals of a kind were raised on these days; None if it is not."""
    since = today - timedelta(days=trigger.within_days - 1)
    recent = [day for day in raised_on if since <= day <= today]
    return today + timedelta(days=trigger.due_days) if len(recent) >= trigger.count else None


def escalation(due_on: date, *, policy: Policy, today: date) -> Level | None:
    """Return the level that hears of an assessment that was due on a day and is not done; None in time.

    The prefecture hears of it at once, the province when it stays so.
    """
    late = (today - due_on).days
    if late <= 0:
        return None
    return Level.PROVINCE if late > policy.escalation_days else Level.PREFECTURE


def offered_on_assessment(assessment: Assessment, *, principal: Principal | None) -> list[str]:
    """List what a caller can do to an assessment now: enter findings, confirm another's, answer, or ask to correct."""
    if principal is None or assessment.status is AssessmentStatus.CANCELLED:
        return []
    if principal.kind == Kind.INSTITUTION:
        return ["request_correction"] if assessment.stage is Stage.PREVIEW else []
    # A first certificate is the province's, and so is its assessment.
    levels = PROVINCE if assessment.certification_id is None else ABOVE_COUNTY
    offered = list(_OFFERED[assessment.stage]) if principal.level in levels else []
    # Nobody confirms what they entered themselves.
    return [event for event in offered if event != "confirm" or assessment.assessed_by != principal.id]


_OFFERED = {
    Stage.AWAITED: ("enter",),
    Stage.AWAITING_CONFIRMATION: ("enter", "confirm"),
    Stage.PREVIEW: ("answer_correction",),
    Stage.PUBLISHED: (),
}
