"""Proceedings against an institution: nothing graver than a rectification without notice and an answered defence."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from marketplace.certifications.errors import DefencePending, HearingOutstanding, PeriodOver
from marketplace.certifications.rules.clocks import Deadline
from marketplace.certifications.states.appeals import AppealStatus
from marketplace.identity.rules import Level


class CaseKind(StrEnum):
    """What a proceeding is about; an emergency is acted upon first and reasoned within a day."""

    EMERGENCY_SUSPENSION = "emergency_suspension"
    SUSPENSION = "suspension"
    REVOCATION = "revocation"


class CaseStatus(StrEnum):
    """Where a proceeding stands: an emergency is open until it is reasoned; the others begin with a notice."""

    OPEN = "open"
    NOTICED = "noticed"
    CONCLUDED = "concluded"
    DECIDED = "decided"
    DISMISSED = "dismissed"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A proceeding with everything on file. ``defence_outcome`` says how the defence was weighed."""

    id: UUID
    certification_id: UUID
    institution_id: UUID
    jurisdiction_code: str
    kind: CaseKind
    status: CaseStatus
    facts: str
    opened_by: UUID
    opened_level: Level
    opened_at: datetime
    legal_basis: str | None = None
    rights: str | None = None
    noticed_at: datetime | None = None
    defence: str | None = None
    waived: bool = False
    defended_at: datetime | None = None
    hearing_requested_at: datetime | None = None
    hearing_called_at: datetime | None = None
    hearing_on: date | None = None
    hearing_record: str | None = None
    heard_at: datetime | None = None
    defence_outcome: str | None = None
    concluded_by: UUID | None = None
    concluded_at: datetime | None = None
    decided_at: datetime | None = None


class RectificationStatus(StrEnum):
    """Where a rectification stands; one that failed may be reported again while the order holds."""

    ORDERED = "ordered"
    REPORTED = "reported"
    FAILED = "failed"
    PASSED = "passed"
    ENDED = "ended"


class Rectification(msgspec.Struct, frozen=True, kw_only=True):
    """A defect to be put right by a day, what the institution reports, and what the second visit found."""

    id: UUID
    certification_id: UUID
    institution_id: UUID
    status: RectificationStatus
    defect: str
    is_of_safety: bool
    ordered_at: datetime
    due_on: date
    report: str | None = None
    reported_at: datetime | None = None
    finding: str | None = None
    inspected_at: datetime | None = None


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal against a proceeding's decision or an application's refusal; a stay is recorded, never implied."""

    id: UUID
    institution_id: UUID
    jurisdiction_code: str
    status: AppealStatus
    grounds: str
    filed_at: datetime
    certification_id: UUID | None = None
    case_id: UUID | None = None
    application_id: UUID | None = None
    accepted_at: datetime | None = None
    stay_reason: str | None = None
    stayed_at: datetime | None = None
    stayed_level: Level | None = None
    stay_ended_at: datetime | None = None
    extended: bool = False
    decision: str | None = None
    decided_by: UUID | None = None
    decided_at: datetime | None = None


def check_in_time(deadline: Deadline | None, *, now: datetime) -> None:
    """Check that a period has not passed. Refuses: PeriodOver."""
    if deadline is None or deadline.due_at <= now:
        raise PeriodOver(until=deadline.due_on if deadline else None)


def check_heard(case: Case, *, defence: Deadline | None, hearing: Deadline | None, now: datetime) -> None:
    """Check that the institution was heard: it answered, waived, or let its periods pass, and got the hearing it wanted.

    Source: 处罚法 45, 63, 64. Refuses: DefencePending, HearingOutstanding.
    """
    if case.hearing_requested_at is not None and case.heard_at is None:
        raise HearingOutstanding
    if case.waived:
        return
    waiting = [hearing] if case.hearing_requested_at is None else []
    waiting += [defence] if case.defended_at is None else []
    running = [deadline for deadline in waiting if deadline is not None and now < deadline.due_at]
    if running:
        raise DefencePending(until=max(deadline.due_on for deadline in running))
