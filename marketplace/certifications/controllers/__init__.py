"""The routes of certification."""

from marketplace.certifications.controllers.applications import Applications
from marketplace.certifications.controllers.assessments import Assessments, Rubrics
from marketplace.certifications.controllers.certifications import Certifications
from marketplace.certifications.controllers.decisions import Decisions
from marketplace.certifications.controllers.inspections import InspectionConflicts, InspectionDraws, Inspections
from marketplace.certifications.controllers.proceedings import Appeals, Cases, Rectifications
from marketplace.certifications.controllers.publicity import Publicity

__all__ = (
    "Appeals",
    "Applications",
    "Assessments",
    "Cases",
    "Certifications",
    "Decisions",
    "InspectionConflicts",
    "InspectionDraws",
    "Inspections",
    "Publicity",
    "Rectifications",
    "Rubrics",
)
