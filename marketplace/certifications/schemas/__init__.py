"""Certifications and decisions on the wire."""

from datetime import date, datetime
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from marketplace.certifications.rules import (
    Certification,
    Decision,
    GradeCap,
    HistoryEntry,
    Policy,
    bookable,
    offered,
    offered_on_decision,
    public_grade,
)
from marketplace.certifications.states import DecisionStatus, Status
from marketplace.identity.rules import Level, Principal
from marketplace.kit import clock
from marketplace.kit.ids import pattern, wire

CertificationId = Annotated[str, Meta(pattern=pattern("crt"), examples=["crt_0199a1c2d3e47f60a1b2c3d4e5f60718"])]
InstitutionId = Annotated[str, Meta(pattern=pattern("ins"), examples=["ins_0199a1c2d3e47f60a1b2c3d4e5f60719"])]
DecisionId = Annotated[str, Meta(pattern=pattern("dec"), examples=["dec_0199a1c2d3e47f60a1b2c3d4e5f6071a"])]
Day = Annotated[date, Meta(examples=["2027-03-01"])]
Number = Annotated[str, Meta(examples=["JLLJ-2026-00001"])]
PlaqueText = Annotated[
    str,
    Meta(
        examples=["旅居养老认定机构"],
        description="What the plaque says. Proposed here: the Measure's own wording has not been published.",
    ),
]
Grade = Annotated[int, Meta(ge=1, le=5, examples=[4])]
GradeMethod = Annotated[str, Meta(examples=["jl-sojourn-2026.1"], description="The version of the rubric.")]
# A reason is public and permanent: it says something, and has no byte that the register could not keep.
Reason = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=1000,
        pattern=r"^\s*[^\s\u0000][^\u0000]*$",
        examples=["消防设施不合格，存在安全隐患"],
        description="Public and permanent: facts and basis, no personal data.",
    ),
]


class Reasoned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why: facts and basis."""

    reason: Reason


class RectificationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be put right, whether it endangers guests (then sale stops), and by when: 30 days when left out."""

    reason: Reason
    safety_defect: bool
    rectify_by: Day | None = None


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a certification; ``decided_level`` is null when a deadline or the institution did it."""

    event: Annotated[str, Meta(examples=["suspend"])]
    status: Status
    grade: Grade | None
    reason: str
    decided_level: Level | None
    decided_at: datetime

    @classmethod
    def of(cls, entry: HistoryEntry) -> Self:
        """Show an entry."""
        return cls(**msgspec.structs.asdict(entry))


class CertificationView(msgspec.Struct, frozen=True, kw_only=True):
    """A certification as civil affairs sees it.

    ``grade`` is what the public sees now, ``assessed_grade`` what the last assessment gave. ``valid_transitions`` is
    what the caller may do next.
    """

    id: CertificationId
    institution_id: InstitutionId
    institution_name: Annotated[str, Meta(examples=["长白山云顶康养中心（示例）"])]
    number: Number
    status: Status
    bookable: bool
    grade: Grade | None
    grade_method: GradeMethod
    grade_cap: GradeCap | None
    assessed_grade: Grade | None
    valid_from: date
    valid_until: date
    assessed_on: date
    assessment_due_on: date
    assessment_overdue: bool
    safety_defect: bool
    rectify_by: date | None
    restricted_by: Level | None
    granted_at: datetime
    plaque_text: PlaqueText
    version: int
    valid_transitions: Annotated[list[str], Meta(examples=[["suspend", "revoke"]])]

    @classmethod
    def of(cls, certification: Certification, *, principal: Principal, policy: Policy, now: datetime) -> Self:
        """Show a certification to an officer."""
        shown = public_grade(certification, policy=policy, today=clock.local_date(now))
        return cls(
            id=wire("crt", certification.id),
            institution_id=wire("ins", certification.institution_id),
            institution_name=certification.institution_name,
            number=certification.number,
            status=certification.status,
            bookable=bookable(certification.status, safety_defect=certification.safety_defect),
            grade=shown.grade,
            grade_method=shown.method,
            grade_cap=shown.cap,
            assessed_grade=certification.grade,
            valid_from=certification.valid_from_on,
            valid_until=certification.valid_until_on,
            assessed_on=certification.assessed_on,
            assessment_due_on=certification.assessment_due_on,
            assessment_overdue=certification.assessment_overdue,
            safety_defect=certification.safety_defect,
            rectify_by=certification.rectify_by_on,
            restricted_by=certification.restricted_by,
            granted_at=certification.granted_at,
            plaque_text=certification.plaque_text,
            version=certification.version,
            valid_transitions=offered(certification, level=principal.level),
        )


class CertificationDetail(CertificationView, frozen=True, kw_only=True):
    """A certification with everything that happened to it, oldest first."""

    history: list[HistoryView]

    @classmethod
    def with_history(
        cls,
        certification: Certification,
        history: list[HistoryEntry],
        *,
        principal: Principal,
        policy: Policy,
        now: datetime,
    ) -> Self:
        """Show a certification and its history."""
        shown = CertificationView.of(certification, principal=principal, policy=policy, now=now)
        return cls(**msgspec.structs.asdict(shown), history=[HistoryView.of(entry) for entry in history])


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that two officers make: what the first asked for, under ``payload_hash``, and by when to approve."""

    id: DecisionId
    kind: Annotated[str, Meta(examples=["revocation"])]
    status: DecisionStatus
    certification_id: CertificationId
    institution_id: InstitutionId
    number: Number
    reason: str
    payload_hash: Annotated[str, Meta(description="SHA-256 of the request's canonical JSON.", examples=["5f1d" * 16])]
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    valid_transitions: Annotated[list[str], Meta(examples=[["approve"]])]

    @classmethod
    def of(cls, decision: Decision, *, principal: Principal) -> Self:
        """Show a decision to an officer."""
        request = decision.request
        return cls(
            id=wire("dec", decision.id),
            kind=decision.kind,
            status=decision.status,
            certification_id=wire("crt", decision.certification_id),
            institution_id=wire("ins", request.institution_id),
            number=request.number,
            reason=request.reason,
            payload_hash=decision.payload_hash,
            requested_by=wire("stf", decision.requested_by),
            requested_at=decision.requested_at,
            expires_at=decision.expires_at,
            approved_by=wire("stf", decision.approved_by) if decision.approved_by else None,
            approved_at=decision.approved_at,
            valid_transitions=offered_on_decision(decision, officer=principal.id, level=principal.level),
        )
