"""The numbers of the procedure, each valid from a day on: none of them is law, so none is a constant.

The text of the provincial Measure has not been published. These values follow comparable schemes (domain reference
§1.3–§1.6) and are replaced by adding a row, never by editing one: what was decided under a row stays explainable.
"""

from collections.abc import Mapping
from datetime import date

import msgspec

from marketplace.certifications.states import Status


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
    ),
)


def policy_on(day: date) -> Policy:
    """Return the policy in force on ``day``."""
    return max((policy for policy in POLICIES if policy.effective_from <= day), key=lambda found: found.effective_from)
