"""Civil affairs at work on certifications: granting, rectification, suspension, and asking for revocation."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from marketplace.certifications import operations, queries
from marketplace.certifications.errors import AlreadyCertified, DecisionPending, HigherLevelRequired, NotCertifiable
from marketplace.certifications.schemas import (
    CertificationDetail,
    CertificationRequest,
    CertificationView,
    DecisionView,
    Reasoned,
    RectificationRequest,
)
from marketplace.certifications.states import ABOVE_COUNTY, PROVINCE, Status
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.errors import IllegalTransition, NotFound
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page


class Certifications(Controller):
    """Certifications within the officer's jurisdiction; what lies outside it does not exist for the officer."""

    path = "/v1/certifications"
    tags = ("certifications",)

    @post(
        operation_id="certifyInstitution",
        summary="Certify an institution · 认定",
        guards=[requires("officer", levels=PROVINCE), limited(GENERAL)],
        responses=refusals(NotFound, AlreadyCertified, NotCertifiable),
        response_description="The certification, with its certificate number",
    )
    async def create(
        self, principal: NamedDependency[Principal], data: JSONBody[CertificationRequest]
    ) -> CertificationView:
        """Grant a certificate for the years of the policy in force, graded by the scores of the assessment."""
        now = clock.now()
        granted = await operations.certify(
            institution_id=parse("ins", data.institution_id),
            scores=data.scores,
            assessed_on=data.assessed_on,
            reason=data.reason,
            valid_from_on=data.valid_from,
            actor=principal,
            now=now,
        )
        return CertificationView.of(granted, principal=principal, now=now)

    @get(
        operation_id="listCertifications",
        summary="List certifications · 认定列表",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(NotFound, BadCursor),
    )
    async def index(
        self,
        principal: NamedDependency[Principal],
        status: FromQuery[Status | None] = None,
        institution_id: FromQuery[str | None] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Page[CertificationView]:
        """Return the certifications of the officer's jurisdiction, oldest first, ended ones too."""
        now = clock.now()
        found = page(
            await queries.list_certifications(
                principal=principal,
                status=status,
                institution_id=parse("ins", institution_id) if institution_id is not None else None,
                after=decode_cursor(cursor, UUID),
                limit=limit,
            ),
            limit=limit,
            key=lambda certification: certification.id,
        )
        views = [CertificationView.of(item, principal=principal, now=now) for item in found.items]
        return Page(views, found.next_cursor)

    @get(
        "/{certification_id:str}",
        operation_id="getCertification",
        summary="Read a certification with its history · 查看认定",
        guards=[requires("officer"), limited(GENERAL)],
    )
    async def show(self, principal: NamedDependency[Principal], certification_id: FromPath[str]) -> CertificationDetail:
        """Return a certification and everything that happened to it."""
        found = await queries.certification(principal=principal, certification_id=parse("crt", certification_id))
        history = await queries.history(found.id)
        return CertificationDetail.with_history(found, history, principal=principal, now=clock.now())

    @post(
        "/{certification_id:str}/rectification",
        status_code=200,
        operation_id="orderRectification",
        summary="Order a rectification · 责令限期整改",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(IllegalTransition),
    )
    async def order_rectification(
        self,
        principal: NamedDependency[Principal],
        certification_id: FromPath[str],
        data: JSONBody[RectificationRequest],
    ) -> CertificationView:
        """Set a day by which a defect must be put right; when it endangers guests, sale stops at once."""
        now = clock.now()
        found = await operations.order_rectification(
            certification_id=parse("crt", certification_id),
            reason=data.reason,
            safety_defect=data.safety_defect,
            rectify_by_on=data.rectify_by,
            actor=principal,
            now=now,
        )
        return CertificationView.of(found, principal=principal, now=now)

    @post(
        "/{certification_id:str}/rectification/completion",
        status_code=200,
        operation_id="completeRectification",
        summary="Accept a rectification · 整改验收",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(HigherLevelRequired, IllegalTransition),
    )
    async def complete_rectification(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[Reasoned]
    ) -> CertificationView:
        """Accept, after inspecting again, that the defect is gone."""
        now = clock.now()
        found = await operations.complete_rectification(
            certification_id=parse("crt", certification_id), reason=data.reason, actor=principal, now=now
        )
        return CertificationView.of(found, principal=principal, now=now)

    @post(
        "/{certification_id:str}/suspension",
        status_code=200,
        operation_id="suspendCertification",
        summary="Suspend · 暂停",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(IllegalTransition),
    )
    async def suspend(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[Reasoned]
    ) -> CertificationView:
        """Stop new bookings at once; one officer is enough, since it can be undone."""
        now = clock.now()
        found = await operations.suspend(
            certification_id=parse("crt", certification_id), reason=data.reason, actor=principal, now=now
        )
        return CertificationView.of(found, principal=principal, now=now)

    @post(
        "/{certification_id:str}/reinstatement",
        status_code=200,
        operation_id="reinstateCertification",
        summary="Lift a suspension · 恢复",
        guards=[requires("officer", levels=ABOVE_COUNTY), limited(GENERAL)],
        responses=refusals(HigherLevelRequired, IllegalTransition),
    )
    async def reinstate(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[Reasoned]
    ) -> CertificationView:
        """Lift a suspension; the level that ordered it, or one above."""
        now = clock.now()
        found = await operations.reinstate(
            certification_id=parse("crt", certification_id), reason=data.reason, actor=principal, now=now
        )
        return CertificationView.of(found, principal=principal, now=now)

    @post(
        "/{certification_id:str}/revocation",
        status_code=202,
        operation_id="requestRevocation",
        summary="Ask for a revocation · 提请撤销",
        guards=[requires("officer", levels=PROVINCE), limited(GENERAL)],
        responses=refusals(DecisionPending, IllegalTransition),
        response_description="The decision, pending until another provincial officer approves it",
    )
    async def request_revocation(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[Reasoned]
    ) -> DecisionView:
        """Ask for a revocation. Nothing changes until a second officer posts to ``/v1/decisions/{id}/approvals``."""
        found = await operations.request_revocation(
            certification_id=parse("crt", certification_id), reason=data.reason, actor=principal, now=clock.now()
        )
        return DecisionView.of(found, principal=principal)
