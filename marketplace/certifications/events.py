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


class CertificationRenewed(CertificationEvent, frozen=True, kw_only=True):
    """The certificate is valid for another term."""

    kind = "certification.renewed"


class CertificationRectificationOverdue(CertificationEvent, frozen=True, kw_only=True):
    """A defect was not put right in time; a higher level judges what follows."""

    kind = "certification.rectification_overdue"


class CertificationReasonsOverdue(CertificationEvent, frozen=True, kw_only=True):
    """An emergency suspension was not reasoned within a day; it stands until the level above has looked at it."""

    kind = "certification.reasons_overdue"


class CertificationRevocationNoticed(CertificationEvent, frozen=True, kw_only=True):
    """The province has told a suspended institution that it intends to revoke."""

    kind = "certification.revocation_noticed"


class CertificationNoticeDismissed(CertificationEvent, frozen=True, kw_only=True):
    """The province does not revoke after all; the suspension before it stands."""

    kind = "certification.notice_dismissed"


class CertificationWithdrawalNoticed(CertificationEvent, frozen=True, kw_only=True):
    """The institution will leave the register; no stay beyond its last day is sold."""

    kind = "certification.withdrawal_noticed"


class CertificationWithdrawn(CertificationEvent, frozen=True, kw_only=True):
    """The institution has left the register."""

    kind = "certification.withdrawn"


class CertificationRevoked(CertificationEvent, frozen=True, kw_only=True):
    """Two provincial officers have revoked the certification; nothing is sold there any more."""

    kind = "certification.revoked"

    decision_id: UUID


class AssessmentOrdered(Event, frozen=True, kw_only=True):
    """An assessment falls due; the competent officers are to carry it out."""

    kind = "assessment.ordered"

    assessment_id: UUID
    institution_id: UUID


class AssessmentPreviewed(Event, frozen=True, kw_only=True):
    """Two assessors agree; the institution sees the result, and may ask for a correction, before everyone else does."""

    kind = "assessment.previewed"

    assessment_id: UUID
    institution_id: UUID


class AssessmentCorrectionRequested(Event, frozen=True, kw_only=True):
    """An institution disagrees with its preview; publication waits for an officer's answer."""

    kind = "assessment.correction_requested"

    assessment_id: UUID
    correction_id: UUID
    institution_id: UUID


class DeadlineMoved(Event, frozen=True, kw_only=True):
    """The calendar of a year has been published, and a period that runs ends later than was told."""

    kind = "certification.deadline_moved"

    deadline_id: UUID


class DeadlineOverdue(Event, frozen=True, kw_only=True):
    """An authority has not acted in time; its officers are told, and the level above when it stays so."""

    kind = "certification.deadline_overdue"

    deadline_id: UUID


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


class InspectionEscalated(Event, frozen=True, kw_only=True):
    """A drawn inspection was not made in time, and a higher level of civil affairs is told."""

    kind = "inspection.escalated"

    inspection_id: UUID


class AssessmentEscalated(Event, frozen=True, kw_only=True):
    """An assessment is overdue, and a higher level of civil affairs is told."""

    kind = "assessment.escalated"

    assessment_id: UUID


class CertificationGradeLapsed(CertificationEvent, frozen=True, kw_only=True):
    """The data behind the public grade is older than a grade may be: none is shown until the next assessment."""

    kind = "certification.grade_lapsed"
