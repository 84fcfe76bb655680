"""Assessments that civil affairs is to carry out, and their results."""

from datetime import date
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from marketplace.certifications import operations, queries
from marketplace.certifications.schemas import AssessmentResult, AssessmentView
from marketplace.certifications.states import ABOVE_COUNTY, AssessmentStatus
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.errors import IllegalTransition
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page


class Assessments(Controller):
    """Assessments within the officer's jurisdiction."""

    path = "/v1/assessments"
    tags = ("certifications",)

    @get(
        operation_id="listAssessments",
        summary="List assessments · 评估任务",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(BadCursor),
    )
    async def index(
        self,
        principal: NamedDependency[Principal],
        status: FromQuery[AssessmentStatus | None] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Page[AssessmentView]:
        """Return assessments by the day on which they are due, the most urgent first."""
        found = page(
            await queries.list_assessments(
                principal=principal, status=status, after=decode_cursor(cursor, tuple[date, UUID]), limit=limit
            ),
            limit=limit,
            key=lambda assessment: (assessment.due_on, assessment.id),
        )
        return Page([AssessmentView.of(item, principal=principal) for item in found.items], found.next_cursor)

    @post(
        "/{assessment_id:str}/result",
        status_code=200,
        operation_id="enterAssessmentResult",
        summary="Enter the scores · 录入评估结果",
        guards=[requires("officer", levels=ABOVE_COUNTY), limited(GENERAL)],
        responses=refusals(IllegalTransition),
        response_description="The assessment with its total and grade",
    )
    async def enter_result(
        self, principal: NamedDependency[Principal], assessment_id: FromPath[str], data: JSONBody[AssessmentResult]
    ) -> AssessmentView:
        """Turn the scores into a grade, which the public sees at once, and set the day of the next assessment."""
        done = await operations.complete_assessment(
            assessment_id=parse("asm", assessment_id),
            scores=data.scores,
            assessed_on=data.assessed_on,
            actor=principal,
            now=clock.now(),
        )
        return AssessmentView.of(done, principal=principal)
