"""Assessments on the wire: the rubric, the findings, every point explained, and the institution's word on them."""

from datetime import date, datetime
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

from marketplace.certifications.rules import (
    Assessment,
    Correction,
    CorrectionStatus,
    Criterion,
    Evidence,
    GateFinding,
    ItemFinding,
    Line,
    Rubric,
    Scores,
    Sheet,
    Stage,
    Threshold,
    offered_on_assessment,
)
from marketplace.certifications.rules.findings import Code
from marketplace.certifications.schemas import CertificationId, Day, Grade, InstitutionId, Reason
from marketplace.certifications.schemas.proceeding import ApplicationId
from marketplace.certifications.states import AssessmentStatus
from marketplace.identity.rules import Level, Principal
from marketplace.kit.ids import pattern, wire

AssessmentId = Annotated[str, Meta(pattern=pattern("asm"), examples=["asm_0199a1c2d3e47f60a1b2c3d4e5f6071b"])]
CorrectionId = Annotated[str, Meta(pattern=pattern("cor"), examples=["cor_0199a1c2d3e47f60a1b2c3d4e5f6071c"])]
Gates = Annotated[list[GateFinding], Meta(max_length=50, description="Every gate of the rubric, once.")]
Items = Annotated[list[ItemFinding], Meta(max_length=100, description="Every item of the rubric, once.")]


class SheetInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The findings of a visit: every gate and every item of the rubric, each with its evidence."""

    gates: Gates
    items: Items

    @property
    def sheet(self) -> Sheet:
        """The findings as a value."""
        return Sheet(gates=tuple(self.gates), items=tuple(self.items))


class AssessmentResult(SheetInput, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The findings of a visit, by the rubric in force on its day."""

    assessed_on: Day


class ResultConfirmation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The revision that the second assessor has read and agrees with."""

    revision: Annotated[int, Meta(ge=1, le=10_000, examples=[1])]


class CorrectionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which criteria of the preview are wrong, and why."""

    codes: Annotated[list[Code], Meta(min_length=1, max_length=50)]
    statement: Reason


class CorrectionAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer to a correction: with ``corrected`` it is accepted, and that is the new result; without, rejected."""

    answer: Reason
    corrected: SheetInput | None = None


class CriterionView(msgspec.Struct, frozen=True, kw_only=True):
    """A gate, which is passed or not, or an item of a block with its points at most."""

    code: Code
    title: Annotated[str, Meta(examples=["温泉入浴前筛查与看护"])]
    title_en: Annotated[str, Meta(examples=["Hot-spring screening and supervised bathing"])]
    basis: Annotated[str, Meta(examples=["GB/T 37276-2018"])]
    block: Annotated[str | None, Meta(examples=["services"])]
    points_max: Annotated[int | None, Meta(examples=[40])]

    @classmethod
    def of(cls, criterion: Criterion) -> Self:
        """Show a criterion."""
        return cls(**msgspec.structs.asdict(criterion))


class RubricView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the rubric: in force from a day until the next one's, and never altered."""

    version: Annotated[str, Meta(examples=["jl-sojourn-2026.1"])]
    effective_from: date
    title: Annotated[str, Meta(examples=["旅居养老服务机构质量评估标准（示例）"])]
    title_en: Annotated[str, Meta(examples=["Quality rubric for sojourn care institutions (example)"])]
    source: Annotated[str, Meta(examples=["GB/T 37276-2018"])]
    maxima: Scores
    thresholds: list[Threshold]
    gates: list[CriterionView]
    items: list[CriterionView]

    @classmethod
    def of(cls, rubric: Rubric) -> Self:
        """Show a rubric."""
        return cls(
            version=rubric.version,
            effective_from=rubric.effective_from,
            title=rubric.title,
            title_en=rubric.title_en,
            source=rubric.source,
            maxima=rubric.maxima,
            thresholds=list(rubric.thresholds),
            gates=[CriterionView.of(criterion) for criterion in rubric.gates],
            items=[CriterionView.of(criterion) for criterion in rubric.items],
        )


class FindingView(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one criterion. ``evidence`` is for officers and the institution; the public has the points."""

    code: Code
    title: Annotated[str, Meta(examples=["温泉入浴前筛查与看护"])]
    title_en: Annotated[str, Meta(examples=["Hot-spring screening and supervised bathing"])]
    basis: Annotated[str, Meta(examples=["GB/T 37276-2018"])]
    block: Annotated[str | None, Meta(examples=["services"])]
    points_max: Annotated[int | None, Meta(examples=[40])]
    passed: Annotated[bool | None, Meta(examples=[None])]
    points: Annotated[int | None, Meta(examples=[36])]
    evidence: list[Evidence]

    @classmethod
    def of(cls, line: Line, *, with_evidence: bool) -> Self:
        """Show a line."""
        facts = msgspec.structs.asdict(line)
        return cls(**{**facts, "evidence": list(line.evidence) if with_evidence else []})


class CorrectionView(msgspec.Struct, frozen=True, kw_only=True):
    """What the institution said against its preview, and the answer."""

    id: CorrectionId
    revision: Annotated[int, Meta(examples=[1])]
    codes: list[Code]
    statement: Annotated[str, Meta(examples=["温泉值守记录未计入，见附件"])]
    status: CorrectionStatus
    requested_at: datetime
    answer: Annotated[str | None, Meta(examples=[None])]
    answered_at: Annotated[datetime | None, Meta(examples=[None])]

    @classmethod
    def of(cls, correction: Correction) -> Self:
        """Show a correction."""
        return cls(
            id=wire("cor", correction.id),
            revision=correction.revision,
            codes=list(correction.codes),
            statement=correction.statement,
            status=correction.status,
            requested_at=correction.requested_at,
            answer=correction.answer,
            answered_at=correction.answered_at,
        )


class AssessmentView(msgspec.Struct, frozen=True, kw_only=True):
    """An assessment: due on a day, and then with its scores, total and grade (null below the lowest level).

    ``stage`` says how far the result has come; it is public, and the certification's grade, once published.
    ``revision`` counts its sheets of findings. It is of an application until the certificate is issued.
    """

    id: AssessmentId
    certification_id: CertificationId | None
    application_id: ApplicationId | None
    institution_id: InstitutionId
    institution_name: Annotated[str, Meta(examples=["长白山云顶康养中心（示例）"])]
    status: AssessmentStatus
    stage: Stage
    reason: Annotated[
        str, Meta(examples=["schedule"], description="The schedule, the application, or the kind of signal.")
    ]
    escalated_to: Level | None
    due_on: date
    ordered_at: datetime
    rubric: Annotated[str | None, Meta(examples=["jl-sojourn-2026.1"])]
    revision: Annotated[int, Meta(examples=[1])]
    scores: Scores | None
    score: Annotated[int | None, Meta(examples=[803])]
    grade: Grade | None
    assessed_on: date | None
    completed_at: datetime | None
    preview_until: datetime | None
    published_at: datetime | None
    valid_transitions: Annotated[list[str], Meta(examples=[["enter"]])]

    @classmethod
    def of(cls, assessment: Assessment, *, principal: Principal | None) -> Self:
        """Show an assessment."""
        return cls(**_facts(assessment, principal))


class AssessmentDetail(AssessmentView, frozen=True, kw_only=True):
    """An assessment with every point explained: what was asked, what was found, and what the total and grade rest on.

    Who assessed, the evidence and the corrections are for officers and the institution.
    """

    failed_gates: Annotated[list[Code], Meta(examples=[[]])]
    gates: list[FindingView]
    items: list[FindingView]
    maxima: Scores | None
    thresholds: list[Threshold]
    assessors: Annotated[list[str], Meta(examples=[["stf_0199a1c2d3e47f60a1b2c3d4e5f6071d"]])]
    corrections: list[CorrectionView]

    @classmethod
    def explained(  # noqa: PLR0913 - an explanation rests on these facts.
        cls,
        assessment: Assessment,
        *,
        rubric: Rubric | None,
        lines: list[Line],
        corrections: list[Correction],
        in_full: bool,
        principal: Principal | None,
    ) -> Self:
        """Show an assessment with its findings."""
        assessors = (assessment.assessed_by, assessment.assessed_with)
        return cls(
            **_facts(assessment, principal),
            failed_gates=[line.code for line in lines if line.passed is False],
            gates=[FindingView.of(line, with_evidence=in_full) for line in lines if line.block is None],
            items=[FindingView.of(line, with_evidence=in_full) for line in lines if line.block is not None],
            maxima=rubric.maxima if rubric else None,
            thresholds=list(rubric.thresholds) if rubric else [],
            assessors=[wire("stf", who) for who in assessors if who] if in_full else [],
            corrections=[CorrectionView.of(correction) for correction in corrections] if in_full else [],
        )


def _facts(assessment: Assessment, principal: Principal | None) -> dict[str, Any]:
    return {
        "id": wire("asm", assessment.id),
        "certification_id": wire("crt", assessment.certification_id) if assessment.certification_id else None,
        "application_id": wire("app", assessment.application_id) if assessment.application_id else None,
        "institution_id": wire("ins", assessment.institution_id),
        "institution_name": assessment.institution_name,
        "status": assessment.status,
        "stage": assessment.stage,
        "reason": assessment.reason,
        "escalated_to": assessment.escalated_to,
        "due_on": assessment.due_on,
        "ordered_at": assessment.ordered_at,
        "rubric": assessment.rubric,
        "revision": assessment.revision,
        "scores": assessment.scores,
        "score": assessment.score,
        "grade": assessment.grade,
        "assessed_on": assessment.assessed_on,
        "completed_at": assessment.completed_at,
        "preview_until": assessment.preview_until_at,
        "published_at": assessment.published_at,
        "valid_transitions": offered_on_assessment(assessment, principal=principal),
    }
