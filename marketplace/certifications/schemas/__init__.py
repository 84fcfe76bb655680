"""Certification on the wire."""

from marketplace.certifications.schemas.assessments import (
    AssessmentDetail,
    AssessmentResult,
    AssessmentView,
    CorrectionAnswer,
    CorrectionRequest,
    CorrectionView,
    ResultConfirmation,
    RubricView,
)
from marketplace.certifications.schemas.certifications import (
    CertificationDetail,
    CertificationRequest,
    CertificationView,
    DecisionView,
    HistoryView,
    Reasoned,
    RectificationRequest,
)
from marketplace.certifications.schemas.inspections import (
    ConflictRequest,
    DeclaredConflictView,
    InspectionDrawDetail,
    InspectionDrawView,
    InspectionResult,
    InspectionView,
)

__all__ = (
    "AssessmentDetail",
    "AssessmentResult",
    "AssessmentView",
    "CertificationDetail",
    "CertificationRequest",
    "CertificationView",
    "ConflictRequest",
    "CorrectionAnswer",
    "CorrectionRequest",
    "CorrectionView",
    "DecisionView",
    "DeclaredConflictView",
    "HistoryView",
    "InspectionDrawDetail",
    "InspectionDrawView",
    "InspectionResult",
    "InspectionView",
    "Reasoned",
    "RectificationRequest",
    "ResultConfirmation",
    "RubricView",
)
