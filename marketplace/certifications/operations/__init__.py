"""Writes of certifications: granting, restricting, assessing, revoking, and the check before every sale."""

from marketplace.certifications.operations.assessing import (
    complete_assessment,
    flag_overdue_assessments,
    order_due_assessments,
)
from marketplace.certifications.operations.expiring import expire_due
from marketplace.certifications.operations.granting import certify
from marketplace.certifications.operations.restricting import (
    complete_rectification,
    order_rectification,
    reinstate,
    suspend,
)
from marketplace.certifications.operations.revoking import request_revocation, revoke
from marketplace.certifications.operations.selling import ensure_bookable
from marketplace.certifications.operations.timing import plant_clocks

__all__ = (
    "certify",
    "complete_assessment",
    "complete_rectification",
    "ensure_bookable",
    "expire_due",
    "flag_overdue_assessments",
    "order_due_assessments",
    "order_rectification",
    "plant_clocks",
    "reinstate",
    "request_revocation",
    "revoke",
    "suspend",
)
