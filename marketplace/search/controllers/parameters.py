"""What a search may say in its query; each part is gathered by a dependency of its own."""

from datetime import date
from typing import Annotated

from litestar.di import Provide
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from marketplace.catalog.rules import SERVICES, Filters, SoldBy, parse_near, parse_services
from marketplace.catalog.rules.filters import NEAR_PATTERN, RADIUS_KM_MAX
from marketplace.inventory.rules import HORIZON_NIGHTS, STAY_NIGHTS_MAX
from marketplace.kit import clock
from marketplace.search.rules import (
    GUESTS_PER_ROOM_MAX,
    ORIGINS,
    Climate,
    Party,
    Prefer,
    Window,
    origin_of,
    read_window,
)

GUESTS_MAX = 400
PRICE_MAX = 10**12


def window(  # noqa: PLR0913 - each is a query parameter of its own.
    *,
    check_in: Annotated[date | None, QueryParameter(description="The first night, with check_out.")] = None,
    check_out: Annotated[
        date | None,
        QueryParameter(
            description=f"The day of departure, at most {STAY_NIGHTS_MAX} nights on.",
            examples=[Example(value="2027-07-01")],
        ),
    ] = None,
    from_: Annotated[
        date | None,
        QueryParameter(name="from", description="Flexible: the first night that would do, with to and nights."),
    ] = None,
    to: Annotated[
        date | None,
        QueryParameter(
            description=f"Flexible: the last day of departure that would do, at most {HORIZON_NIGHTS} nights on.",
            examples=[Example(value="2027-09-10")],
        ),
    ] = None,
    nights: Annotated[
        # Litestar enforces no bounds of a parameter that it also documents: the rule refuses what is impossible.
        int | None,
        QueryParameter(
            description=f"Flexible: how many nights, 1 to {STAY_NIGHTS_MAX}.",
            examples=[Example(value=30)],
            schema_extra={"minimum": 1, "maximum": STAY_NIGHTS_MAX},
        ),
    ] = None,
    prefer: Annotated[
        Prefer | None,
        QueryParameter(
            description="Flexible: which dates are chosen among those that would do; earliest when left out."
        ),
    ] = None,
) -> Window:
    """Gather the dates. Refuses: Invalid naming the parameter."""
    return read_window(
        check_in=check_in,
        check_out=check_out,
        first=from_,
        end=to,
        nights=nights,
        prefer=prefer,
        today=clock.local_date(clock.now()),
    )


def filters(  # noqa: PLR0913 - each is a query parameter of its own.
    *,
    cluster: Annotated[
        str | None,
        QueryParameter(description="Code of a cluster.", max_length=60, examples=[Example(value="changbaishan")]),
    ] = None,
    place: Annotated[
        str | None,
        QueryParameter(description="Code of a place.", max_length=60, examples=[Example(value="erdaobaihe")]),
    ] = None,
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
    q: Annotated[
        str | None,
        QueryParameter(
            description="Text: Chinese, pinyin, initials or English; all of it must be found.",
            min_length=1,
            max_length=80,
            examples=[Example(value="温泉"), Example(value="hunchun")],
        ),
    ] = None,
) -> Filters:
    """Gather what an institution must have; whether codes exist is checked against the places. Refuses: Invalid."""
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


def party(
    *,
    guests: Annotated[
        int,
        QueryParameter(description=f"How many travel, at most {GUESTS_PER_ROOM_MAX} per room.", ge=1, le=GUESTS_MAX),
    ] = 1,
    rooms: Annotated[
        int | None,
        QueryParameter(description="How many rooms; as few as the guests fit into when left out.", ge=1, le=50),
    ] = None,
) -> Party:
    """Gather who travels."""
    return Party(guests=guests, rooms=rooms)


def climate(
    *,
    origin: Annotated[
        str | None,
        QueryParameter(
            description=f"Where the guests live, for climate relief: {', '.join(ORIGINS)}.",
            max_length=60,
            examples=[Example(value="wuhan")],
        ),
    ] = None,
    relief_min: Annotated[
        float | None,
        QueryParameter(
            description="At least this many °C cooler than origin, over the nights of the stay.",
            ge=-60,
            le=60,
            examples=[Example(value=6)],
        ),
    ] = None,
) -> Climate:
    """Gather how much cooler it must be. Refuses: UnknownCode."""
    return Climate(origin=origin_of(origin), relief_min=None if relief_min is None else round(relief_min * 100))


DEPENDENCIES = {
    "window": Provide(window, sync_to_thread=False),
    "filters": Provide(filters, sync_to_thread=False),
    "party": Provide(party, sync_to_thread=False),
    "climate": Provide(climate, sync_to_thread=False),
}
