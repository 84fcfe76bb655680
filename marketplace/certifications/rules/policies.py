"""The numbers of the procedure, each valid from a day on: none of them is law, so none is a constant.

The text of the provincial Measure has not been published. These values follow comparable schemes (domain reference
§1.3–§1.6) and are replaced by adding a row, never by editing one: what was decided under a row stays explainable.
"""

from collections.abc import Mapping
from datetime import date
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


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """How many signals of a kind within how many days call for an assessment, and within how many days it is due."""

    count: int
    within_days: int
    due_days: int


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What held from ``effective_from`` on, beside the clocks, which are rows (``rules.clocks``).

    ``assessment_months`` is the interval between assessments by grade; its None entry serves every other grade.
    """

    effective_from: date
    validity_years: int
    certifiable_grade: int
    assessment_months: Mapping[int | None, int]
    assessment_notice_days: int
    grade_fresh_months: int
    grade_caps: Mapping[Status, int]
    abuse_cap: int
    abuse_months: int
    inspection_share_bps: int
    draw_notice_days: int
    inspection_days: int
    triggers: Mapping[SignalKind, Trigger]
    risk_signal_count: int
    risk_days: int
    assessment_months_at_risk: int
    escalation_days: int


POLICIES = (
    Policy(
        effective_from=date.min,
        # Nearly every province's rating scheme is valid for three years.
        validity_years=3,
        # Third of the five levels of GB/T 37276.
        certifiable_grade=3,
        # 民政部令第66号 art. 38 asks for a visit each year; an institution of a low grade is seen twice.
        assessment_months={None: 12, 1: 6, 2: 6},
        assessment_notice_days=30,
        # A grade that rests on older data is not shown, never silently kept.
        grade_fresh_months=12,
        grade_caps={Status.UNDER_RECTIFICATION: 2, Status.SUSPENDED: 1, Status.REVOCATION_NOTICED: 1},
        # As an institution with abuse in three years would not be certified at all (gate G5).
        abuse_cap=1,
        abuse_months=36,
        # Rating schemes re-evaluate at least a tenth at random each year (domain reference §1.3).
        inspection_share_bps=1_000,
        draw_notice_days=7,
        inspection_days=60,
        # No source gives these numbers; they wait for the province's own.
        triggers={
            SignalKind.COMPLAINT: Trigger(count=3, within_days=90, due_days=30),
            SignalKind.INCIDENT: Trigger(count=1, within_days=1, due_days=10),
            SignalKind.OVERDUE_RECTIFICATION: Trigger(count=1, within_days=1, due_days=10),
            SignalKind.INSTITUTION_CANCELLATION: Trigger(count=2, within_days=90, due_days=30),
            SignalKind.INSPECTION: Trigger(count=1, within_days=1, due_days=15),
            SignalKind.CONFIRMED_ABUSE: Trigger(count=1, within_days=1, due_days=5),
        },
        risk_signal_count=3,
        risk_days=365,
        assessment_months_at_risk=6,
        # The prefecture hears of it at once, the province after this.
        escalation_days=15,
    ),
)


def policy_on(day: date) -> Policy:
    """Return the policy in force on ``day``."""
    return max((policy for policy in POLICIES if policy.effective_from <= day), key=lambda found: found.effective_from)
