"""Writes of certifications: granting, restricting, assessing, revoking, and the check before every sale."""

from marketplace.certifications.operations.assessing import (
    flag_overdue_assessments,
    order_due_assessments,
)
from marketplace.certifications.operations.correcting import answer_correction, request_correction
from marketplace.certifications.operations.escalating import escalate_overdue, flag_lapsed_grades
from marketplace.certifications.operations.expiring import expire_due
from marketplace.certifications.operations.granting import certify
from marketplace.certifications.operations.inspecting import declare_conflict, draw_inspections, record_inspection
from marketplace.certifications.operations.planting import plant_rubric
from marketplace.certifications.operations.restricting import (
    complete_rectification,
    order_rectification,
    reinstate,
    suspend,
)
from marketplace.certifications.operations.revoking import request_revocation, revoke
from marketplace.certifications.operations.scoring import confirm_result, enter_result, publish_assessment
from marketplace.certifications.operations.selling import ensure_bookable
from marketplace.certifications.operations.signalling import follow_inspection, signal, signal_overdue_rectifications

__all__ = (
    "answer_correction",
    "certify",
    "complete_rectification",
    "confirm_result",
    "declare_conflict",
    "draw_inspections",
    "ensure_bookable",
    "enter_result",
    "escalate_overdue",
    "expire_due",
    "flag_lapsed_grades",
    "flag_overdue_assessments",
    "follow_inspection",
    "order_due_assessments",
    "order_rectification",
    "plant_rubric",
    "publish_assessment",
    "record_inspection",
    "reinstate",
    "request_correction",
    "request_revocation",
    "revoke",
    "signal",
    "signal_overdue_rectifications",
    "suspend",
)
