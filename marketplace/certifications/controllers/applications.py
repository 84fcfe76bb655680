"""Applications for certification: institutions apply, civil affairs reviews level by level."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from marketplace.certifications import operations
from marketplace.certifications.controllers.reviewing import REFUSALS, review
from marketplace.certifications.errors import (
    AlreadyCertified,
    ApplicationPending,
    EvidenceExpired,
    EvidenceMissing,
    LockedOut,
    PeriodOver,
    RenewalWindowClosed,
)
from marketplace.certifications.queries import applying as queries
from marketplace.certifications.queries.timing import running
from marketplace.certifications.rules.applying import Application, offered_on_application
from marketplace.certifications.schemas.applying import (
    ApplicationDetail,
    ApplicationRequest,
    ApplicationStep,
    ApplicationView,
    ExhibitInput,
    ExhibitView,
    ObjectionView,
    ReviewRequest,
)
from marketplace.certifications.states import Status
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.errors import IllegalTransition, NotFound
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.places.queries import jurisdiction_levels


class Applications(Controller):
    """An institution's applications; officers see those of their jurisdiction once they are submitted."""

    path = "/v1/certification-applications"
    tags = ("certifications",)

    @post(
        operation_id="openApplication",
        summary="Open an application · 申请认定",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(
            NotFound, AlreadyCertified, ApplicationPending, LockedOut, RenewalWindowClosed, IllegalTransition
        ),
        response_description="The draft",
    )
    async def create(
        self, principal: NamedDependency[Principal], data: JSONBody[ApplicationRequest]
    ) -> ApplicationView:
        """Open a draft for the caller's institution: a first certificate, or a renewal within its window."""
        now = clock.now()
        draft = await operations.open_application(kind=data.kind, actor=principal, now=now)
        return ApplicationView.of(draft, deadlines=[], now=now)

    @get(
        operation_id="listApplications",
        summary="List applications · 申请列表",
        guards=[requires("institution", "officer"), limited(GENERAL)],
        responses=refusals(BadCursor),
    )
    async def index(
        self,
        principal: NamedDependency[Principal],
        status: FromQuery[Status | None] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Page[ApplicationView]:
        """Return the applications that the caller may see, oldest first, with the deadlines that run."""
        now = clock.now()
        found = page(
            await queries.list_applications(
                principal=principal, status=status, after=decode_cursor(cursor, UUID), limit=limit
            ),
            limit=limit,
            key=lambda application: application.id,
        )
        deadlines = await running([item.id for item in found.items])
        views = [ApplicationView.of(item, deadlines=deadlines[item.id], now=now) for item in found.items]
        return Page(views, found.next_cursor)

    @get(
        "/{application_id:str}",
        operation_id="getApplication",
        summary="Read an application with everything on file · 查看申请",
        guards=[requires("institution", "officer"), limited(GENERAL)],
    )
    async def show(self, principal: NamedDependency[Principal], application_id: FromPath[str]) -> ApplicationDetail:
        """Return an application with its evidence, objections and steps."""
        found = await queries.application(principal=principal, application_id=parse("app", application_id))
        return await detail(found, principal=principal, now=clock.now())

    @post(
        "/{application_id:str}/evidence",
        status_code=200,
        operation_id="addEvidence",
        summary="Put a document on file · 提交材料",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(IllegalTransition),
    )
    async def add_evidence(
        self, principal: NamedDependency[Principal], application_id: FromPath[str], data: JSONBody[ExhibitInput]
    ) -> ApplicationDetail:
        """Add a document, or replace the one of its kind, while the application is a draft or being corrected."""
        now = clock.now()
        found = await operations.add_evidence(
            application_id=parse("app", application_id), pieces=[data.piece], actor=principal, now=now
        )
        return await detail(found, principal=principal, now=now)

    @post(
        "/{application_id:str}/submission",
        status_code=200,
        operation_id="submitApplication",
        summary="Submit · 提交申请",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(IllegalTransition, EvidenceMissing, EvidenceExpired, PeriodOver, RenewalWindowClosed),
    )
    async def submit(self, principal: NamedDependency[Principal], application_id: FromPath[str]) -> ApplicationDetail:
        """Submit a draft or a correction; the authority's clock runs, and its silence accepts."""
        now = clock.now()
        found = await operations.submit(application_id=parse("app", application_id), actor=principal, now=now)
        return await detail(found, principal=principal, now=now)

    @post(
        "/{application_id:str}/withdrawal",
        status_code=200,
        operation_id="takeBackApplication",
        summary="Take an application back · 撤回申请",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(IllegalTransition),
    )
    async def take_back(
        self, principal: NamedDependency[Principal], application_id: FromPath[str]
    ) -> ApplicationDetail:
        """Take an application back before it is decided."""
        now = clock.now()
        found = await operations.take_back(application_id=parse("app", application_id), actor=principal, now=now)
        return await detail(found, principal=principal, now=now)

    @post(
        "/{application_id:str}/reviews",
        operation_id="reviewApplication",
        summary="Take the next step of a review · 审核",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(*REFUSALS),
        response_description="The application after the step",
    )
    async def review(
        self, principal: NamedDependency[Principal], application_id: FromPath[str], data: JSONBody[ReviewRequest]
    ) -> ApplicationDetail:
        """Take one step as county, prefecture or province; ``valid_transitions`` of the application says which."""
        now = clock.now()
        found_id = parse("app", application_id)
        await review(found_id, data, actor=principal, now=now)
        found = await queries.application(principal=principal, application_id=found_id)
        return await detail(found, principal=principal, now=now)


async def detail(found: Application, *, principal: Principal, now: datetime) -> ApplicationDetail:
    """Show an application with everything on file."""
    shown = ApplicationView.of(found, deadlines=(await running([found.id]))[found.id], now=now)
    levels = await jurisdiction_levels(found.jurisdiction_code)
    return ApplicationDetail(
        **{name: getattr(shown, name) for name in msgspec.structs.asdict(shown)},
        evidence=[
            ExhibitView(
                kind=piece.kind, reference=piece.reference, issued_by=piece.issued_by, valid_until=piece.valid_until_on
            )
            for piece in await queries.evidence(found.id)
        ],
        objections=[ObjectionView.of(objection) for objection in await queries.objections(found.id)],
        history=[ApplicationStep.of(entry) for entry in await queries.application_history(found.id)],
        valid_transitions=offered_on_application(found, principal=principal, levels=levels),
    )
