"""What a search may say in its query; each part is gathered by a dependency of its own."""

from datetime import date
from typing import Annotated

from litestar.di import Provide
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from marketplace.catalog.parameters import filters
from marketplace.inventory.rules import HORIZON_NIGHTS, STAY_NIGHTS_MAX, Gender
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
    gender: Annotated[
        Gender | None,
        QueryParameter(
            description="The guests' gender. On exact dates, women or men are then also shown beds in rooms that guests"
            " of the same gender share already; everybody else only beds in rooms that nobody has yet."
        ),
    ] = None,
) -> Party:
    """Gather who travels."""
    return Party(guests=guests, rooms=rooms, gender=gender)


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
