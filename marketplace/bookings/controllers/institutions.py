"""What an institution does with the bookings it hosts."""

from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.bookings import operations, queries
from marketplace.bookings.errors import BalanceUnpaid, TooEarly
from marketplace.bookings.schemas import BookingView, InstitutionCancellationRequest, InstitutionCancellationView
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock, idempotency
from marketplace.kit.errors import IllegalTransition, invalid
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.http.replays import IdempotencyKey, key_of, respond
from marketplace.kit.idempotency import Answer
from marketplace.kit.ids import parse
from marketplace.kit.pages import Page

ARRIVAL_DAYS_MAX = 92
WEEK = timedelta(days=6)  # Today and six more.


class FrontDesk(Controller):
    """Arrivals, acknowledgement, check-in and check-out, and the stays that cannot be honoured."""

    tags = ("bookings",)
    guards = (requires("institution"), limited(GENERAL))

    @get(
        "/v1/arrivals",
        summary="Who arrives · 到店名单",
        operation_id="listArrivals",
        response_description="Confirmed bookings by their day of check-in",
    )
    async def arrivals(
        self,
        principal: NamedDependency[Principal],
        first: Annotated[
            date | None, QueryParameter(name="from", description="First day; today when left out.")
        ] = None,
        last: Annotated[
            date | None, QueryParameter(name="to", description=f"Last day, at most {ARRIVAL_DAYS_MAX} days on.")
        ] = None,
    ) -> Page[BookingView]:
        """Return the confirmed bookings that begin between two local dates: today and the next six days by default."""
        now = clock.now()
        first = first or clock.local_date(now)
        last = last or min(first, date.max - WEEK) + WEEK
        if not timedelta() <= last - first <= timedelta(days=ARRIVAL_DAYS_MAX):
            raise invalid("to", zh="日期范围无效（最多 92 天）", en="Use a range of at most 92 days.")
        records = await queries.arrivals(principal=principal, first=first, last=last, now=now)
        return Page(items=[BookingView.of(record, actor=principal.kind, now=now) for record in records])

    @post(
        "/v1/bookings/{booking_id:str}/acknowledgement",
        status_code=200,
        summary="Acknowledge a booking · 确认接待",
        operation_id="acknowledgeBooking",
        response_description="The acknowledged booking",
        responses=refusals(IllegalTransition),
    )
    async def acknowledge(self, principal: NamedDependency[Principal], booking_id: FromPath[str]) -> BookingView:
        """Tell the guests that their stay is being prepared."""
        found, now = parse("bkg", booking_id), clock.now()
        await operations.acknowledge(principal=principal, booking_id=found, now=now)
        return await self._view(principal, booking_id)

    @post(
        "/v1/bookings/{booking_id:str}/check-in",
        status_code=200,
        summary="Check guests in · 办理入住",
        operation_id="checkIn",
        response_description="The booking, checked in",
        responses=refusals(IllegalTransition, TooEarly, BalanceUnpaid),
    )
    async def check_in(self, principal: NamedDependency[Principal], booking_id: FromPath[str]) -> BookingView:
        """Receive the guests on or after the first day of a stay that is paid in full."""
        found, now = parse("bkg", booking_id), clock.now()
        await operations.check_in(principal=principal, booking_id=found, now=now)
        return await self._view(principal, booking_id)

    @post(
        "/v1/bookings/{booking_id:str}/check-out",
        status_code=200,
        summary="Check guests out · 办理退房",
        operation_id="checkOut",
        response_description="The booking, completed",
        responses=refusals(IllegalTransition),
    )
    async def check_out(self, principal: NamedDependency[Principal], booking_id: FromPath[str]) -> BookingView:
        """End the stay."""
        found, now = parse("bkg", booking_id), clock.now()
        await operations.check_out(principal=principal, booking_id=found, now=now)
        return await self._view(principal, booking_id)

    @post(
        "/v1/bookings/{booking_id:str}/institution-cancellation",
        status_code=200,
        summary="Cancel a stay that cannot be honoured · 机构取消",
        operation_id="cancelAsInstitution",
        response_description="What goes back to the guest",
        responses=refusals(IllegalTransition),
    )
    async def cancel(
        self,
        request: Request[Any, Any, Any],
        principal: NamedDependency[Principal],
        booking_id: FromPath[str],
        data: JSONBody[InstitutionCancellationRequest],
        idempotency_key: IdempotencyKey = None,
    ) -> Response[InstitutionCancellationView]:
        """Cancel a confirmed stay for the institution's own cause: all goes back, the guest is told, civil affairs counts it.

        Two such cancellations within ninety days call for an assessment.
        """
        now = clock.now()
        key = await key_of(request, principal=principal.id, value=idempotency_key)

        async def perform() -> Answer:
            found = await operations.cancel_by_institution(
                principal=principal, booking_id=parse("bkg", booking_id), cause=data.cause, now=now
            )
            return Answer(status=200, body=msgspec.json.encode(InstitutionCancellationView.of(found)))

        return respond(await idempotency.once(key, perform, now=now))

    async def _view(self, principal: Principal, booking_id: str) -> BookingView:
        now = clock.now()
        record = await queries.booking(principal=principal, booking_id=parse("bkg", booking_id), now=now)
        return BookingView.of(record, actor=principal.kind, now=now)
