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
    CertificateView,
    CertificationDetail,
    CertificationRequest,
    CertificationView,
    DecisionView,
    HistoryView,
    Reasoned,
    RectificationRequest,
)

__all__ = (
    "AssessmentDetail",
    "AssessmentResult",
    "AssessmentView",
    "CertificateView",
    "CertificationDetail",
    "CertificationRequest",
    "CertificationView",
    "CorrectionAnswer",
    "CorrectionRequest",
    "CorrectionView",
    "DecisionView",
    "HistoryView",
    "Reasoned",
    "RectificationRequest",
    "ResultConfirmation",
    "RubricView",
)
