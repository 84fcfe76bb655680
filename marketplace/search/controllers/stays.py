"""GET /v1/stays: anyone may search."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from marketplace.catalog import queries as catalog
from marketplace.catalog.rules import Filters
from marketplace.kit import clock
from marketplace.kit.errors import NotFound
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, decode_cursor, encode_cursor
from marketplace.places.errors import UnknownCode
from marketplace.places.queries import places_by_code
from marketplace.places.rules import Place
from marketplace.search import queries
from marketplace.search.controllers.parameters import DEPENDENCIES, PRICE_MAX
from marketplace.search.rules import Asked, Climate, Party, Sort, Window, check_asked
from marketplace.search.schemas import AlternativeView, ExcludedView, FacetsView, Parts, StaysPage, StayView


class Stays(Controller):
    """Finding a stay."""

    path = "/v1/stays"
    tags = ("stays",)
    guards = (limited(SEARCH),)

    @get(
        summary="Find a stay · 查找旅居",
        operation_id="searchStays",
        response_description="What fits, or the nearest that does",
        dependencies=DEPENDENCIES,
        middleware=[ETag()],
        responses=refusals(NotFound, UnknownCode, BadCursor),
    )
    async def index(  # noqa: PLR0913, PLR0917 - each is a query parameter or a group of them.
        self,
        window: NamedDependency[Window],
        filters: NamedDependency[Filters],
        party: NamedDependency[Party],
        climate: NamedDependency[Climate],
        price_max: Annotated[
            int | None, QueryParameter(description="The most that the whole stay may cost, in fen.", ge=1, le=PRICE_MAX)
        ] = None,
        institution_id: Annotated[
            str | None,
            QueryParameter(description="Only this institution; when it does not fit, excluded_because says why."),
        ] = None,
        sort: Annotated[Sort, QueryParameter(description="distance needs near, relief needs origin.")] = "recommended",
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> StaysPage:
        """Find institutions that may be booked now and have room: on exact dates, or at best within a flexible window.

        Give `check_in` and `check_out`, or `from`, `to` and `nights`. Prices are those of a quote made at this moment.
        Relief is the mean over the nights of the stay; `confidence` says how far to trust it. The recommended order is
        a sum of published points: 12 for each grade, 20 for text in the name, 20 near the point, 2 for each °C cooler,
        −15 under restriction; nobody can pay for it. When nothing fits, `alternatives` are the nearest stays, with
        what would have to change.
        """
        now, places = clock.now(), await places_by_code()
        asked = check_asked(
            Asked(
                window=window,
                filters=filters,
                party=party,
                price_max=price_max,
                origin=climate.origin,
                relief_min=climate.relief_min,
                institution_id=parse("ins", institution_id) if institution_id is not None else None,
                sort=sort,
            ),
            places,
        )
        answer = await queries.search(
            asked=asked, places=places, after=decode_cursor(cursor, queries.SortKey), limit=limit, now=now
        )
        reasons = []
        if asked.institution_id is not None and answer.total_count == 0:
            reasons = await queries.why_excluded(asked=asked, places=places, now=now)
        parts = await _parts(answer, places, now)
        return StaysPage(
            items=[StayView.of(match, asked, parts) for match in answer.matches],
            next_cursor=None if answer.next is None else encode_cursor(answer.next),
            total_count=answer.total_count,
            facets=FacetsView.of(answer.facets, places),
            alternatives=[AlternativeView.of(one, asked, parts) for one in answer.alternatives],
            excluded_because=[ExcludedView.of(reason) for reason in reasons],
        )


async def _parts(answer: queries.Answer, places: Mapping[str, Place], now: datetime) -> Parts:
    """Read what is shown of institutions; ``checked_at`` is the minute that has begun, so that ETags outlive a second."""
    this_minute = now.replace(second=0, microsecond=0)
    return Parts(
        places=places,
        listings=await catalog.listings(answer.institution_ids, now=this_minute),
        room_types=await catalog.room_types(answer.room_type_ids),
        pictures=await catalog.pictures_of(answer.institution_ids),
    )
