"""The routes of inventory: anyone may look, an institution sets its own nights."""

from datetime import date
from typing import Annotated

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.inventory import operations, queries
from marketplace.inventory.errors import UnitsBelowTaken
from marketplace.inventory.rules import AVAILABILITY_NIGHTS_DEFAULT, HORIZON_NIGHTS, window
from marketplace.inventory.schemas import AvailabilityView, NightsInput, NightsSet
from marketplace.kit import clock
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import GENERAL, SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse


class Availabilities(Controller):
    """What could be booked, night by night."""

    path = "/v1/institutions"
    tags = ("institutions",)

    @get(
        "/{institution_id:str}/availability",
        summary="Nights that can be had · 房态",
        operation_id="getAvailability",
        response_description="The nights of each room type that are on sale, in order",
        guards=[limited(SEARCH)],
        middleware=[ETag()],
    )
    async def show(
        self,
        institution_id: FromPath[str],
        from_: Annotated[
            date | None, QueryParameter(name="from", description="First night; today when left out.")
        ] = None,
        to: Annotated[
            date | None,
            QueryParameter(
                description=f"The day after the last night, at most {HORIZON_NIGHTS} nights on;"
                f" {AVAILABILITY_NIGHTS_DEFAULT} when left out."
            ),
        ] = None,
    ) -> AvailabilityView:
        """Return free units, price and shortest stay of each room type and night; holds that have lapsed count as free."""
        now = clock.now()
        first, end = window(from_, to, today=clock.local_date(now))
        found = await queries.availability(institution_id=parse("ins", institution_id), first=first, end=end, now=now)
        return AvailabilityView.of(found)


class RoomTypeNights(Controller):
    """What an institution puts on sale: availability, rates and inventory (ARI)."""

    path = "/v1/room-types"
    tags = ("institutions",)
    guards = (requires("institution"), limited(GENERAL))

    @put(
        "/{room_type_id:str}/ari",
        summary="Set units, prices and restrictions · 房量房价",
        operation_id="setRoomTypeNights",
        response_description="The nights now are as asked",
        responses=refusals(UnitsBelowTaken),
    )
    async def set_nights(
        self, room_type_id: FromPath[str], principal: NamedDependency[Principal], data: JSONBody[NightsInput]
    ) -> NightsSet:
        """Change many nights at once, all or none; units may not go below what has been taken."""
        found = parse("rmt", room_type_id)
        count = await operations.set_nights(actor=principal, room_type_id=found, ranges=data.asked(), now=clock.now())
        return NightsSet.of(found, count)
