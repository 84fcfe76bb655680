"""News of certifications. The public feed carries them: ids only, and the register says the rest."""

from typing import ClassVar
from uuid import UUID

from marketplace.kit.outbox import Audience, Event


class CertificationEvent(Event, frozen=True, kw_only=True):
    """What every event of a certification says."""

    audience: ClassVar[Audience] = "public"

    certification_id: UUID
    institution_id: UUID


class CertificationGranted(CertificationEvent, frozen=True, kw_only=True):
    """An institution has been certified and may be sold."""

    kind = "certification.granted"


class CertificationUnderRectification(CertificationEvent, frozen=True, kw_only=True):
    """A defect must be put right by a day; the public grade is capped, and sale stops when it concerns safety."""

    kind = "certification.under_rectification"


class CertificationSuspended(CertificationEvent, frozen=True, kw_only=True):
    """No new stays are sold until the certification is reinstated."""

    kind = "certification.suspended"


class CertificationReinstated(CertificationEvent, frozen=True, kw_only=True):
    """A rectification is complete or a suspension lifted; the institution may be sold again."""

    kind = "certification.reinstated"


class CertificationRegraded(CertificationEvent, frozen=True, kw_only=True):
    """A new assessment is done; the public grade may have changed."""

    kind = "certification.regraded"


class CertificationAssessmentOverdue(CertificationEvent, frozen=True, kw_only=True):
    """The assessment was not done in time; the register says so until it is."""

    kind = "certification.assessment_overdue"


class CertificationExpired(CertificationEvent, frozen=True, kw_only=True):
    """The certificate's validity has ended."""

    kind = "certification.expired"


class CertificationRevoked(CertificationEvent, frozen=True, kw_only=True):
    """Two provincial officers have revoked the certification; nothing is sold there any more."""

    kind = "certification.revoked"

    decision_id: UUID


class AssessmentOrdered(Event, frozen=True, kw_only=True):
    """An assessment falls due; the competent officers are to carry it out."""

    kind = "assessment.ordered"

    assessment_id: UUID
    certification_id: UUID
    institution_id: UUID


class AssessmentPreviewed(Event, frozen=True, kw_only=True):
    """Two assessors agree; the institution sees the result, and may ask for a correction, before everyone else does."""

    kind = "assessment.previewed"

    assessment_id: UUID
    certification_id: UUID
    institution_id: UUID


class AssessmentCorrectionRequested(Event, frozen=True, kw_only=True):
    """An institution disagrees with its preview; publication waits for an officer's answer."""

    kind = "assessment.correction_requested"

    assessment_id: UUID
    correction_id: UUID
    institution_id: UUID


class InspectionsDrawn(Event, frozen=True, kw_only=True):
    """A draw has been carried out; what it rests on is published once its inspections are over."""

    kind = "inspections.drawn"
    audience: ClassVar[Audience] = "public"

    draw_id: UUID


class InspectionDrawn(Event, frozen=True, kw_only=True):
    """An institution and its inspectors have been drawn; the inspectors are told, the institution is not."""

    kind = "inspection.drawn"

    inspection_id: UUID


class InspectionPublished(Event, frozen=True, kw_only=True):
    """The result of an inspection is public."""

    kind = "inspection.published"
    audience: ClassVar[Audience] = "public"

    inspection_id: UUID
    institution_id: UUID


class AssessmentEscalated(Event, frozen=True, kw_only=True):
    """An assessment is overdue, and a higher level of civil affairs is told."""

    kind = "assessment.escalated"

    assessment_id: UUID


class CertificationGradeLapsed(CertificationEvent, frozen=True, kw_only=True):
    """The data behind the public grade is older than a grade may be: none is shown until the next assessment."""

    kind = "certification.grade_lapsed"
