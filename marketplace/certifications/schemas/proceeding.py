"""Rectifications, proceedings and appeals on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from marketplace.certifications.rules import Certification
from marketplace.certifications.rules.applying import Grounds
from marketplace.certifications.rules.proceeding import Appeal, Case, CaseKind, CaseStatus, Rectification
from marketplace.certifications.schemas import CertificationId, InstitutionId, Reason
from marketplace.certifications.states.appeals import APPEAL, AppealEvent, AppealStatus
from marketplace.identity.rules import Kind, Level, Principal
from marketplace.kit.ids import pattern, wire

RectificationId = Annotated[str, Meta(pattern=pattern("rct"), examples=["rct_0199a1c2d3e47f60a1b2c3d4e5f60721"])]
CaseId = Annotated[str, Meta(pattern=pattern("cse"), examples=["cse_0199a1c2d3e47f60a1b2c3d4e5f60722"])]
AppealId = Annotated[str, Meta(pattern=pattern("apl"), examples=["apl_0199a1c2d3e47f60a1b2c3d4e5f60723"])]
ApplicationId = Annotated[str, Meta(pattern=pattern("app"), examples=["app_0199a1c2d3e47f60a1b2c3d4e5f60724"])]
# What goes on file: longer than a reason, and as permanent.
Paper = Annotated[
    str, Meta(min_length=2, max_length=8000, pattern=r"^\s*[^\s\u0000][^\u0000]*$", examples=["已按要求整改，附台账"])
]
Facts = Annotated[Paper, Meta(examples=["伪造消防验收文件，查证属实"])]
LegalBasis = Annotated[Paper, Meta(examples=["认定办法；行政处罚法第四十四条、第四十五条"])]
Rights = Annotated[Paper, Meta(examples=["可在五个工作日内陈述、申辩并要求听证；可在六十日内申请行政复议"])]


class GroundsInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the institution is told: facts, legal basis and its rights; none of them may be missing."""

    facts: Facts
    legal_basis: LegalBasis
    rights: Rights

    @property
    def grounds(self) -> Grounds:
        """The same as a value of the domain."""
        return Grounds(facts=self.facts, legal_basis=self.legal_basis, rights=self.rights)


class NoticeRequest(GroundsInput, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is intended, with facts, basis and rights."""

    kind: Annotated[Literal["suspension", "revocation"], Meta(examples=["revocation"])]


class DefenceInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The institution's answer; without a statement and a hearing it waives both."""

    statement: Annotated[Paper | None, Meta(examples=["所述与事实不符，证据见附件"])] = None
    asks_hearing: bool = False


class HearingCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The day of the hearing, at least seven working days ahead."""

    hearing_on: Annotated[date, Meta(examples=["2027-06-15"])]


class HearingRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record of the hearing (听证笔录)."""

    record: Annotated[Paper, Meta(examples=["双方陈述、质证完毕，笔录经双方签字"])]


class Conclusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether to go on, and how what the institution said was weighed."""

    proceed: bool
    defence_outcome: Annotated[Paper, Meta(examples=["申辩意见未提供新证据，不予采纳"])]


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was put right."""

    report: Paper


class AppealRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, and against what: a proceeding or an application that was refused, one of the two."""

    grounds: Annotated[Paper, Meta(examples=["认定事实不清，请求撤销"])]
    case_id: CaseId | None = None
    application_id: ApplicationId | None = None


class AppealStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The next step of an appeal, and why."""

    outcome: Annotated[Literal["accept", "refuse", "stay", "extend", "uphold", "annul"], Meta(examples=["accept"])]
    reason: Reason


class RectificationView(msgspec.Struct, frozen=True, kw_only=True):
    """A defect to be put right, the report and what the second visit found."""

    id: RectificationId
    certification_id: CertificationId
    institution_id: InstitutionId
    status: Annotated[str, Meta(examples=["ordered"])]
    defect: Annotated[str, Meta(examples=["疏散通道堆放杂物"])]
    is_of_safety: bool
    ordered_at: datetime
    due_on: date
    report: str | None
    reported_at: datetime | None
    finding: str | None
    inspected_at: datetime | None

    @classmethod
    def of(cls, found: Rectification) -> Self:
        """Show a rectification to its institution or an officer."""
        return cls(
            id=wire("rct", found.id),
            certification_id=wire("crt", found.certification_id),
            institution_id=wire("ins", found.institution_id),
            status=found.status.value,
            defect=found.defect,
            is_of_safety=found.is_of_safety,
            ordered_at=found.ordered_at,
            due_on=found.due_on,
            report=found.report,
            reported_at=found.reported_at,
            finding=found.finding,
            inspected_at=found.inspected_at,
        )


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A proceeding: what the institution was told, what it answered, and what became of that."""

    id: CaseId
    certification_id: CertificationId
    institution_id: InstitutionId
    kind: CaseKind
    status: CaseStatus
    facts: Facts
    legal_basis: str | None
    rights: str | None
    opened_level: Level
    opened_at: datetime
    noticed_at: datetime | None
    defence: str | None
    waived: bool
    hearing_requested_at: datetime | None
    hearing_on: date | None
    hearing_record: str | None
    defence_outcome: str | None
    concluded_at: datetime | None
    decided_at: datetime | None
    valid_transitions: Annotated[list[str], Meta(examples=[["defend"]])]

    @classmethod
    def of(cls, case: Case, *, principal: Principal) -> Self:
        """Show a proceeding to its institution or an officer."""
        return cls(
            id=wire("cse", case.id),
            certification_id=wire("crt", case.certification_id),
            institution_id=wire("ins", case.institution_id),
            kind=case.kind,
            status=case.status,
            facts=case.facts,
            legal_basis=case.legal_basis,
            rights=case.rights,
            opened_level=case.opened_level,
            opened_at=case.opened_at,
            noticed_at=case.noticed_at,
            defence=case.defence,
            waived=case.waived,
            hearing_requested_at=case.hearing_requested_at,
            hearing_on=case.hearing_on,
            hearing_record=case.hearing_record,
            defence_outcome=case.defence_outcome,
            concluded_at=case.concluded_at,
            decided_at=case.decided_at,
            valid_transitions=_offered(case, principal=principal),
        )


def _offered(case: Case, *, principal: Principal) -> list[str]:
    if case.status is not CaseStatus.NOTICED:
        return []
    if principal.kind == Kind.INSTITUTION:
        return ["defend"]
    if case.kind is CaseKind.SUSPENSION:
        return ["conclude"] if principal.level in {Level.PREFECTURE, Level.PROVINCE} else []
    if principal.level is not Level.PROVINCE:
        return []
    if case.hearing_requested_at is None or case.heard_at is not None:
        return ["conclude"]
    return ["call_hearing"] if case.hearing_on is None else ["call_hearing", "hold_hearing"]


class AppealView(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal; while it is heard the decision stands, unless ``stayed_at`` says otherwise."""

    id: AppealId
    institution_id: InstitutionId
    certification_id: CertificationId | None
    case_id: CaseId | None
    application_id: ApplicationId | None
    status: AppealStatus
    grounds: Annotated[str, Meta(examples=["认定事实不清，请求撤销"])]
    filed_at: datetime
    accepted_at: datetime | None
    stay_reason: str | None
    stayed_at: datetime | None
    stay_ended_at: datetime | None
    decision: str | None
    decided_at: datetime | None
    valid_transitions: Annotated[list[str], Meta(examples=[["accept", "refuse"]])]

    @classmethod
    def of(cls, appeal: Appeal, *, principal: Principal) -> Self:
        """Show an appeal to its institution or an officer."""
        role = "institution" if principal.kind == Kind.INSTITUTION else (principal.level or "")
        spent = {AppealEvent.EXTEND} if appeal.extended else set()
        spent |= {AppealEvent.STAY} if appeal.stayed_at else set()
        return cls(
            id=wire("apl", appeal.id),
            institution_id=wire("ins", appeal.institution_id),
            certification_id=wire("crt", appeal.certification_id) if appeal.certification_id else None,
            case_id=wire("cse", appeal.case_id) if appeal.case_id else None,
            application_id=wire("app", appeal.application_id) if appeal.application_id else None,
            status=appeal.status,
            grounds=appeal.grounds,
            filed_at=appeal.filed_at,
            accepted_at=appeal.accepted_at,
            stay_reason=appeal.stay_reason,
            stayed_at=appeal.stayed_at,
            stay_ended_at=appeal.stay_ended_at,
            decision=appeal.decision,
            decided_at=appeal.decided_at,
            valid_transitions=[
                event for event in APPEAL.valid_transitions(appeal.status, actor=role) if event not in spent
            ],
        )


class WithdrawalView(msgspec.Struct, frozen=True, kw_only=True):
    """A withdrawal that has been announced: the certificate's last day."""

    certification_id: CertificationId
    valid_until: date

    @classmethod
    def of(cls, found: Certification) -> Self:
        """Show the withdrawal to the institution."""
        return cls(certification_id=wire("crt", found.id), valid_until=found.valid_until_on)
