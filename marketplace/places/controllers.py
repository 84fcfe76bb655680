"""The route of places."""

from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.params import QueryParameter

from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.pages import LIMIT_MAX, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.places.errors import UnknownCode
from marketplace.places.queries import list_clusters, list_places
from marketplace.places.rules import check_cluster
from marketplace.places.schemas import PlaceView


class After(msgspec.Struct, frozen=True):
    """The place that a page ended with."""

    code: Annotated[str, msgspec.Meta(pattern="^[a-z-]+$")]


class Places(Controller):
    """Where stays are."""

    path = "/v1/places"
    tags = ("places",)
    security = ({},)

    @get(
        summary="List places with their clusters and climate · 地点",
        operation_id="listPlaces",
        guards=[limited(SEARCH)],
        middleware=[ETag()],
        responses=refusals(UnknownCode, BadCursor),
    )
    async def list_places(
        self,
        cluster: Annotated[
            str | None, QueryParameter(description="Only places of this cluster.", max_length=60)
        ] = None,
        limit: Limit = LIMIT_MAX,
        cursor: Cursor = None,
    ) -> Page[PlaceView]:
        """List the places where institutions are, with mean temperatures by month and how far to trust them."""
        if cluster is not None:
            check_cluster(cluster, await list_clusters())
        after = decode_cursor(cursor, After)
        found = page(
            await list_places(cluster=cluster, after=after.code if after else None, limit=limit),
            limit=limit,
            key=lambda place: After(code=place.code),
        )
        return Page([PlaceView.of(place) for place in found.items], found.next_cursor)
