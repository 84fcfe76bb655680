"""Complaints: guests write, civil affairs asks the institution and answers."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.errors import Forbidden, IllegalTransition
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.quality import operations, queries
from marketplace.quality.errors import ComplaintOpen, StayNotConfirmed
from marketplace.quality.schemas import AnswerRequest, ComplaintRequest, ComplaintView, NoteRequest

_EVERYBODY = requires("family", "partner", "institution", "officer")


class Complaints(Controller):
    """Complaints about stays."""

    path = "/v1"
    tags = ("quality",)

    @post(
        "/bookings/{booking_id:str}/complaints",
        operation_id="complain",
        summary="Complain about a stay · 投诉",
        guards=[requires("family", "partner"), limited(GENERAL)],
        responses=refusals(StayNotConfirmed, ComplaintOpen),
        response_description="The complaint, before the officers of the institution's jurisdiction",
    )
    async def create(
        self, principal: NamedDependency[Principal], booking_id: FromPath[str], data: JSONBody[ComplaintRequest]
    ) -> ComplaintView:
        """Complain to civil affairs about a stay of one's own, before, during or after it; one at a time."""
        found = await operations.complain(
            booking_id=parse("bkg", booking_id),
            subject=data.subject,
            statement=data.statement,
            actor=principal,
            now=clock.now(),
        )
        return ComplaintView.of(found, principal=principal)

    @get(
        "/complaints",
        operation_id="listComplaints",
        summary="List complaints · 投诉列表",
        guards=[_EVERYBODY, limited(GENERAL)],
        responses=refusals(BadCursor),
    )
    async def index(
        self, principal: NamedDependency[Principal], cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
    ) -> Page[ComplaintView]:
        """Return one's own complaints, those referred to the institution, or those of the jurisdiction, newest first."""
        found = page(
            await queries.list_complaints(principal=principal, after=decode_cursor(cursor, UUID), limit=limit),
            limit=limit,
            key=lambda complaint: complaint.id,
        )
        return Page([ComplaintView.of(one, principal=principal) for one in found.items], found.next_cursor)

    @get(
        "/complaints/{complaint_id:str}",
        operation_id="getComplaint",
        summary="Read a complaint · 查看投诉",
        guards=[_EVERYBODY, limited(GENERAL)],
    )
    async def show(self, principal: NamedDependency[Principal], complaint_id: FromPath[str]) -> ComplaintView:
        """Return a complaint with what is for the caller's eyes."""
        found = await queries.complaint(principal=principal, complaint_id=parse("cpl", complaint_id))
        return ComplaintView.of(found, principal=principal)

    @post(
        "/complaints/{complaint_id:str}/referral",
        status_code=200,
        operation_id="referComplaint",
        summary="Ask the institution · 转办投诉",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(IllegalTransition),
    )
    async def refer(
        self, principal: NamedDependency[Principal], complaint_id: FromPath[str], data: JSONBody[NoteRequest]
    ) -> ComplaintView:
        """Ask the institution what it says; it sees this note and the subject, not what the guest wrote."""
        found = await operations.refer(
            complaint_id=parse("cpl", complaint_id), note=data.statement, actor=principal, now=clock.now()
        )
        return ComplaintView.of(found, principal=principal)

    @post(
        "/complaints/{complaint_id:str}/reply",
        status_code=200,
        operation_id="replyToComplaint",
        summary="Reply as the institution · 机构答复",
        guards=[requires("institution"), limited(GENERAL)],
        responses=refusals(IllegalTransition),
    )
    async def reply(
        self, principal: NamedDependency[Principal], complaint_id: FromPath[str], data: JSONBody[NoteRequest]
    ) -> ComplaintView:
        """Say to civil affairs what there is to say to a complaint that was referred."""
        found = await operations.reply(
            complaint_id=parse("cpl", complaint_id), statement=data.statement, actor=principal, now=clock.now()
        )
        return ComplaintView.of(found, principal=principal)

    @post(
        "/complaints/{complaint_id:str}/answer",
        status_code=200,
        operation_id="answerComplaint",
        summary="Answer a complaint · 答复投诉",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(IllegalTransition, Forbidden),
    )
    async def answer(
        self, principal: NamedDependency[Principal], complaint_id: FromPath[str], data: JSONBody[AnswerRequest]
    ) -> ComplaintView:
        """Tell whoever complained what was found; the prefecture or the province alone finds that elders were abused."""
        found = await operations.answer(
            complaint_id=parse("cpl", complaint_id),
            outcome=data.outcome,
            statement=data.statement,
            actor=principal,
            now=clock.now(),
        )
        return ComplaintView.of(found, principal=principal)
