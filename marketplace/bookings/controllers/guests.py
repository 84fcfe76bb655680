"""What families and partners do: quote, book, pay, cancel."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from marketplace.bookings import operations, queries
from marketplace.bookings.errors import (
    CancellationQuoteExpired,
    GuestCountDiffers,
    HoldAlreadyExtended,
    HoldExpired,
    LegNotDue,
    PartnerReferenceUsed,
    TooManyHolds,
)
from marketplace.bookings.schemas import (
    BookingRequest,
    BookingView,
    CancellationQuoteView,
    CancellationRequest,
    HoldView,
    PaymentRequestBody,
    QuoteRequest,
)
from marketplace.bookings.states import Status
from marketplace.certifications.errors import InstitutionNotBookable, StayBeyondCertificate
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.inventory.errors import CompanionBedsTaken, NotAvailable
from marketplace.inventory.rules import RESTRICTIONS
from marketplace.kit import clock, idempotency
from marketplace.kit.errors import DomainError, IllegalTransition, NotFound
from marketplace.kit.http.limits import BOOKING, GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.http.replays import IdempotencyKey, key_of, respond
from marketplace.kit.http.shedding import through
from marketplace.kit.idempotency import Answer
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.payments import queries as payments
from marketplace.payments.errors import AlreadyPaid, PaymentClosed, PaymentRefused, ProviderUnavailable
from marketplace.payments.schemas import PaymentView
from marketplace.pricing.errors import PriceChanged, PromotionUnusable, QuoteExpired, QuoteUsed
from marketplace.pricing.schemas import QuoteView
from marketplace.tours.errors import DepartureClosed, DepartureFull

UNSELLABLE: tuple[type[DomainError], ...] = (
    InstitutionNotBookable, StayBeyondCertificate, NotAvailable, CompanionBedsTaken, *RESTRICTIONS, DepartureFull, DepartureClosed,
)  # fmt: skip


class Quotes(Controller):
    """Priced, immutable offers."""

    tags = ("quotes",)
    guards = (requires("family", "partner"), limited(BOOKING))

    @post(
        "/v1/quotes",
        summary="Price a stay or seats on a departure · 报价",
        operation_id="createQuote",
        opt=through("quoting"),
        response_description="The offer, good until expires_at",
        responses=refusals(NotFound, PromotionUnusable, *UNSELLABLE),
    )
    async def create(self, principal: NamedDependency[Principal], data: JSONBody[QuoteRequest]) -> QuoteView:
        """Return every line of the price with its reason, the payment schedule and what cancelling would refund."""
        offer = await operations.quote(principal=principal, wanted=data.wanted(), now=clock.now())
        return QuoteView.of(offer)


class Bookings(Controller):
    """From hold to completed stay."""

    path = "/v1/bookings"
    tags = ("bookings",)

    @post(
        "",
        guards=[requires("family", "partner"), limited(BOOKING)],
        summary="Hold the room of a quote · 预订",
        operation_id="createBooking",
        opt=through("placing"),
        response_description="The booking, on hold until hold_expires_at",
        responses=refusals(
            NotFound,
            *UNSELLABLE,
            QuoteExpired,
            QuoteUsed,
            PriceChanged,
            GuestCountDiffers,
            PartnerReferenceUsed,
            TooManyHolds,
        ),
    )
    async def create(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        data: JSONBody[BookingRequest],
        idempotency_key: IdempotencyKey = None,
    ) -> Response[BookingView]:
        """Take the nights at once for 30 minutes; pay within them.

        A quote that cannot be used any more is refused together with a fresh one in ``quote``.
        """
        now = clock.now()
        key = await key_of(request, principal=principal.id, value=idempotency_key)
        quote_id = parse("quo", data.quote_id)

        async def perform() -> Answer:
            booking_id = await operations.place(
                principal=principal,
                quote_id=quote_id,
                guests=data.party(),
                contact=data.caller(),
                partner_reference=data.partner_reference,
                now=now,
            )
            return Answer(status=201, body=msgspec.json.encode(await _view(principal, booking_id, now=now)))

        async with _fresh_quote_on_refusal(principal=principal, quote_id=quote_id, now=now):
            return respond(await idempotency.once(key, perform, now=now))

    @get(
        "",
        guards=[requires("family", "partner", "institution"), limited(GENERAL)],
        summary="List bookings · 预订列表",
        operation_id="listBookings",
        response_description="The caller's own bookings, the newest first",
        responses=refusals(BadCursor),
    )
    async def index(
        self,
        principal: NamedDependency[Principal],
        status: FromQuery[Status | None] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Page[BookingView]:
        """Return the caller's own bookings, the newest first."""
        now = clock.now()
        after = decode_cursor(cursor, tuple[datetime, UUID])
        records = await queries.bookings(principal=principal, status=status, after=after, limit=limit, now=now)
        found = page(records, limit=limit, key=lambda record: (record.placed_at, record.id))
        views = [BookingView.of(record, actor=principal.kind, now=now) for record in found.items]
        return Page(items=views, next_cursor=found.next_cursor)

    @get(
        "/{booking_id:str}",
        guards=[requires("family", "partner", "institution"), limited(GENERAL)],
        summary="Read a booking · 查看预订",
        operation_id="getBooking",
        response_description="The booking",
    )
    async def show(self, principal: NamedDependency[Principal], booking_id: FromPath[str]) -> BookingView:
        """Return a booking with its payments, refunds and the live certification of its institution."""
        return await _view(principal, parse("bkg", booking_id), now=clock.now())

    @post(
        "/{booking_id:str}/hold-extension",
        guards=[requires("family", "partner"), limited(BOOKING)],
        status_code=200,
        summary="Extend the hold once · 延长预留",
        operation_id="extendHold",
        responses=refusals(HoldExpired, HoldAlreadyExtended, IllegalTransition),
    )
    async def extend(self, principal: NamedDependency[Principal], booking_id: FromPath[str]) -> HoldView:
        """Give 30 more minutes to pay, once."""
        found = parse("bkg", booking_id)
        until = await operations.extend_hold(principal=principal, booking_id=found, now=clock.now())
        return HoldView(booking_id, until)

    @post(
        "/{booking_id:str}/payments",
        guards=[requires("family", "partner"), limited(BOOKING)],
        summary="Pay a leg · 支付",
        operation_id="createPayment",
        response_description="The payment; send the payer to checkout_url",
        responses=refusals(
            HoldExpired, LegNotDue, AlreadyPaid, PaymentRefused, PaymentClosed, ProviderUnavailable, IllegalTransition
        ),
    )
    async def pay(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        booking_id: FromPath[str],
        data: JSONBody[PaymentRequestBody],
        idempotency_key: IdempotencyKey = None,
    ) -> Response[PaymentView]:
        """Open a payment by card, 支付宝 or 微信支付. The booking is confirmed when the provider says it succeeded."""
        now = clock.now()
        found = parse("bkg", booking_id)
        key = await key_of(request, principal=principal.id, value=idempotency_key)

        async def perform() -> Answer:
            payment_id = await operations.pay(
                principal=principal, booking_id=found, leg=data.leg, method=data.method, amount=data.part, now=now
            )
            view = PaymentView.of(await payments.payment(payment_id))
            return Answer(status=201, body=msgspec.json.encode(view))

        return respond(await idempotency.leased(key, perform, now=now))

    @post(
        "/{booking_id:str}/cancellation-quotes",
        guards=[requires("family", "partner"), limited(BOOKING)],
        summary="Price a cancellation · 取消报价",
        operation_id="createCancellationQuote",
        responses=refusals(IllegalTransition),
    )
    async def quote_cancellation(
        self, principal: NamedDependency[Principal], booking_id: FromPath[str]
    ) -> CancellationQuoteView:
        """Return what cancelling now would refund; the promise holds for 15 minutes."""
        found = parse("bkg", booking_id)
        offer = await operations.quote_cancellation(principal=principal, booking_id=found, now=clock.now())
        return CancellationQuoteView.of(offer)

    @post(
        "/{booking_id:str}/cancellation",
        guards=[requires("family", "partner"), limited(BOOKING)],
        summary="Cancel · 取消预订",
        operation_id="cancelBooking",
        response_description="The cancelled booking with its refunds",
        status_code=200,
        responses=refusals(CancellationQuoteExpired, IllegalTransition),
    )
    async def cancel(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        booking_id: FromPath[str],
        data: JSONBody[CancellationRequest],
        idempotency_key: IdempotencyKey = None,
    ) -> Response[BookingView]:
        """Cancel at the quoted refund; the money is sent back to where it came from."""
        now = clock.now()
        found = parse("bkg", booking_id)
        key = await key_of(request, principal=principal.id, value=idempotency_key)

        async def perform() -> Answer:
            await operations.cancel(
                principal=principal,
                booking_id=found,
                cancellation_quote_id=parse("cnq", data.cancellation_quote_id),
                now=now,
            )
            return Answer(status=200, body=msgspec.json.encode(await _view(principal, found, now=now)))

        return respond(await idempotency.once(key, perform, now=now))


async def _view(principal: Principal, booking_id: UUID, *, now: datetime) -> BookingView:
    record = await queries.booking(principal=principal, booking_id=booking_id, now=now)
    return BookingView.of(record, actor=principal.kind, now=now)


@asynccontextmanager
async def _fresh_quote_on_refusal(*, principal: Principal, quote_id: UUID, now: datetime) -> AsyncIterator[None]:
    """Let a quote that can no longer be used be refused together with a new one for the same wish.

    The refusal has rolled its transaction back, so the new quote is written in one of its own.
    """
    try:
        yield
    except (QuoteExpired, QuoteUsed, PriceChanged) as refusal:
        fresh = await operations.requote(principal=principal, quote_id=quote_id, now=now)
        refusal.facts["quote"] = QuoteView.of(fresh) if fresh else None
        raise
