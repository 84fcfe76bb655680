"""The routes of certification."""

from marketplace.certifications.controllers.assessments import Assessments
from marketplace.certifications.controllers.certifications import Certifications
from marketplace.certifications.controllers.decisions import Decisions

__all__ = ("Assessments", "Certifications", "Decisions")
