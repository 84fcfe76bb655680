"""Assessments that civil affairs is to carry out, their results, and the institution's word before publication."""

from datetime import date
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from marketplace.certifications import operations, queries
from marketplace.certifications.errors import ConflictOfInterest, CorrectionOpen, ResultChanged, SecondAssessorRequired
from marketplace.certifications.queries import assessments
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
from marketplace.certifications.states import ABOVE_COUNTY, AssessmentStatus
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.errors import IllegalTransition, NotFound
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import GENERAL, SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page


class Rubrics(Controller):
    """The rubric, for anyone."""

    path = "/v1/rubrics"
    tags = ("certifications",)

    @get(
        operation_id="listRubrics",
        summary="Read the rubric · 评分标准",
        guards=[limited(SEARCH)],
        middleware=[ETag()],
        response_description="Every version, the oldest first",
    )
    async def index(self) -> Page[RubricView]:
        """Return every version of the rubric with its gates, items, points and levels; the last in force scores a visit."""
        return Page([RubricView.of(rubric) for rubric in await assessments.rubrics()])


class Assessments(Controller):
    """Assessments as officers, the institution and the public may see them."""

    path = "/v1/assessments"
    tags = ("certifications",)

    @get(
        operation_id="listAssessments",
        summary="List assessments · 评估任务",
        guards=[requires("officer", "institution"), limited(GENERAL)],
        responses=refusals(BadCursor),
    )
    async def index(
        self,
        principal: NamedDependency[Principal],
        status: FromQuery[AssessmentStatus | None] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Page[AssessmentView]:
        """Return assessments by the day on which they are due, the most urgent first.

        Officers have those of their jurisdiction; an institution has its own, from their preview on.
        """
        found = page(
            await queries.list_assessments(
                principal=principal, status=status, after=decode_cursor(cursor, tuple[date, UUID]), limit=limit
            ),
            limit=limit,
            key=lambda assessment: (assessment.due_on, assessment.id),
        )
        return Page([AssessmentView.of(item, principal=principal) for item in found.items], found.next_cursor)

    @get(
        "/{assessment_id:str}",
        operation_id="getAssessment",
        summary="Read an assessment, every point explained · 评估详情",
        guards=[limited(GENERAL)],
        responses=refusals(NotFound),
    )
    async def show(self, viewer: NamedDependency[Principal | None], assessment_id: FromPath[str]) -> AssessmentDetail:
        """Return what was found of every gate and item, and what total and grade follow.

        Anyone may read a published one; the institution also its preview, and officers those of their jurisdiction.
        """
        found, in_full = await assessments.visible_assessment(viewer=viewer, assessment_id=parse("asm", assessment_id))
        return AssessmentDetail.explained(
            found,
            rubric=await assessments.rubric(found.rubric) if found.rubric else None,
            lines=await assessments.lines(found.id, revision=found.revision),
            corrections=await assessments.corrections(found.id),
            in_full=in_full,
            principal=viewer,
        )

    @post(
        "/{assessment_id:str}/result",
        status_code=200,
        operation_id="enterAssessmentResult",
        summary="Enter the findings · 录入评估结果",
        guards=[requires("officer", levels=ABOVE_COUNTY), limited(GENERAL)],
        responses=refusals(IllegalTransition, ConflictOfInterest),
        response_description="The assessment with its total and grade, awaiting its second assessor",
    )
    async def enter_result(
        self, principal: NamedDependency[Principal], assessment_id: FromPath[str], data: JSONBody[AssessmentResult]
    ) -> AssessmentView:
        """Enter what was found of every gate and item. Nothing is public before a second assessor has confirmed it."""
        entered = await operations.enter_result(
            assessment_id=parse("asm", assessment_id),
            sheet=data.sheet,
            assessed_on=data.assessed_on,
            actor=principal,
            now=clock.now(),
        )
        return AssessmentView.of(entered, principal=principal)

    @post(
        "/{assessment_id:str}/confirmation",
        status_code=200,
        operation_id="confirmAssessmentResult",
        summary="Confirm as the second assessor · 第二评估人确认",
        guards=[requires("officer", levels=ABOVE_COUNTY), limited(GENERAL)],
        responses=refusals(IllegalTransition, ConflictOfInterest, SecondAssessorRequired, ResultChanged),
        response_description="The assessment, in its preview",
    )
    async def confirm(
        self, principal: NamedDependency[Principal], assessment_id: FromPath[str], data: JSONBody[ResultConfirmation]
    ) -> AssessmentView:
        """Agree with the findings. The institution now sees them, and everyone else when its preview is over."""
        confirmed = await operations.confirm_result(
            assessment_id=parse("asm", assessment_id), revision=data.revision, actor=principal, now=clock.now()
        )
        return AssessmentView.of(confirmed, principal=principal)

    @post(
        "/{assessment_id:str}/corrections",
        operation_id="requestAssessmentCorrection",
        summary="Ask to correct a preview · 申请更正",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(IllegalTransition, CorrectionOpen),
        response_description="The correction, waiting for its answer",
    )
    async def request_correction(
        self, principal: NamedDependency[Principal], assessment_id: FromPath[str], data: JSONBody[CorrectionRequest]
    ) -> CorrectionView:
        """Say which criteria of the preview are wrong; nothing is published before an officer has answered."""
        found = await operations.request_correction(
            assessment_id=parse("asm", assessment_id),
            codes=data.codes,
            statement=data.statement,
            actor=principal,
            now=clock.now(),
        )
        return CorrectionView.of(found)

    @post(
        "/{assessment_id:str}/corrections/{correction_id:str}/answer",
        status_code=200,
        operation_id="answerAssessmentCorrection",
        summary="Answer a correction · 答复更正申请",
        guards=[requires("officer", levels=ABOVE_COUNTY), limited(GENERAL)],
        responses=refusals(IllegalTransition, ConflictOfInterest),
        response_description="The assessment; with a corrected sheet it awaits its second assessor again",
    )
    async def answer_correction(
        self,
        principal: NamedDependency[Principal],
        assessment_id: FromPath[str],
        correction_id: FromPath[str],
        data: JSONBody[CorrectionAnswer],
    ) -> AssessmentView:
        """Accept a correction with a corrected sheet, which begins a new preview once confirmed, or reject it."""
        after = await operations.answer_correction(
            assessment_id=parse("asm", assessment_id),
            correction_id=parse("cor", correction_id),
            answer=data.answer,
            corrected=data.corrected.sheet if data.corrected else None,
            actor=principal,
            now=clock.now(),
        )
        return AssessmentView.of(after, principal=principal)
