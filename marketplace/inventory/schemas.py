"""Nights on the wire: what a guest sees, and what an institution says."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from marketplace.inventory.rules import (
    HORIZON_NIGHTS,
    LEAD_DAYS_MAX,
    STAY_NIGHTS_MAX,
    Availability,
    Beside,
    Night,
    NightRange,
    OutOfService,
    Room,
    RoomDraft,
    RoomNights,
)
from marketplace.kit.errors import invalid
from marketplace.kit.ids import pattern, wire
from marketplace.kit.money import Money

CURRENCY = "CNY"
RoomNumber = Annotated[str, msgspec.Meta(min_length=1, max_length=20, examples=["301"])]
Wing = Annotated[str, msgspec.Meta(min_length=1, max_length=40, examples=["东楼三层"])]


class NightView(msgspec.Struct, frozen=True):
    """One night: how many units can still be had, the price of one, and which stays may begin or end on it.

    ``min_stay``, ``max_stay``, ``lead_days`` and ``closed_to_arrival`` are for stays that begin on the night, and
    ``closed_to_departure`` for stays that end on its date.
    """

    date: date
    available_units: Annotated[int, msgspec.Meta(ge=0, examples=[3])]
    price: Money
    min_stay: Annotated[int, msgspec.Meta(ge=1, examples=[1])]
    max_stay: Annotated[int, msgspec.Meta(ge=1, le=STAY_NIGHTS_MAX, examples=[STAY_NIGHTS_MAX])]
    lead_days: Annotated[int, msgspec.Meta(ge=0, examples=[0])]
    closed_to_arrival: bool
    closed_to_departure: bool
    closed: bool
    companion_beds: Annotated[
        int | None, msgspec.Meta(examples=[2], description="Companion beds left; null: one for each unit.")
    ]
    beside_women: Annotated[
        int,
        msgspec.Meta(
            ge=0, examples=[0], description="Further beds left in rooms that women share; 0 where rooms are not shared."
        ),
    ]
    beside_men: Annotated[
        int, msgspec.Meta(ge=0, examples=[0], description="Further beds left in rooms that men share.")
    ]

    @classmethod
    def of(cls, night: Night, beside: Beside | None = None) -> "NightView":
        """Write a night."""
        return cls(
            date=night.night,
            available_units=night.available_count,
            price=Money(night.price_amount, CURRENCY),
            min_stay=night.min_stay_count,
            max_stay=night.max_stay_count,
            lead_days=night.lead_day_count,
            closed_to_arrival=night.closed_to_arrival,
            closed_to_departure=night.closed_to_departure,
            closed=night.closed,
            companion_beds=night.companion_beds_left,
            beside_women=beside.women_count if beside else 0,
            beside_men=beside.men_count if beside else 0,
        )


class RoomNightsView(msgspec.Struct, frozen=True):
    """A room type and its nights in order; a night that is not listed is not on sale."""

    room_type_id: Annotated[str, msgspec.Meta(pattern=pattern("rmt"))]
    name: str
    name_en: str
    nights: list[NightView]

    @classmethod
    def of(cls, found: RoomNights) -> "RoomNightsView":
        """Write a room type's nights."""
        return cls(
            room_type_id=wire("rmt", found.room_type.id),
            name=found.room_type.name,
            name_en=found.room_type.name_en,
            nights=[NightView.of(night, found.beside.get(night.night)) for night in found.nights],
        )


class AvailabilityView(msgspec.Struct, frozen=True):
    """The nights ``[from, to)`` of every room type. Only a booking holds a room; this is what could be had just now."""

    institution_id: Annotated[str, msgspec.Meta(pattern=pattern("ins"))]
    bookable: bool
    from_: date = msgspec.field(name="from")
    to: date
    room_types: list[RoomNightsView]

    @classmethod
    def of(cls, found: Availability) -> "AvailabilityView":
        """Write an availability."""
        return cls(
            institution_id=wire("ins", found.institution_id),
            bookable=found.bookable,
            from_=found.first,
            to=found.end,
            room_types=[RoomNightsView.of(one) for one in found.room_types],
        )


class NightRangeInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds on the nights ``[from, to)``. What is left out stays as it is; new nights need units and price.

    ``max_stay`` 180 and ``lead_days`` 0 restrict nothing. ``companion_beds`` is how many there are; until it has been
    said, every unit may have one. Beds of shared rooms are sold by whole rooms.
    """

    from_: date = msgspec.field(name="from")
    to: date
    units: Annotated[int, msgspec.Meta(ge=0, le=10_000, examples=[6])] | None = None
    price: Money | None = None
    min_stay: Annotated[int, msgspec.Meta(ge=1, le=STAY_NIGHTS_MAX, examples=[7])] | None = None
    max_stay: Annotated[int, msgspec.Meta(ge=1, le=STAY_NIGHTS_MAX, examples=[90])] | None = None
    lead_days: Annotated[int, msgspec.Meta(ge=0, le=LEAD_DAYS_MAX, examples=[2])] | None = None
    closed_to_arrival: bool | None = None
    closed_to_departure: bool | None = None
    closed: bool | None = None
    companion_beds: Annotated[int, msgspec.Meta(ge=0, le=10_000, examples=[2])] | None = None


class NightsInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ranges of nights, applied all or none. Ranges may not overlap."""

    ranges: Annotated[list[NightRangeInput], msgspec.Meta(min_length=1, max_length=HORIZON_NIGHTS)]

    def asked(self) -> list[NightRange]:
        """Return the ranges as the domain knows them. Refuses: Invalid for another currency."""
        for i, one in enumerate(self.ranges):
            if one.price is not None and one.price.currency != CURRENCY:
                raise invalid(f"ranges.{i}.price.currency", zh="仅支持人民币", en="Prices are in CNY.")
        return [
            NightRange(
                first=one.from_,
                end=one.to,
                unit_count=one.units,
                price_amount=one.price.amount if one.price else None,
                min_stay_count=one.min_stay,
                max_stay_count=one.max_stay,
                lead_day_count=one.lead_days,
                closed_to_arrival=one.closed_to_arrival,
                closed_to_departure=one.closed_to_departure,
                closed=one.closed,
                companion_bed_count=one.companion_beds,
            )
            for one in self.ranges
        ]


class NightsSet(msgspec.Struct, frozen=True):
    """How many nights now are as was asked."""

    room_type_id: Annotated[str, msgspec.Meta(pattern=pattern("rmt"))]
    night_count: Annotated[int, msgspec.Meta(ge=1, examples=[90])]

    @classmethod
    def of(cls, room_type_id: UUID, night_count: int) -> "NightsSet":
        """Write the answer."""
        return cls(room_type_id=wire("rmt", room_type_id), night_count=night_count)


class OutOfServiceInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units that nobody can live in on the nights ``[from, to)``; the reason is for the institution, not for guests.

    ``room`` says which one it is, when it is one.
    """

    from_: date = msgspec.field(name="from")
    to: date
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200, examples=["热水管维修"])]
    units: Annotated[int, msgspec.Meta(ge=1, le=10_000, examples=[1])] = 1
    room: RoomNumber | None = None


class OutOfServiceView(msgspec.Struct, frozen=True):
    """Units that are out of service on the nights ``[from, to)``."""

    id: Annotated[str, msgspec.Meta(pattern=pattern("oos"))]
    room_type_id: Annotated[str, msgspec.Meta(pattern=pattern("rmt"))]
    from_: date = msgspec.field(name="from")
    to: date
    units: Annotated[int, msgspec.Meta(ge=1, examples=[1])]
    reason: Annotated[str, msgspec.Meta(examples=["热水管维修"])]
    room: RoomNumber | None

    @classmethod
    def of(cls, found: OutOfService) -> "OutOfServiceView":
        """Write units that are out of service."""
        return cls(
            id=wire("oos", found.id),
            room_type_id=wire("rmt", found.room_type_id),
            from_=found.first,
            to=found.end,
            units=found.unit_count,
            reason=found.reason,
            room=found.room_number,
        )


class RoomInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A room by the number on its door. Rooms of one ``wing`` that follow each other are neighbours.

    Where beds of shared rooms are sold, each is listed with the room that it stands in: ``in_room``.
    """

    number: RoomNumber
    floor: Annotated[int, msgspec.Meta(ge=-3, le=99, examples=[3])]
    has_lift: bool = False
    wing: Wing | None = None
    in_room: RoomNumber | None = None


class RoomsInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rooms of a room type; one that is left out is retired."""

    rooms: Annotated[list[RoomInput], msgspec.Meta(max_length=2_000)]

    def drafts(self) -> list[RoomDraft]:
        """Return the rooms as the domain knows them."""
        return [
            RoomDraft(number=one.number, floor=one.floor, has_lift=one.has_lift, wing=one.wing, in_room=one.in_room)
            for one in self.rooms
        ]


class RoomView(msgspec.Struct, frozen=True):
    """A room, or a bed where beds are sold."""

    number: RoomNumber
    floor: Annotated[int, msgspec.Meta(examples=[3])]
    has_lift: bool
    wing: Wing | None
    in_room: RoomNumber | None

    @classmethod
    def of(cls, room: Room) -> "RoomView":
        """Write a room."""
        return cls(number=room.number, floor=room.floor, has_lift=room.has_lift, wing=room.wing, in_room=room.in_room)
