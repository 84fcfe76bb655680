"""Proceedings against an institution, its rectifications and its appeals."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.certifications import operations
from marketplace.certifications.errors import (
    DefencePending,
    ExtensionSpent,
    HearingOutstanding,
    NoticeMissing,
    PeriodOver,
    ProceedingOpen,
)
from marketplace.certifications.queries import proceeding as queries
from marketplace.certifications.schemas.proceeding import (
    AppealRequest,
    AppealStep,
    AppealView,
    CaseView,
    Conclusion,
    DefenceInput,
    HearingCall,
    HearingRecord,
    RectificationView,
    Report,
)
from marketplace.certifications.states import ABOVE_COUNTY, PROVINCE
from marketplace.certifications.states.appeals import AppealEvent
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.errors import IllegalTransition, NotFound, invalid
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page

_PARTIES = requires("institution", "officer")


class Cases(Controller):
    """Proceedings: the institution answers, civil affairs hears and concludes."""

    path = "/v1/cases"
    tags = ("certifications",)

    @get(
        operation_id="listCases",
        summary="List proceedings · 案件列表",
        guards=[_PARTIES, limited(GENERAL)],
        responses=refusals(BadCursor),
    )
    async def index(
        self, principal: NamedDependency[Principal], cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
    ) -> Page[CaseView]:
        """Return the proceedings that the caller may see, newest first."""
        found = page(
            await queries.list_cases(principal=principal, after=decode_cursor(cursor, UUID), limit=limit),
            limit=limit,
            key=lambda case: case.id,
        )
        return Page([CaseView.of(item, principal=principal) for item in found.items], found.next_cursor)

    @get(
        "/{case_id:str}",
        operation_id="getCase",
        summary="Read a proceeding · 查看案件",
        guards=[_PARTIES, limited(GENERAL)],
    )
    async def show(self, principal: NamedDependency[Principal], case_id: FromPath[str]) -> CaseView:
        """Return a proceeding with everything on file."""
        return CaseView.of(await queries.case(principal=principal, case_id=parse("cse", case_id)), principal=principal)

    @post(
        "/{case_id:str}/defence",
        status_code=200,
        operation_id="answerNotice",
        summary="Answer a notice · 陈述申辩",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(IllegalTransition, NoticeMissing, PeriodOver),
    )
    async def defend(
        self, principal: NamedDependency[Principal], case_id: FromPath[str], data: JSONBody[DefenceInput]
    ) -> CaseView:
        """State the institution's case, ask for a hearing, or waive both, within the periods of the notice."""
        case = await operations.defend(
            case_id=parse("cse", case_id),
            statement=data.statement,
            asks_hearing=data.asks_hearing,
            actor=principal,
            now=clock.now(),
        )
        return CaseView.of(case, principal=principal)

    @post(
        "/{case_id:str}/hearing",
        status_code=200,
        operation_id="callHearing",
        summary="Call the hearing · 听证通知",
        guards=[requires("officer", levels=PROVINCE), limited(GENERAL)],
        responses=refusals(IllegalTransition, NoticeMissing),
    )
    async def call_hearing(
        self, principal: NamedDependency[Principal], case_id: FromPath[str], data: JSONBody[HearingCall]
    ) -> CaseView:
        """Set the day of the hearing that the institution asked for, at least seven working days ahead."""
        case = await operations.call_hearing(
            case_id=parse("cse", case_id), hearing_on=data.hearing_on, actor=principal, now=clock.now()
        )
        return CaseView.of(case, principal=principal)

    @post(
        "/{case_id:str}/hearing/record",
        status_code=200,
        operation_id="recordHearing",
        summary="Put the hearing's record on file · 听证笔录",
        guards=[requires("officer", levels=PROVINCE), limited(GENERAL)],
        responses=refusals(IllegalTransition, NoticeMissing),
    )
    async def record_hearing(
        self, principal: NamedDependency[Principal], case_id: FromPath[str], data: JSONBody[HearingRecord]
    ) -> CaseView:
        """Put the record on file, on the day of the hearing or later."""
        case = await operations.hold_hearing(
            case_id=parse("cse", case_id), record=data.record, actor=principal, now=clock.now()
        )
        return CaseView.of(case, principal=principal)

    @post(
        "/{case_id:str}/conclusion",
        status_code=200,
        operation_id="concludeCase",
        summary="Weigh the defence and conclude · 采纳情况与结论",
        guards=[requires("officer", levels=ABOVE_COUNTY), limited(GENERAL)],
        responses=refusals(IllegalTransition, DefencePending, HearingOutstanding, NoticeMissing),
    )
    async def conclude(
        self, principal: NamedDependency[Principal], case_id: FromPath[str], data: JSONBody[Conclusion]
    ) -> CaseView:
        """Go on or not: a suspension takes effect, a revocation waits for two officers, the rest is dismissed."""
        case = await operations.conclude(
            case_id=parse("cse", case_id),
            proceed=data.proceed,
            defence_outcome=data.defence_outcome,
            actor=principal,
            now=clock.now(),
        )
        return CaseView.of(case, principal=principal)


class Rectifications(Controller):
    """Rectifications: the institution reports, the visit after it is an officer's."""

    path = "/v1/rectifications"
    tags = ("certifications",)

    @get(
        operation_id="listRectifications",
        summary="List rectifications · 整改列表",
        guards=[_PARTIES, limited(GENERAL)],
        responses=refusals(BadCursor),
    )
    async def index(
        self, principal: NamedDependency[Principal], cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
    ) -> Page[RectificationView]:
        """Return the rectifications that the caller may see, newest first."""
        found = page(
            await queries.list_rectifications(principal=principal, after=decode_cursor(cursor, UUID), limit=limit),
            limit=limit,
            key=lambda rectification: rectification.id,
        )
        return Page([RectificationView.of(item) for item in found.items], found.next_cursor)

    @post(
        "/{rectification_id:str}/report",
        status_code=200,
        operation_id="reportRectification",
        summary="Report a rectification · 提交整改报告",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(IllegalTransition),
    )
    async def report(
        self, principal: NamedDependency[Principal], rectification_id: FromPath[str], data: JSONBody[Report]
    ) -> RectificationView:
        """Report what was put right; the second visit follows within ten working days."""
        found = await operations.report_rectification(
            rectification_id=parse("rct", rectification_id), report=data.report, actor=principal, now=clock.now()
        )
        return RectificationView.of(found)


class Appeals(Controller):
    """Appeals (行政复议): they change nothing by themselves."""

    path = "/v1/appeals"
    tags = ("certifications",)

    @get(
        operation_id="listAppeals",
        summary="List appeals · 复议列表",
        guards=[_PARTIES, limited(GENERAL)],
        responses=refusals(BadCursor),
    )
    async def index(
        self, principal: NamedDependency[Principal], cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
    ) -> Page[AppealView]:
        """Return the appeals that the caller may see, newest first."""
        found = page(
            await queries.list_appeals(principal=principal, after=decode_cursor(cursor, UUID), limit=limit),
            limit=limit,
            key=lambda appeal: appeal.id,
        )
        return Page([AppealView.of(item, principal=principal) for item in found.items], found.next_cursor)

    @post(
        operation_id="fileAppeal",
        summary="Appeal · 申请行政复议",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(NotFound, PeriodOver, ProceedingOpen),
        response_description="The appeal; the decision stands meanwhile",
    )
    async def create(self, principal: NamedDependency[Principal], data: JSONBody[AppealRequest]) -> AppealView:
        """Appeal against a proceeding's decision or a refused application: within 60 days, or a year if not told."""
        if (data.case_id is None) == (data.application_id is None):
            raise invalid("case_id", zh="须指明案件或申请之一", en="Name a case or an application, one of the two.")
        appeal = await operations.file_appeal(
            grounds=data.grounds,
            case_id=parse("cse", data.case_id) if data.case_id else None,
            application_id=parse("app", data.application_id) if data.application_id else None,
            actor=principal,
            now=clock.now(),
        )
        return AppealView.of(appeal, principal=principal)

    @post(
        "/{appeal_id:str}/decisions",
        status_code=200,
        operation_id="decideAppeal",
        summary="Record the next step of an appeal · 复议处理",
        guards=[requires("officer", levels=PROVINCE), limited(GENERAL)],
        responses=refusals(IllegalTransition, ExtensionSpent),
    )
    async def decide(
        self, principal: NamedDependency[Principal], appeal_id: FromPath[str], data: JSONBody[AppealStep]
    ) -> AppealView:
        """Accept, refuse, stay, extend, uphold or annul, as the authority that hears the appeal has decided."""
        appeal = await operations.decide_appeal(
            appeal_id=parse("apl", appeal_id),
            event=AppealEvent(data.outcome),
            reason=data.reason,
            actor=principal,
            now=clock.now(),
        )
        return AppealView.of(appeal, principal=principal)

    @post(
        "/{appeal_id:str}/withdrawal",
        status_code=200,
        operation_id="withdrawAppeal",
        summary="Take an appeal back · 撤回复议",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(IllegalTransition),
    )
    async def withdraw(self, principal: NamedDependency[Principal], appeal_id: FromPath[str]) -> AppealView:
        """Take an appeal back before it is decided; a stay ends with it."""
        appeal = await operations.withdraw_appeal(appeal_id=parse("apl", appeal_id), actor=principal, now=clock.now())
        return AppealView.of(appeal, principal=principal)
