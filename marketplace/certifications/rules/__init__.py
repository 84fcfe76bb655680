"""Certification as pure rules: standing, scoring, and the dated numbers of the procedure."""

from marketplace.certifications.rules.policies import POLICIES, Policy, policy_on
from marketplace.certifications.rules.records import (
    Assessment,
    Certification,
    CertificationSnapshot,
    Decision,
    HistoryEntry,
    RevocationRequest,
    Revoked,
    Standing,
)
from marketplace.certifications.rules.scoring import RUBRICS, Rubric, Scores, check_scores, grade_of, rubric_on
from marketplace.certifications.rules.standing import (
    assessment_due,
    bookable,
    certificate_number,
    check_stay,
    may_lift,
    months_after,
    offered,
    shown_grade,
    snapshot_of,
    step,
    valid_until,
)

__all__ = (
    "POLICIES",
    "RUBRICS",
    "Assessment",
    "Certification",
    "CertificationSnapshot",
    "Decision",
    "HistoryEntry",
    "Policy",
    "RevocationRequest",
    "Revoked",
    "Rubric",
    "Scores",
    "Standing",
    "assessment_due",
    "bookable",
    "certificate_number",
    "check_scores",
    "check_stay",
    "grade_of",
    "may_lift",
    "months_after",
    "offered",
    "policy_on",
    "rubric_on",
    "shown_grade",
    "snapshot_of",
    "step",
    "valid_until",
)
