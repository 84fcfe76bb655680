"""What may be complained of and reported, and what of it is a signal, as pure rules."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from marketplace.certifications.rules import Policy
from marketplace.quality.states import ComplaintStatus, IncidentStatus


class Subject(StrEnum):
    """What a complaint is about."""

    SAFETY = "safety"
    CARE = "care"
    FOOD = "food"
    HYGIENE = "hygiene"
    PRICE = "price"
    REFUND = "refund"
    CONTRACT = "contract"
    INFORMATION = "information"
    CONDUCT = "conduct"
    ABUSE = "abuse"
    OTHER = "other"


class ComplaintOutcome(StrEnum):
    """What civil affairs found of a complaint."""

    SUBSTANTIATED = "substantiated"
    PARTLY_SUBSTANTIATED = "partly_substantiated"
    UNSUBSTANTIATED = "unsubstantiated"


class IncidentKind(StrEnum):
    """What happened: the nine risks of GB 38600-2019, and what else an authority must hear of."""

    CHOKING = "choking"
    MISINGESTION = "misingestion"
    PRESSURE_INJURY = "pressure_injury"
    SCALD = "scald"
    BED_FALL = "bed_fall"
    FALL = "fall"
    WANDERING = "wandering"
    HARM = "harm"
    ACTIVITY = "activity"
    FIRE = "fire"
    FOOD_POISONING = "food_poisoning"
    INFECTION = "infection"
    DEATH = "death"
    ABUSE = "abuse"
    OTHER = "other"


class Severity(StrEnum):
    """How grave an incident is: treated in the house, treated in a hospital, or a life lost or several people hurt."""

    MINOR = "minor"
    SERIOUS = "serious"
    GRAVE = "grave"


class IncidentOutcome(StrEnum):
    """What civil affairs found of an incident."""

    CONFIRMED = "confirmed"
    UNFOUNDED = "unfounded"


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint about a stay; its texts are opened personal data."""

    id: UUID
    booking_id: UUID
    institution_id: UUID
    institution_name: str
    jurisdiction_code: str
    complainant_kind: str
    complainant_id: UUID
    subject: Subject
    status: ComplaintStatus
    statement: str
    received_at: datetime
    referral: str | None = None
    referred_at: datetime | None = None
    reply: str | None = None
    replied_at: datetime | None = None
    outcome: ComplaintOutcome | None = None
    answer: str | None = None
    answered_at: datetime | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a house; its texts are opened personal data."""

    id: UUID
    institution_id: UUID
    institution_name: str
    jurisdiction_code: str
    kind: IncidentKind
    severity: Severity
    status: IncidentStatus
    occurred_at: datetime
    statement: str
    reported_kind: str
    reported_at: datetime
    outcome: IncidentOutcome | None = None
    conclusion: str | None = None
    concluded_at: datetime | None = None


def is_signal(incident: Incident, *, policy: Policy) -> bool:
    """Say whether an incident is grave enough to count towards a visit before its time.

    Whoever reports a slight accident is not to be punished for reporting it.
    """
    return incident.severity in policy.incident_severities


def confirms_abuse(found: Complaint | Incident) -> bool:
    """Say whether civil affairs has found that elders were abused; what is found only in part does not cap a grade."""
    if isinstance(found, Complaint):
        return found.subject is Subject.ABUSE and found.outcome is ComplaintOutcome.SUBSTANTIATED
    return found.kind is IncidentKind.ABUSE and found.outcome is IncidentOutcome.CONFIRMED
