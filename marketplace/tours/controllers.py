"""The routes of tours: anyone may read them; seats are quoted and booked like stays."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.openapi.spec import Example
from litestar.params import FromPath, QueryParameter

from marketplace.catalog.queries import room_types
from marketplace.certifications.queries import snapshots
from marketplace.institutions.queries import get_many
from marketplace.kit import clock
from marketplace.kit.errors import NotFound
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.pricing.rules import CancellationPolicy, QuoteKind, policy_on
from marketplace.tours import queries
from marketplace.tours.rules import Departure, TourKind
from marketplace.tours.schemas import DEPARTURE_PREFIX, TOUR, DepartureView, Parts, TourView

Kind = Annotated[TourKind | None, QueryParameter(description="Only this kind: 定制 custom, 专列 train, 家庭 family.")]


class Tours(Controller):
    """Tours as products."""

    path = "/v1/tours"
    tags = ("tours",)
    guards = (limited(SEARCH),)

    @get(
        summary="List group tours · 团队旅居产品",
        operation_id="listTours",
        middleware=[ETag()],
        responses=refusals(BadCursor),
        response_description="Tours with their itineraries and terms.",
    )
    async def index(self, kind: Kind = None, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None) -> Page[TourView]:
        """List tours, each with its organiser's licence, itinerary, inclusions and terms of cancelling."""
        rows = await queries.list_tours(kind=kind, after=decode_cursor(cursor, UUID), limit=limit)
        found, terms = page(rows, limit=limit, key=lambda tour: tour.id), _terms(clock.now())
        return Page([TourView.of(tour, terms) for tour in found.items], found.next_cursor)

    @get(
        "/{tour_id:str}",
        summary="Read a group tour · 查看产品",
        operation_id="getTour",
        middleware=[ETag()],
        response_description="The tour.",
    )
    async def show(self, tour_id: FromPath[str]) -> TourView:
        """Return a tour in full."""
        return TourView.of(await queries.tour(parse(TOUR, tour_id)), _terms(clock.now()))


class Departures(Controller):
    """Dated tours."""

    path = "/v1/departures"
    tags = ("tours",)
    guards = (limited(SEARCH),)

    @get(
        summary="List departures on sale · 团期",
        operation_id="listDepartures",
        middleware=[ETag()],
        responses=refusals(NotFound, BadCursor),
        response_description="Departures that may be booked, the next one first.",
    )
    async def index(  # noqa: PLR0913 - each filter is a query parameter of its own.
        self,
        *,
        tour: Annotated[
            str | None,
            QueryParameter(description="Only this tour.", examples=[Example(value=f"tor_{'0' * 31}1")]),
        ] = None,
        kind: Kind = None,
        from_: Annotated[date | None, QueryParameter(name="from", description="First day of check-in.")] = None,
        to: Annotated[date | None, QueryParameter(description="Last day of check-in.")] = None,
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Page[DepartureView]:
        """List departures on sale in at least one certified institution, with its hosts and their live certification."""
        now = _this_minute()
        rows = await queries.list_departures(
            tour_id=parse(TOUR, tour) if tour is not None else None,
            kind=kind,
            first=from_,
            last=to,
            after=decode_cursor(cursor, queries.DepartureKey),
            limit=limit,
            now=now,
        )
        found = page(rows, limit=limit, key=lambda departure: (departure.check_in, departure.id))
        return Page(await _views(found.items, now=now), found.next_cursor)

    @get(
        "/{departure_id:str}",
        summary="Read a departure · 查看团期",
        operation_id="getDeparture",
        middleware=[ETag()],
        response_description="The departure with its hosts and their live certification.",
    )
    async def show(self, departure_id: FromPath[str]) -> DepartureView:
        """Return a departure, whatever has become of it: ``status`` and ``on_sale`` say so."""
        now = _this_minute()
        found = await queries.departure(parse(DEPARTURE_PREFIX, departure_id), now=now)
        return (await _views([found], now=now))[0]


def _this_minute() -> datetime:
    """Return the minute that has begun: ``checked_at`` is never later than the check, and ETags outlive a second."""
    return clock.now().replace(second=0, microsecond=0)


def _terms(now: datetime) -> CancellationPolicy:
    return policy_on(clock.local_date(now)).cancellation[QuoteKind.TOUR]


async def _views(departures: Sequence[Departure], *, now: datetime) -> list[DepartureView]:
    """Show departures with what belongs to them: four queries, however many there are."""
    blocks = [block for departure in departures for block in departure.blocks]
    institution_ids = {block.institution_id for block in blocks}
    parts = Parts(
        tours=await queries.tours_by_id({departure.tour_id for departure in departures}),
        institutions=await get_many(institution_ids),
        room_types=await room_types({block.room_type_id for block in blocks}),
        certifications=await snapshots(institution_ids, now=now),
    )
    return [DepartureView.of(departure, parts, now=now) for departure in departures]
