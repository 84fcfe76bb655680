"""Tours and departures on the wire."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

import msgspec

from marketplace.catalog.rules import RoomType
from marketplace.certifications.rules import CertificationSnapshot
from marketplace.institutions.rules import Institution
from marketplace.kit import ids
from marketplace.kit.money import Money
from marketplace.pricing.rules import CancellationPolicy
from marketplace.tours.rules import (
    Departure,
    ItineraryDay,
    Meal,
    Service,
    Tour,
    TourKind,
    escorts,
    largest_party,
    on_sale,
)
from marketplace.tours.states import DEPARTURE, Status

TOUR = "tor"
DEPARTURE_PREFIX = "dep"

TourId = Annotated[str, msgspec.Meta(pattern=ids.pattern(TOUR), examples=[f"tor_{'0' * 31}1"])]
DepartureId = Annotated[str, msgspec.Meta(pattern=ids.pattern(DEPARTURE_PREFIX), examples=[f"dep_{'0' * 31}1"])]


class OrganiserView(msgspec.Struct, frozen=True):
    """The travel agency that answers for the tour, with its licence (旅游法 48)."""

    name: Annotated[str, msgspec.Meta(examples=["长白山国际旅行社（示例）"])]
    licence: Annotated[str, msgspec.Meta(examples=["L-JL00123"])]


class ItineraryDayView(msgspec.Struct, frozen=True):
    """One day; day 1 is the day of check-in."""

    day: int
    place_code: Annotated[str, msgspec.Meta(examples=["erdaobaihe"])]
    title: str
    title_en: str
    meals: list[Meal]

    @classmethod
    def of(cls, day: ItineraryDay) -> Self:
        """Show a day."""
        return cls(day.day, day.place_code, day.title, day.title_en, list(day.meals))


class CancellationTermView(msgspec.Struct, frozen=True):
    """Cancelling ``days_before`` or more days before check-in keeps ``penalty_bps`` (hundredths of a percent)."""

    days_before: int
    penalty_bps: int


class GroupView(msgspec.Struct, frozen=True):
    """The smallest group that travels and the largest."""

    min_count: int
    max_count: int


class TourView(msgspec.Struct, frozen=True, kw_only=True):
    """A package: everything that its price includes, and the terms on which it is sold."""

    id: TourId
    kind: TourKind
    name: str
    name_en: str
    summary: str
    summary_en: str
    origin: Annotated[str, msgspec.Meta(examples=["上海"])]
    organiser: OrganiserView
    services: list[Service]
    night_count: int
    itinerary: list[ItineraryDayView]
    inclusions: list[str]
    exclusions: list[str]
    group: GroupView
    cooling_off_days: Annotated[int, msgspec.Meta(description="Full refund within so many days of the first payment.")]
    cancellation: list[CancellationTermView]

    @classmethod
    def of(cls, tour: Tour, policy: CancellationPolicy) -> Self:
        """Show a tour with the terms in force today."""
        return cls(
            id=ids.wire(TOUR, tour.id),
            kind=tour.kind,
            name=tour.name,
            name_en=tour.name_en,
            summary=tour.summary,
            summary_en=tour.summary_en,
            origin=tour.origin,
            organiser=OrganiserView(tour.organiser_name, tour.organiser_licence),
            services=list(tour.services),
            night_count=tour.night_count,
            itinerary=[ItineraryDayView.of(day) for day in tour.itinerary],
            inclusions=list(tour.inclusions),
            exclusions=list(tour.exclusions),
            group=GroupView(tour.group_min_count, tour.group_max_count),
            cooling_off_days=policy.cooling_off_days,
            cancellation=[CancellationTermView(tier.days_before, tier.penalty_bps) for tier in policy.tiers],
        )


class HostView(msgspec.Struct, frozen=True, kw_only=True):
    """Units set aside in one institution; ``certification`` is live."""

    institution_id: str
    institution_name: str
    institution_name_en: str
    room_type_id: str
    room_type_name: str
    room_type_name_en: str
    unit_count: int
    guests_per_unit: int
    bookable: bool
    certification: CertificationSnapshot | None


class EscortsView(msgspec.Struct, frozen=True):
    """Who travels with the group when it is full (LB/T 052-2016)."""

    leader_count: int
    doctor_count: int


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What departures are shown with, each by its id."""

    tours: Mapping[UUID, Tour]
    institutions: Mapping[UUID, Institution]
    room_types: Mapping[UUID, RoomType]
    certifications: Mapping[UUID, CertificationSnapshot]


class DepartureView(msgspec.Struct, frozen=True, kw_only=True):
    """A dated tour. Both of its turns are taken by the calendar, so nobody has transitions to make."""

    id: DepartureId
    tour_id: TourId
    tour_name: str
    tour_name_en: str
    kind: TourKind
    status: Status
    valid_transitions: list[str]
    on_sale: bool
    check_in: date
    check_out: date
    night_count: int
    price_per_traveller: Annotated[Money, msgspec.Meta(examples=[{"amount": 458000, "currency": "CNY"}])]
    group: GroupView
    confirmed_count: Annotated[int, msgspec.Meta(description="Travellers who have paid; they decide formation.")]
    largest_party: Annotated[int, msgspec.Meta(description="The largest party that still fits in one institution.")]
    decide_at: Annotated[datetime, msgspec.Meta(description="When formation is decided: T−7 days, 24:00 in Jilin.")]
    escorts: EscortsView
    hosts: list[HostView]

    @classmethod
    def of(cls, departure: Departure, parts: Parts, *, now: datetime) -> Self:
        """Show a departure as it is at ``now``."""
        tour, selling = parts.tours[departure.tour_id], on_sale(departure, now=now)
        needed = escorts(tour.kind, traveller_count=departure.group_max_count)
        return cls(
            id=ids.wire(DEPARTURE_PREFIX, departure.id),
            tour_id=ids.wire(TOUR, tour.id),
            tour_name=tour.name,
            tour_name_en=tour.name_en,
            kind=tour.kind,
            status=departure.status,
            valid_transitions=DEPARTURE.valid_transitions(departure.status, actor="family"),
            on_sale=selling,
            check_in=departure.check_in,
            check_out=departure.check_out,
            night_count=(departure.check_out - departure.check_in).days,
            price_per_traveller=Money(departure.price_amount),
            group=GroupView(departure.group_min_count, departure.group_max_count),
            confirmed_count=departure.confirmed_count,
            largest_party=largest_party(departure, hosts=departure.hosts) if selling else 0,
            decide_at=departure.decide_at,
            escorts=EscortsView(needed.leader_count, needed.doctor_count),
            hosts=_hosts(departure, parts),
        )


def _hosts(departure: Departure, parts: Parts) -> list[HostView]:
    shown = []
    for block in departure.blocks:
        institution, room_type = parts.institutions[block.institution_id], parts.room_types[block.room_type_id]
        shown.append(
            HostView(
                institution_id=ids.wire("ins", institution.id),
                institution_name=institution.name,
                institution_name_en=institution.name_en,
                room_type_id=ids.wire("rmt", room_type.id),
                room_type_name=room_type.name,
                room_type_name_en=room_type.name_en,
                unit_count=block.unit_count,
                guests_per_unit=block.guests_per_unit,
                bookable=block.is_bookable,
                certification=parts.certifications.get(institution.id),
            )
        )
    return shown
