"""The numbers of the procedure as a value: what was in force on one day, beside the clocks (``rules.clocks``).

The text of the provincial Measure has not been published, so none of them is a constant. They are rows of
``certification_policies``, each with the day from which it holds, its source, and whether it is verified, inferred from
comparable schemes or proposed here; a number is replaced by another row, never edited.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from marketplace.certifications.states import Status


class SignalKind(StrEnum):
    """What may call for an assessment before its time."""

    COMPLAINT = "complaint"
    INCIDENT = "incident"
    OVERDUE_RECTIFICATION = "overdue_rectification"
    INSTITUTION_CANCELLATION = "institution_cancellation"
    INSPECTION = "inspection"
    CONFIRMED_ABUSE = "confirmed_abuse"


class Reliance(StrEnum):
    """How far a number can be relied on: read in a source in force, inferred from others, or proposed here."""

    VERIFIED = "verified"
    INFERRED = "inferred"
    PROPOSAL = "proposal"


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """How many signals of a kind within how many days call for an assessment, and within how many days it is due."""

    count: int
    within_days: int
    due_days: int


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Every number in force on one day; a field is the code of its row.

    ``assessment_months`` is the interval between assessments, ``assessment_months_of`` that of a grade of its own.
    ``grade_caps`` are the highest grades that are shown while a restriction lasts, ``incident_severities`` those of which
    an incident is a signal.
    """

    validity_years: int
    begins_months_max: int
    certifiable_grade: int
    assessment_months: int
    assessment_months_of: Mapping[int, int]
    assessment_months_at_risk: int
    assessment_notice_days: int
    grade_fresh_months: int
    grade_caps: Mapping[Status, int]
    abuse_cap: int
    abuse_months: int
    inspection_share_bps: int
    draw_notice_days: int
    inspection_days: int
    triggers: Mapping[SignalKind, Trigger]
    incident_severities: tuple[str, ...]
    risk_signal_count: int
    risk_days: int
    escalation_days: int
    overdue_escalation_days: int
    hearing_within_days: int
    plaque_text: str
