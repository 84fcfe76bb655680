"""The records of this domain as values: one frozen Struct per kind of row."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from marketplace.certifications.states import DecisionStatus, Status
from marketplace.identity.rules import Level


class GradeCap(StrEnum):
    """Why the public sees a lower grade than was assessed, or none."""

    UNDER_RECTIFICATION = "under_rectification"
    SUSPENDED = "suspended"
    REVOCATION_NOTICED = "revocation_noticed"
    CONFIRMED_ABUSE = "confirmed_abuse"
    STALE_DATA = "stale_data"
    ENDED = "ended"


class PublicGrade(msgspec.Struct, frozen=True, kw_only=True):
    """The grade that the public sees (null when none may be shown), with its method, its day, and why it is capped."""

    grade: int | None
    method: str
    as_of: date
    cap: GradeCap | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a certification that decides what may be sold and what the public sees."""

    number: str
    status: Status
    grade: int | None
    valid_from_on: date
    valid_until_on: date
    assessed_on: date
    assessment_overdue: bool = False
    safety_defect: bool = False
    grade_method: str = "gbt37276-2018"
    abuse_confirmed_on: date | None = None


class Certification(Standing, frozen=True, kw_only=True):
    """One certification with the two facts of its institution that everyone asks for.

    ``restricted_by`` is the level that ordered the rectification or suspension, and ``rectify_by_on`` its deadline. ``plaque_text`` is what
    the plaque says, as it was decided with the certificate.
    """

    id: UUID
    institution_id: UUID
    institution_name: str
    jurisdiction_code: str
    assessment_due_on: date
    granted_at: datetime
    plaque_text: str
    rectify_by_on: date | None = None
    restricted_by: Level | None = None
    version: int = 1


class CertificationSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The standing of a certification at ``checked_at``, as listings, quotes and bookings carry it.

    ``grade`` is the public grade 1–5, null when none may be shown; ``grade_cap`` says why it is lower than was
    assessed, ``grade_method`` by which rubric and ``grade_as_of`` by a visit of which day it was found.
    """

    number: str
    status: Status
    grade: int | None
    valid_until: date
    checked_at: datetime
    assessment_overdue: bool = False
    grade_method: str | None = None
    grade_as_of: date | None = None
    grade_cap: GradeCap | None = None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a certification; ``decided_level`` is null when a deadline or the institution did it."""

    event: str
    status: Status
    grade: int | None
    reason: str
    decided_level: Level | None
    decided_at: datetime


class RevocationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the first officer asks for: all that the second one approves, under one hash.

    The proceeding it rests on is named with its own hash: a file that changes afterwards is not what was approved.
    """

    certification_id: UUID
    institution_id: UUID
    number: str
    reason: str
    requested_by: UUID
    expires_at: datetime
    case_id: UUID
    case_hash: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A change request that needs a second officer. ``payload`` is what the first asked for, ``payload_hash`` its seal."""

    id: UUID
    certification_id: UUID
    kind: str
    status: DecisionStatus
    payload: dict[str, Any]
    payload_hash: str
    requested_by: UUID
    requested_at: datetime
    expires_at: datetime
    approved_by: UUID | None = None
    approved_at: datetime | None = None

    @property
    def request(self) -> RevocationRequest:
        """What was asked for, typed."""
        return msgspec.convert(self.payload, RevocationRequest)


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """Whose certification has ended, and by which decision or notice, for whoever moves its bookings."""

    decision_id: UUID
    certification_id: UUID
    institution_id: UUID
