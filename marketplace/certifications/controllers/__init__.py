"""The routes of certification."""

from marketplace.certifications.controllers.assessments import Assessments, Rubrics
from marketplace.certifications.controllers.certifications import Certifications
from marketplace.certifications.controllers.decisions import Decisions
from marketplace.certifications.controllers.inspections import InspectionConflicts, InspectionDraws, Inspections

__all__ = (
    "Assessments",
    "Certifications",
    "Decisions",
    "InspectionConflicts",
    "InspectionDraws",
    "Inspections",
    "Rubrics",
)
