"""Civil affairs at work on certifications: rectification, suspension, notices, and asking for revocation."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from marketplace.certifications import operations, queries
from marketplace.certifications.errors import (
    DecisionPending,
    DefenceNotWeighed,
    HigherLevelRequired,
    NoticeMissing,
    ProceedingOpen,
    ReportMissing,
    StayedByAppeal,
)
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import Policy
from marketplace.certifications.rules.proceeding import CaseKind
from marketplace.certifications.schemas import (
    CertificationDetail,
    CertificationView,
    DecisionView,
    Reasoned,
    RectificationRequest,
)
from marketplace.certifications.schemas.proceeding import (
    CaseView,
    GroundsInput,
    NoticeRequest,
    RectificationView,
    WithdrawalView,
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
        policy = await _policy(now)
        views = [CertificationView.of(item, principal=principal, policy=policy, now=now) for item in found.items]
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
        now = clock.now()
        policy = await _policy(now)
        return CertificationDetail.with_history(found, history, principal=principal, policy=policy, now=now)

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
        return CertificationView.of(found, principal=principal, policy=await _policy(now), now=now)

    @post(
        "/{certification_id:str}/rectification/completion",
        status_code=200,
        operation_id="completeRectification",
        summary="Accept a rectification · 整改验收",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(HigherLevelRequired, IllegalTransition, ReportMissing),
    )
    async def complete_rectification(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[Reasoned]
    ) -> CertificationView:
        """Accept, after inspecting again, that the defect is gone."""
        now = clock.now()
        found = await operations.complete_rectification(
            certification_id=parse("crt", certification_id), reason=data.reason, actor=principal, now=now
        )
        return CertificationView.of(found, principal=principal, policy=await _policy(now), now=now)

    @post(
        "/{certification_id:str}/rectification/failure",
        status_code=200,
        operation_id="failReinspection",
        summary="Find the defect still there · 复查不合格",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(IllegalTransition, ReportMissing),
    )
    async def fail_reinspection(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[Reasoned]
    ) -> RectificationView:
        """Record that the second visit found the defect; the institution may report again, or face a suspension."""
        found = await operations.fail_reinspection(
            certification_id=parse("crt", certification_id), reason=data.reason, actor=principal, now=clock.now()
        )
        return RectificationView.of(found)

    @post(
        "/{certification_id:str}/suspension",
        status_code=200,
        operation_id="suspendCertification",
        summary="Suspend in an emergency · 紧急暂停",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(IllegalTransition),
    )
    async def suspend(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[Reasoned]
    ) -> CertificationView:
        """Stop new bookings at once where life or safety is in danger; reasons and rights follow within 24 hours."""
        now = clock.now()
        found = await operations.suspend(
            certification_id=parse("crt", certification_id), reason=data.reason, actor=principal, now=now
        )
        return CertificationView.of(found, principal=principal, policy=await _policy(now), now=now)

    @post(
        "/{certification_id:str}/suspension/reasons",
        status_code=200,
        operation_id="stateReasons",
        summary="Reason an emergency suspension · 补充说明理由",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(IllegalTransition, NoticeMissing),
    )
    async def state_reasons(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[GroundsInput]
    ) -> CaseView:
        """Give facts, legal basis and rights within 24 hours; the institution's time to appeal runs from here."""
        case = await operations.state_reasons(
            certification_id=parse("crt", certification_id), grounds=data.grounds, actor=principal, now=clock.now()
        )
        return CaseView.of(case, principal=principal)

    @post(
        "/{certification_id:str}/notices",
        operation_id="giveNotice",
        summary="Give notice of a suspension or revocation · 事先告知",
        guards=[requires("officer", levels=ABOVE_COUNTY), limited(GENERAL)],
        responses=refusals(IllegalTransition, ProceedingOpen),
        response_description="The proceeding, waiting for the institution's answer",
    )
    async def give_notice(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[NoticeRequest]
    ) -> CaseView:
        """Tell the institution what is intended, why, on what basis, and what its rights are; its periods run."""
        case = await operations.notice(
            certification_id=parse("crt", certification_id),
            kind=CaseKind(data.kind),
            grounds=data.grounds,
            actor=principal,
            now=clock.now(),
        )
        return CaseView.of(case, principal=principal)

    @post(
        "/{certification_id:str}/withdrawal",
        status_code=200,
        operation_id="noticeWithdrawal",
        summary="Announce that the institution leaves · 自愿退出公告",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(IllegalTransition),
        response_description="The last day of the certificate",
    )
    async def withdraw(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[Reasoned]
    ) -> WithdrawalView:
        """Announce the withdrawal 30 days ahead: no stay beyond the last day is sold, and later bookings are moved."""
        found = await operations.notice_withdrawal(
            certification_id=parse("crt", certification_id), reason=data.reason, actor=principal, now=clock.now()
        )
        return WithdrawalView.of(found)

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
        return CertificationView.of(found, principal=principal, policy=await _policy(now), now=now)

    @post(
        "/{certification_id:str}/revocation",
        status_code=202,
        operation_id="requestRevocation",
        summary="Ask for a revocation · 提请撤销",
        guards=[requires("officer", levels=PROVINCE), limited(GENERAL)],
        responses=refusals(DecisionPending, DefenceNotWeighed, IllegalTransition, NoticeMissing, StayedByAppeal),
        response_description="The decision, pending until another provincial officer approves it",
    )
    async def request_revocation(
        self, principal: NamedDependency[Principal], certification_id: FromPath[str], data: JSONBody[Reasoned]
    ) -> DecisionView:
        """Ask for a revocation once its proceeding is concluded; a second officer posts to ``/v1/decisions/{id}/approvals``."""
        found = await operations.request_revocation(
            certification_id=parse("crt", certification_id), reason=data.reason, actor=principal, now=clock.now()
        )
        return DecisionView.of(found, principal=principal)


async def _policy(now: datetime) -> Policy:
    return await policy_on(clock.local_date(now))
