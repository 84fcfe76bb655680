"""What is charged beside the booked price: staying longer, and what an institution asks its guests for."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.bookings import operations, queries
from marketplace.bookings.controllers.guests import UNSELLABLE
from marketplace.bookings.errors import ChargeOpen, ExtensionImpossible, NoExtensionQuote
from marketplace.bookings.schemas import AdjustmentRequest, ChargeView, ExtensionQuoteRequest, ExtensionRequest
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock, idempotency
from marketplace.kit.errors import IllegalTransition
from marketplace.kit.http.limits import BOOKING, GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.http.replays import IdempotencyKey, key_of, respond
from marketplace.kit.idempotency import Answer
from marketplace.kit.ids import parse
from marketplace.kit.pages import Page
from marketplace.pricing.errors import PrepaymentUnlawful, PriceChanged, QuoteExpired, QuoteUsed
from marketplace.pricing.schemas import QuoteView


class Charges(Controller):
    """Extensions, and the guests' answers to what they are asked for."""

    path = "/v1/bookings"
    tags = ("bookings",)

    @post(
        "/{booking_id:str}/extension-quotes",
        guards=[requires("family", "partner"), limited(BOOKING)],
        summary="Price staying longer · 延住报价",
        operation_id="createExtensionQuote",
        response_description="The offer for the further nights, good until expires_at",
        responses=refusals(ExtensionImpossible, *UNSELLABLE),
    )
    async def quote(
        self, principal: NamedDependency[Principal], booking_id: FromPath[str], data: JSONBody[ExtensionQuoteRequest]
    ) -> QuoteView:
        """Price further nights for the same party and room type, up to 30 at a time; they are paid at once."""
        found = parse("bkg", booking_id)
        offer = await operations.quote_extension(
            principal=principal, booking_id=found, check_out=data.check_out, now=clock.now()
        )
        return QuoteView.of(offer)

    @post(
        "/{booking_id:str}/extensions",
        guards=[requires("family", "partner"), limited(BOOKING)],
        summary="Stay longer · 延住",
        operation_id="extendStay",
        response_description="The extension; pay its leg before due_at",
        responses=refusals(NoExtensionQuote, ExtensionImpossible, QuoteExpired, QuoteUsed, PriceChanged, *UNSELLABLE),
    )
    async def extend(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        booking_id: FromPath[str],
        data: JSONBody[ExtensionRequest],
        idempotency_key: IdempotencyKey = None,
    ) -> Response[ChargeView]:
        """Hold the further nights for 24 hours. Unpaid they are free again, and the booking stays as it was."""
        now, found = clock.now(), parse("bkg", booking_id)
        key = await key_of(request, principal=principal.id, value=idempotency_key)
        quote_id = parse("quo", data.quote_id)

        async def perform() -> Answer:
            charge_id = await operations.extend_stay(principal=principal, booking_id=found, quote_id=quote_id, now=now)
            return Answer(status=201, body=msgspec.json.encode(await _view(principal, found, charge_id)))

        return respond(await idempotency.once(key, perform, now=now))

    @get(
        "/{booking_id:str}/charges",
        guards=[requires("family", "partner", "institution"), limited(GENERAL)],
        summary="What is charged beside the price · 延住与加收",
        operation_id="listCharges",
        response_description="Extensions and adjustments of the booking, in order",
    )
    async def index(self, principal: NamedDependency[Principal], booking_id: FromPath[str]) -> Page[ChargeView]:
        """Return every extension and adjustment of a booking, ended ones too."""
        rows = await queries.charges(principal=principal, booking_id=parse("bkg", booking_id))
        return Page(items=[ChargeView.of(row, actor=principal.kind) for row in rows])

    @post(
        "/{booking_id:str}/charges/{charge_id:str}/acceptance",
        guards=[requires("family", "partner"), limited(BOOKING)],
        status_code=200,
        summary="Agree to an adjustment · 同意加收",
        operation_id="acceptCharge",
        response_description="The adjustment; pay its leg before due_at",
        responses=refusals(IllegalTransition),
    )
    async def accept(
        self, principal: NamedDependency[Principal], booking_id: FromPath[str], charge_id: FromPath[str]
    ) -> ChargeView:
        """Agree to what the institution asks for; without this nothing is charged."""
        found, charge = parse("bkg", booking_id), parse("chg", charge_id)
        await operations.accept_charge(principal=principal, booking_id=found, charge_id=charge, now=clock.now())
        return await _view(principal, found, charge)

    @post(
        "/{booking_id:str}/charges/{charge_id:str}/refusal",
        guards=[requires("family", "partner"), limited(BOOKING)],
        status_code=200,
        summary="Refuse an adjustment · 不同意加收",
        operation_id="refuseCharge",
        response_description="The adjustment, refused",
        responses=refusals(IllegalTransition),
    )
    async def refuse(
        self, principal: NamedDependency[Principal], booking_id: FromPath[str], charge_id: FromPath[str]
    ) -> ChargeView:
        """Say no: nothing is charged, and the stay is as it was booked."""
        found, charge = parse("bkg", booking_id), parse("chg", charge_id)
        await operations.refuse_charge(principal=principal, booking_id=found, charge_id=charge, now=clock.now())
        return await _view(principal, found, charge)


class Adjustments(Controller):
    """What an institution asks for beside the price."""

    path = "/v1/bookings"
    tags = ("bookings",)
    guards = (requires("institution"), limited(GENERAL))

    @post(
        "/{booking_id:str}/adjustments",
        summary="Ask for something beside the price · 申请加收",
        operation_id="proposeAdjustment",
        response_description="The adjustment; it waits for the guests' word",
        responses=refusals(IllegalTransition, PrepaymentUnlawful, ChargeOpen),
    )
    async def propose(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        booking_id: FromPath[str],
        data: JSONBody[AdjustmentRequest],
        idempotency_key: IdempotencyKey = None,
    ) -> Response[ChargeView]:
        """Ask the guests to agree to an item at its price; unanswered it lapses after seven days, and nothing is charged.

        押金 and membership fees are refused: no institution here has a verified custody account for them.
        """
        now: datetime = clock.now()
        found = parse("bkg", booking_id)
        key = await key_of(request, principal=principal.id, value=idempotency_key)

        async def perform() -> Answer:
            charge_id = await operations.propose_adjustment(
                principal=principal,
                booking_id=found,
                item=data.item,
                unit_amount=data.unit_amount,
                quantity=data.quantity,
                now=now,
            )
            return Answer(status=201, body=msgspec.json.encode(await _view(principal, found, charge_id)))

        return respond(await idempotency.once(key, perform, now=now))


async def _view(principal: Principal, booking_id: UUID, charge_id: UUID) -> ChargeView:
    rows = await queries.charges(principal=principal, booking_id=booking_id)
    return ChargeView.of(next(row for row in rows if row.id == charge_id), actor=principal.kind)
