"""The routes of inventory: anyone may look, an institution sets its own nights."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.inventory import operations, queries
from marketplace.inventory.errors import CompanionBedsBelowTaken, NotAvailable, RoomInUse, UnitsBelowTaken
from marketplace.inventory.rules import AVAILABILITY_NIGHTS_DEFAULT, HORIZON_NIGHTS, window
from marketplace.inventory.schemas import (
    AvailabilityView,
    NightsInput,
    NightsSet,
    OutOfServiceInput,
    OutOfServiceView,
    RoomsInput,
    RoomView,
)
from marketplace.kit import clock
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import GENERAL, SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import Page


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
        responses=refusals(UnitsBelowTaken, CompanionBedsBelowTaken),
    )
    async def set_nights(
        self, room_type_id: FromPath[str], principal: NamedDependency[Principal], data: JSONBody[NightsInput]
    ) -> NightsSet:
        """Change many nights at once, all or none; units may not go below what has been taken."""
        found = parse("rmt", room_type_id)
        count = await operations.set_nights(actor=principal, room_type_id=found, ranges=data.asked(), now=clock.now())
        return NightsSet.of(found, count)

    @post(
        "/{room_type_id:str}/out-of-service",
        summary="Take units out of service · 停用房间",
        operation_id="takeOutOfService",
        responses=refusals(NotAvailable, RoomInUse),
    )
    async def take_out_of_service(
        self, room_type_id: FromPath[str], principal: NamedDependency[Principal], data: JSONBody[OutOfServiceInput]
    ) -> OutOfServiceView:
        """Set units aside that nobody can live in; refused by the first night on which too few are left unsold."""
        taken = await operations.take_out_of_service(
            actor=principal,
            room_type_id=parse("rmt", room_type_id),
            first=data.from_,
            end=data.to,
            unit_count=data.units,
            reason=data.reason,
            room_number=data.room,
            now=clock.now(),
        )
        return OutOfServiceView.of(taken)

    @get(
        "/{room_type_id:str}/out-of-service",
        summary="List units out of service · 停用列表",
        operation_id="listOutOfService",
    )
    async def out_of_service(
        self, room_type_id: FromPath[str], principal: NamedDependency[Principal]
    ) -> Page[OutOfServiceView]:
        """Return the units that are out of service today or later, in order of their nights."""
        found = await queries.out_of_service(
            principal=principal, room_type_id=parse("rmt", room_type_id), today=clock.local_date(clock.now())
        )
        return Page(items=[OutOfServiceView.of(one) for one in found])

    @delete(
        "/{room_type_id:str}/out-of-service/{outage_id:str}",
        summary="Return units to service · 恢复使用",
        operation_id="returnToService",
        status_code=204,
        response_description="The units can be sold again.",
    )
    async def return_to_service(
        self, room_type_id: FromPath[str], outage_id: FromPath[str], principal: NamedDependency[Principal]
    ) -> None:
        """Sell the units again, on all of their nights."""
        await operations.return_to_service(
            actor=principal, room_type_id=parse("rmt", room_type_id), outage_id=parse("oos", outage_id), now=clock.now()
        )

    @put(
        "/{room_type_id:str}/rooms",
        summary="Say which rooms there are · 设置房间",
        operation_id="setRooms",
        responses=refusals(RoomInUse),
    )
    async def set_rooms(
        self, room_type_id: FromPath[str], principal: NamedDependency[Principal], data: JSONBody[RoomsInput]
    ) -> Page[RoomView]:
        """Replace the list of rooms. Rooms are given to guests around check-in; until then only their number is sold."""
        found = parse("rmt", room_type_id)
        await operations.set_rooms(actor=principal, room_type_id=found, drafts=data.drafts(), now=clock.now())
        return await self._rooms(found, principal)

    @get("/{room_type_id:str}/rooms", summary="List rooms · 房间列表", operation_id="listRooms")
    async def rooms(self, room_type_id: FromPath[str], principal: NamedDependency[Principal]) -> Page[RoomView]:
        """Return the rooms of a room type, neighbours next to each other."""
        return await self._rooms(parse("rmt", room_type_id), principal)

    async def _rooms(self, room_type_id: UUID, principal: Principal) -> Page[RoomView]:
        found = await queries.rooms(principal=principal, room_type_id=room_type_id)
        return Page(items=[RoomView.of(room) for room in found])
