"""双随机一公开: draws that anyone can recompute, inspections and their results."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from marketplace.certifications import operations
from marketplace.certifications.errors import AlreadyInspected, ConflictOfInterest, NotDrawn
from marketplace.certifications.queries import inspections
from marketplace.certifications.schemas.inspections import (
    ConflictRequest,
    DeclaredConflictView,
    InspectionDrawDetail,
    InspectionDrawView,
    InspectionResult,
    InspectionView,
)
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.errors import NotFound
from marketplace.kit.http.limits import GENERAL, SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page


class InspectionDraws(Controller):
    """Draws of inspectors and institutions."""

    path = "/v1/inspection-draws"
    tags = ("certifications",)

    @get(
        operation_id="listInspectionDraws",
        summary="List draws · 双随机抽取",
        guards=[limited(SEARCH)],
        responses=refusals(BadCursor),
    )
    async def index(self, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Page[InspectionDrawView]:
        """Return the draws, the newest first, those too that are only announced."""
        found = page(
            await inspections.list_draws(after=decode_cursor(cursor, str), limit=limit, now=clock.now()),
            limit=limit,
            key=lambda draw: draw.period,
        )
        return Page([InspectionDrawView.of(draw) for draw in found.items], found.next_cursor)

    @get(
        "/{draw_id:str}",
        operation_id="getInspectionDraw",
        summary="Read a draw with all that it rests on · 抽取公示",
        guards=[limited(SEARCH)],
    )
    async def show(self, viewer: NamedDependency[Principal | None], draw_id: FromPath[str]) -> InspectionDrawDetail:
        """Return the seed, the lists and the result, from which `marketplace inspections verify-draw` recomputes it.

        They are withheld until the inspections are over, since they would warn the institutions that were drawn; the
        hashes of the seed and of the lists stand before. Provincial officers see them at once.
        """
        found = await inspections.draw_in_full(draw_id=parse("drw", draw_id), viewer=viewer, now=clock.now())
        return InspectionDrawDetail.in_full(*found)


class Inspections(Controller):
    """Inspections and what they found."""

    path = "/v1/inspections"
    tags = ("certifications",)

    @get(
        operation_id="listInspections",
        summary="List inspections and results · 检查结果公示",
        guards=[limited(SEARCH)],
        responses=refusals(NotFound, BadCursor),
    )
    async def index(
        self,
        viewer: NamedDependency[Principal | None],
        institution_id: FromQuery[str | None] = None,
        draw_id: FromQuery[str | None] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Page[InspectionView]:
        """Return inspections, the newest first: those with a result, and those of draws that are over.

        Officers also see the open ones of their jurisdiction.
        """
        found = page(
            await inspections.list_inspections(
                viewer=viewer,
                institution_id=parse("ins", institution_id) if institution_id is not None else None,
                draw_id=parse("drw", draw_id) if draw_id is not None else None,
                after=decode_cursor(cursor, UUID),
                limit=limit,
                now=clock.now(),
            ),
            limit=limit,
            key=lambda inspection: inspection.id,
        )
        return Page([InspectionView.of(inspection) for inspection in found.items], found.next_cursor)

    @post(
        "/{inspection_id:str}/result",
        status_code=200,
        operation_id="recordInspection",
        summary="Publish what was found · 录入检查结果",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(NotDrawn, ConflictOfInterest, AlreadyInspected),
        response_description="The inspection, published",
    )
    async def record(
        self, principal: NamedDependency[Principal], inspection_id: FromPath[str], data: JSONBody[InspectionResult]
    ) -> InspectionView:
        """Publish, as one of the inspectors that were drawn, what was found; it stays as it is."""
        found = await operations.record_inspection(
            inspection_id=parse("isp", inspection_id),
            outcome=data.outcome,
            summary=data.summary,
            inspected_on=data.inspected_on,
            actor=principal,
            now=clock.now(),
        )
        return InspectionView.of(found)


class InspectionConflicts(Controller):
    """Conflicts of interest (回避)."""

    path = "/v1/inspection-conflicts"
    tags = ("certifications",)

    @post(
        operation_id="declareConflict",
        summary="Declare a conflict of interest · 申报回避",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(NotFound),
        response_description="The conflict, also when it was declared before",
    )
    async def create(
        self, principal: NamedDependency[Principal], data: JSONBody[ConflictRequest]
    ) -> DeclaredConflictView:
        """Declare that the caller must not assess or inspect an institution; draws leave the caller out from now on."""
        institution_id = parse("ins", data.institution_id)
        conflict_id = await operations.declare_conflict(
            institution_id=institution_id, reason=data.reason, actor=principal, now=clock.now()
        )
        return DeclaredConflictView.of(conflict_id, institution_id=institution_id)
