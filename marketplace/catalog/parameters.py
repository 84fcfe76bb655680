"""What may be asked of an institution in a query: the filters of the catalogue, and of the search for stays."""

from typing import Annotated

from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from marketplace.catalog.rules import SERVICES, Filters, SoldBy, parse_near, parse_services
from marketplace.catalog.rules.filters import NEAR_PATTERN, RADIUS_KM_MAX


def filters(  # noqa: PLR0913 - each filter is a query parameter of its own.
    *,
    cluster: Annotated[
        str | None,
        QueryParameter(description="Code of a cluster.", max_length=60, examples=[Example(value="changbaishan")]),
    ] = None,
    place: Annotated[
        str | None,
        QueryParameter(description="Code of a place.", max_length=60, examples=[Example(value="erdaobaihe")]),
    ] = None,
    q: Annotated[
        str | None,
        QueryParameter(
            description="Text: Chinese, pinyin, initials or English; all of it must be found.",
            min_length=1,
            max_length=80,
            examples=[Example(value="温泉"), Example(value="hunchun")],
        ),
    ] = None,
    service: Annotated[
        list[str] | None,
        QueryParameter(
            description=f"Repeatable; every one must be offered: {', '.join(SERVICES)}.",
            max_items=len(SERVICES),
            examples=[Example(value=["hot_spring"])],
        ),
    ] = None,
    ability_level: Annotated[
        int | None,
        # Litestar leaves a bound of zero out of the document, so it is said again.
        QueryParameter(
            description="GB/T 42195; 0 is able, 4 completely dependent.", ge=0, le=4, schema_extra={"minimum": 0}
        ),
    ] = None,
    grade_min: Annotated[int | None, QueryParameter(description="The lowest public grade, 1–5.", ge=1, le=5)] = None,
    sold_by: Annotated[SoldBy | None, QueryParameter(description="By whole room or by single bed.")] = None,
    near: Annotated[
        str | None,
        QueryParameter(
            description="latitude,longitude in WGS-84.",
            max_length=60,
            schema_extra={"pattern": NEAR_PATTERN},
            examples=[Example(value="42.41,128.12")],
        ),
    ] = None,
    radius_km: Annotated[
        float | None,
        QueryParameter(
            description="Only within this distance of near.",
            gt=0,
            le=RADIUS_KM_MAX,
            schema_extra={"exclusiveMinimum": 0},
        ),
    ] = None,
) -> Filters:
    """Gather the filters of a search; whether their codes exist is checked against the places. Refuses: Invalid."""
    return Filters(
        cluster=cluster,
        place=place,
        text=q,
        services=parse_services(service),
        ability_level=ability_level,
        grade_min=grade_min,
        sold_by=sold_by,
        near=parse_near(near),
        radius_km=radius_km,
    )
