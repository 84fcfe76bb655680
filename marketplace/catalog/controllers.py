"""The routes of the catalogue: anyone may read them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from litestar import Controller, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from marketplace.catalog import queries
from marketplace.catalog.parameters import filters
from marketplace.catalog.rules import Filters, check_filters
from marketplace.catalog.schemas import INSTITUTION, PICTURE, InstitutionDetail, InstitutionView, Parts, detail, view
from marketplace.kit import clock
from marketplace.kit.errors import NotFound
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.places.errors import UnknownCode
from marketplace.places.queries import places_by_code
from marketplace.places.rules import Place

IMMUTABLE = "public, max-age=31536000, immutable"
SUFFIX = ".svg"


class Institutions(Controller):
    """Certified institutions."""

    path = "/v1/institutions"
    tags = ("institutions",)
    security = ({},)
    guards = (limited(SEARCH),)

    @get(
        summary="Find certified institutions · 查找机构",
        operation_id="listInstitutions",
        dependencies={"asked": Provide(filters, sync_to_thread=False)},
        middleware=[ETag()],
        responses=refusals(UnknownCode, BadCursor),
    )
    async def index(
        self,
        asked: NamedDependency[Filters],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Page[InstitutionView]:
        """List institutions that may be booked now, each with its live certification.

        With q, a hit in the name comes before one in the place and that before any other; then the nearest when near is
        given; then the better public grade. Nobody can pay for a better position.
        """
        places = await places_by_code()
        rows = await queries.search(
            filters=check_filters(asked, places),
            after=decode_cursor(cursor, queries.SortKey),
            limit=limit,
            now=_this_minute(),
        )
        found = page(rows, limit=limit, key=lambda row: row.key)
        parts = await _parts([row.listed.institution.id for row in found.items], places)
        items = [view(row.listed, parts, distance_m=row.distance_m) for row in found.items]
        return Page(items, found.next_cursor)

    @get(
        "/{institution_id:str}",
        summary="Read an institution · 查看机构",
        operation_id="getInstitution",
        middleware=[ETag()],
    )
    async def show(self, institution_id: FromPath[str]) -> InstitutionDetail:
        """Return an institution in full, also while it cannot be booked: ``bookable`` and the certification say so."""
        found = await queries.listing(parse(INSTITUTION, institution_id), now=_this_minute())
        return detail(found, await _parts([found.institution.id], await places_by_code()))


class Pictures(Controller):
    """Pictures of institutions."""

    path = "/v1/media"
    tags = ("institutions",)
    security = ({},)

    @get(
        "/{file_name:str}",
        summary="Read a picture · 图片",
        operation_id="getPicture",
        response_description="The drawing",
        media_type="image/svg+xml",
        guards=[limited(SEARCH)],
    )
    async def show(self, file_name: FromPath[str]) -> Response[str]:
        """Return the picture ``{id}.svg``; it never changes, so it may be kept for ever."""
        if not file_name.endswith(SUFFIX):
            raise NotFound
        svg = await queries.picture(parse(PICTURE, file_name.removesuffix(SUFFIX)))
        return Response(svg, media_type="image/svg+xml", headers={"Cache-Control": IMMUTABLE})


def _this_minute() -> datetime:
    """Return the minute that has begun: ``checked_at`` is never later than the check, and ETags outlive a second."""
    return clock.now().replace(second=0, microsecond=0)


async def _parts(institution_ids: Sequence[UUID], places: dict[str, Place]) -> Parts:
    return Parts(
        places=places,
        room_types=await queries.room_types_of_many(institution_ids),
        pictures=await queries.pictures_of(institution_ids),
    )
