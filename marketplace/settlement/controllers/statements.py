"""What a booking costs and was paid, word for word; its invoice; and what an institution gives back of its own will."""

from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock, idempotency
from marketplace.kit.errors import IllegalTransition, NotFound
from marketplace.kit.http.limits import BOOKING, GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.http.replays import IdempotencyKey, key_of, respond
from marketplace.kit.idempotency import Answer
from marketplace.kit.ids import parse
from marketplace.payments.errors import RefundTooLarge
from marketplace.settlement import operations, queries
from marketplace.settlement.errors import InvoiceExists, NothingToInvoice
from marketplace.settlement.schemas import CreditRequest, InvoiceRequest, InvoiceView, IssuedInvoice, StatementView


class Statements(Controller):
    """The statement of a booking."""

    path = "/v1/bookings"
    tags = ("bookings",)

    @get(
        "/{booking_id:str}/statement",
        guards=[requires("family", "partner", "institution"), limited(GENERAL)],
        summary="The itemised statement · 费用清单",
        operation_id="getStatement",
        response_description="Every line, payment and refund, and what is due and refundable today",
    )
    async def show(self, principal: NamedDependency[Principal], booking_id: FromPath[str]) -> StatementView:
        """State the booking item by item, before any money is taken and after."""
        now = clock.now()
        found = await queries.statement(principal=principal, booking_id=parse("bkg", booking_id), now=now)
        return StatementView.of(found, actor=principal.kind, now=now)


class Invoices(Controller):
    """E-invoices (数电票): guests ask, the institution issues."""

    path = "/v1/bookings"
    tags = ("bookings",)

    @post(
        "/{booking_id:str}/invoice",
        guards=[requires("family", "partner"), limited(BOOKING)],
        summary="Ask for an invoice · 申请发票",
        operation_id="requestInvoice",
        response_description="The request, with the institution as issuer",
        responses=refusals(InvoiceExists),
    )
    async def ask(
        self, principal: NamedDependency[Principal], booking_id: FromPath[str], data: JSONBody[InvoiceRequest]
    ) -> InvoiceView:
        """Ask at any time for an e-invoice; the institution issues it once it has been paid."""
        found = parse("bkg", booking_id)
        await operations.request_invoice(principal=principal, booking_id=found, buyer=data.buyer(), now=clock.now())
        return await self._view(principal, booking_id)

    @get(
        "/{booking_id:str}/invoice",
        guards=[requires("family", "partner", "institution"), limited(GENERAL)],
        summary="Read the invoice · 查看发票",
        operation_id="getInvoice",
        response_description="The newest request",
    )
    async def show(self, principal: NamedDependency[Principal], booking_id: FromPath[str]) -> InvoiceView:
        """Return the newest request for an invoice of the booking, and its number once it is issued."""
        return await self._view(principal, booking_id)

    @post(
        "/{booking_id:str}/invoice/issuance",
        guards=[requires("institution"), limited(GENERAL)],
        status_code=200,
        summary="Enter the issued invoice · 登记已开发票",
        operation_id="issueInvoice",
        response_description="The invoice, issued",
        responses=refusals(IllegalTransition, NothingToInvoice),
    )
    async def issue(
        self, principal: NamedDependency[Principal], booking_id: FromPath[str], data: JSONBody[IssuedInvoice]
    ) -> InvoiceView:
        """Write down the number of the invoice that the institution has issued with the tax authority."""
        found = parse("bkg", booking_id)
        await operations.issue_invoice(
            principal=principal, booking_id=found, number=data.number, issued_on=data.issued_on, now=clock.now()
        )
        return await self._view(principal, booking_id)

    @post(
        "/{booking_id:str}/invoice/refusal",
        guards=[requires("institution"), limited(GENERAL)],
        status_code=200,
        summary="Return the request · 退回开票申请",
        operation_id="refuseInvoice",
        response_description="The request, refused; the guests may ask again",
        responses=refusals(IllegalTransition),
    )
    async def refuse(self, principal: NamedDependency[Principal], booking_id: FromPath[str]) -> InvoiceView:
        """Say that no invoice can be made out to this buyer."""
        found = parse("bkg", booking_id)
        await operations.refuse_invoice(principal=principal, booking_id=found, now=clock.now())
        return await self._view(principal, booking_id)

    async def _view(self, principal: Principal, booking_id: str) -> InvoiceView:
        found = await queries.statement(principal=principal, booking_id=parse("bkg", booking_id), now=clock.now())
        if found.invoice is None:
            raise NotFound
        return InvoiceView.of(found.invoice)


class Credits(Controller):
    """What an institution gives its guests back."""

    path = "/v1/bookings"
    tags = ("settlement",)

    @post(
        "/{booking_id:str}/credits",
        guards=[requires("institution"), limited(GENERAL)],
        summary="Give guests money back · 减免退款",
        operation_id="creditGuests",
        response_description="The booking's statement with the refund",
        responses=refusals(RefundTooLarge),
    )
    async def give(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        booking_id: FromPath[str],
        data: JSONBody[CreditRequest],
        idempotency_key: IdempotencyKey = None,
    ) -> Response[StatementView]:
        """Refund a part of what was paid: out of what is held, else out of the institution's share and our commission."""
        now, found = clock.now(), parse("bkg", booking_id)
        key = await key_of(request, principal=principal.id, value=idempotency_key)

        async def perform() -> Answer:
            await operations.credit_guests(
                principal=principal, booking_id=found, amount=data.fen, reason=data.reason, now=now
            )
            statement = await queries.statement(principal=principal, booking_id=found, now=now)
            view = StatementView.of(statement, actor=principal.kind, now=now)
            return Answer(status=201, body=msgspec.json.encode(view))

        return respond(await idempotency.once(key, perform, now=now))
