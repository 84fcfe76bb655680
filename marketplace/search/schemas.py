"""Found stays on the wire."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from marketplace.catalog.queries import Listed, Picture
from marketplace.catalog.rules import SERVICES, RoomType, SoldBy
from marketplace.catalog.schemas import AbilityLevels, PictureView, PlaceBrief, ServiceView
from marketplace.certifications.rules import CertificationSnapshot
from marketplace.kit.ids import wire
from marketplace.kit.money import Money
from marketplace.places.rules import Confidence, Place
from marketplace.places.schemas import ClusterView, CoordinatesView
from marketplace.pricing.rules import CURRENCY
from marketplace.pricing.schemas import LineView
from marketplace.search.rules import (
    Alternative,
    Asked,
    Change,
    Excluded,
    Facets,
    Facts,
    Match,
    Offer,
    Origin,
    Point,
    Relief,
    Side,
    relief_of,
    side_near,
    side_of,
)

_SERVICES = {
    word.code: ServiceView(word.code, word.name, word.name_en, word.needs_physician) for word in SERVICES.values()
}

Degrees = Annotated[float, msgspec.Meta(examples=[9.7], description="°C.")]


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer needs beside what was found, each read once for the whole page."""

    places: Mapping[str, Place]
    listings: Mapping[UUID, Listed]
    room_types: Mapping[UUID, RoomType]
    pictures: Mapping[UUID, list[Picture]]


class TravelView(msgspec.Struct, frozen=True, kw_only=True):
    """How one arrives. 长白山 has two sides, joined only by a long road: check before you buy the train ticket."""

    hub: Annotated[str | None, msgspec.Meta(examples=["长白山站"], description="Station or airport.")]
    hub_en: Annotated[str | None, msgspec.Meta(examples=["Changbaishan Railway Station"])]
    side: Annotated[Side | None, msgspec.Meta(description="Side of 长白山; null elsewhere.")]
    crosses_mountain: Annotated[
        bool, msgspec.Meta(examples=[False], description="Whether `near` is on the other side: a long road transfer.")
    ]


class FoundInstitution(msgspec.Struct, frozen=True, kw_only=True):
    """An institution as a list of stays shows it; `GET /v1/institutions/{id}` has the rest."""

    id: Annotated[str, msgspec.Meta(examples=["ins_0199a1c2d3e47f60a1b2c3d4e5f60718"])]
    name: Annotated[str, msgspec.Meta(examples=["白河林海康养院（示例）"])]
    name_en: Annotated[str, msgspec.Meta(examples=["Baihe Linhai Sojourn House (example)"])]
    is_example: Annotated[bool, msgspec.Meta(examples=[True], description="Made up, to show how this works.")]
    certification: CertificationSnapshot | None
    place: PlaceBrief
    clusters: list[ClusterView]
    coordinates: CoordinatesView
    distance_km: Annotated[float | None, msgspec.Meta(examples=[3.2], description="From `near`, else null.")]
    travel: TravelView
    summary: str
    summary_en: str
    services: list[ServiceView]
    ability_levels: AbilityLevels
    picture: PictureView | None


class StayPrice(msgspec.Struct, frozen=True, kw_only=True):
    """The price of the whole stay for the whole party, to the fen that of a quote made now; there are no other fees."""

    total: Annotated[Money, msgspec.Meta(examples=[{"amount": 570000, "currency": "CNY"}])]
    nights_total: Annotated[
        Money, msgspec.Meta(examples=[{"amount": 600000, "currency": "CNY"}], description="The sum of the nights.")
    ]
    discount: Annotated[
        Money,
        msgspec.Meta(
            examples=[{"amount": -30000, "currency": "CNY"}],
            description="The sum of the discounts; zero or negative.",
        ),
    ]
    adjustments: Annotated[
        list[LineView],
        msgspec.Meta(description="What lies between nights_total and total, line by line, as in the quote."),
    ]


class StayOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A room type that the party fits into, free on every night. Post these dates to `POST /v1/quotes`."""

    room_type_id: Annotated[str, msgspec.Meta(examples=["rmt_0199a1c2d3e47f60a1b2c3d4e5f60718"])]
    name: Annotated[str, msgspec.Meta(examples=["双人间"])]
    name_en: Annotated[str, msgspec.Meta(examples=["Twin room"])]
    sold_by: SoldBy
    guests_max: Annotated[int, msgspec.Meta(examples=[2], description="Guests per unit.")]
    is_barrier_free: Annotated[bool, msgspec.Meta(examples=[True])]
    unit_count: Annotated[int, msgspec.Meta(examples=[1], description="Rooms or beds that the party takes.")]
    check_in: Annotated[date, msgspec.Meta(examples=["2027-06-01"])]
    check_out: Annotated[date, msgspec.Meta(examples=["2027-07-01"])]
    night_count: Annotated[int, msgspec.Meta(examples=[30])]
    price: StayPrice

    @classmethod
    def of(cls, offer: Offer, room_type: RoomType) -> "StayOffer":
        """Write an offer."""
        lines = offer.adjustments
        return cls(
            room_type_id=wire("rmt", offer.room_type_id),
            name=room_type.name,
            name_en=room_type.name_en,
            sold_by=room_type.sold_by,
            guests_max=room_type.guests_max,
            is_barrier_free=room_type.is_barrier_free,
            unit_count=offer.unit_count,
            check_in=offer.check_in,
            check_out=offer.check_out,
            night_count=offer.night_count,
            price=StayPrice(
                total=Money(offer.total_amount, CURRENCY),
                nights_total=Money(offer.nights_amount, CURRENCY),
                discount=Money(sum(line.amount for line in lines if line.amount < 0), CURRENCY),
                adjustments=[LineView.of(line, CURRENCY) for line in lines],
            ),
        )


class ReliefView(msgspec.Struct, frozen=True, kw_only=True):
    """How much cooler than at home the nights of the preferred offer are, month by month, weighted by nights."""

    relief_c: Degrees
    stay_mean_c: Annotated[float, msgspec.Meta(examples=[20.1])]
    origin_mean_c: Annotated[float, msgspec.Meta(examples=[29.8])]
    origin: Annotated[str, msgspec.Meta(examples=["wuhan"])]
    confidence: Annotated[
        Confidence, msgspec.Meta(description="Of the less certain of the two: the place's climate is often derived.")
    ]
    origin_source: Annotated[str, msgspec.Meta(examples=["国家统计局《中国统计年鉴》2009、2010"])]

    @classmethod
    def of(cls, relief: Relief, origin: Origin) -> "ReliefView":
        """Write degrees."""
        return cls(
            relief_c=relief.relief / 100,
            stay_mean_c=relief.place_mean / 100,
            origin_mean_c=relief.origin_mean / 100,
            origin=origin.code,
            confidence=relief.confidence,
            origin_source=origin.source,
        )


class PointView(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for the recommended position."""

    code: Annotated[str, msgspec.Meta(examples=["grade"])]
    points: Annotated[int, msgspec.Meta(examples=[48])]
    reason_zh: Annotated[str, msgspec.Meta(examples=["民政评定 4 级"])]
    reason_en: Annotated[str, msgspec.Meta(examples=["Assessed as grade 4 of 5"])]

    @classmethod
    def of(cls, point: Point) -> "PointView":
        """Write a reason."""
        return cls(code=point.code, points=point.points, reason_zh=point.reason_zh, reason_en=point.reason_en)


class RecommendationView(msgspec.Struct, frozen=True, kw_only=True):
    """The recommended order explains itself: a sum of published points, which nobody can buy."""

    score: Annotated[int, msgspec.Meta(examples=[48])]
    because: list[PointView]


class StayView(msgspec.Struct, frozen=True, kw_only=True):
    """An institution that fits, with every room type that does, the preferred first."""

    institution: FoundInstitution
    offers: list[StayOffer]
    relief: Annotated[ReliefView | None, msgspec.Meta(description="With `origin`, where the climate is known.")]
    recommendation: RecommendationView

    @classmethod
    def of(cls, match: Match, asked: Asked, parts: Parts) -> "StayView":
        """Write what fits."""
        return cls(
            institution=_institution(match.facts, asked, parts),
            offers=[StayOffer.of(offer, parts.room_types[offer.room_type_id]) for offer in match.offers],
            relief=_relief(match.facts, match.best, asked, parts),
            recommendation=RecommendationView(
                score=match.score, because=[PointView.of(point) for point in match.points]
            ),
        )


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs from what was asked in `parameter`."""

    code: Annotated[str, msgspec.Meta(examples=["dates"])]
    parameter: Annotated[str, msgspec.Meta(examples=["check_in"])]
    points: Annotated[int, msgspec.Meta(examples=[2], description="How much it counts against the alternative.")]
    reason_zh: Annotated[str, msgspec.Meta(examples=["2027-06-03 入住，晚 2 天"])]
    reason_en: Annotated[str, msgspec.Meta(examples=["Arrive on 2027-06-03, 2 days later"])]

    @classmethod
    def of(cls, change: Change) -> "ChangeView":
        """Write a change."""
        return cls(
            code=change.code,
            parameter=change.parameter,
            points=change.points,
            reason_zh=change.reason_zh,
            reason_en=change.reason_en,
        )


class AlternativeView(msgspec.Struct, frozen=True, kw_only=True):
    """A stay near what was asked, and every way in which it differs; a stay is never split between houses or rooms."""

    institution: FoundInstitution
    offer: StayOffer
    relief: ReliefView | None
    changes: list[ChangeView]

    @classmethod
    def of(cls, found: Alternative, asked: Asked, parts: Parts) -> "AlternativeView":
        """Write an alternative."""
        return cls(
            institution=_institution(found.facts, asked, parts),
            offer=StayOffer.of(found.offer, parts.room_types[found.offer.room_type_id]),
            relief=_relief(found.facts, found.offer, asked, parts),
            changes=[ChangeView.of(change) for change in found.changes],
        )


class ExcludedView(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why the institution of `institution_id` is not in the answer, with its facts."""

    code: Annotated[str, msgspec.Meta(examples=["sold_out"])]
    reason_zh: Annotated[str, msgspec.Meta(examples=["2027-06-05 已无空房"])]
    reason_en: Annotated[str, msgspec.Meta(examples=["Nothing is left on 2027-06-05"])]
    facts: Annotated[dict[str, str | float | None], msgspec.Meta(examples=[{"first_full_night": "2027-06-05"}])]

    @classmethod
    def of(cls, reason: Excluded) -> "ExcludedView":
        """Write a reason."""
        return cls(code=reason.code, reason_zh=reason.reason_zh, reason_en=reason.reason_en, facts=reason.facts)


class FacetCount(msgspec.Struct, frozen=True, kw_only=True):
    """A further choice, and how many institutions of this answer it would keep."""

    code: Annotated[str, msgspec.Meta(examples=["hot_spring"])]
    name: Annotated[str, msgspec.Meta(examples=["温泉"])]
    name_en: Annotated[str, msgspec.Meta(examples=["Hot spring"])]
    count: Annotated[int, msgspec.Meta(examples=[12])]


class GradeCount(msgspec.Struct, frozen=True, kw_only=True):
    """A public grade, null for none, and how many institutions of this answer have it."""

    grade: Annotated[int | None, msgspec.Meta(examples=[4])]
    count: Annotated[int, msgspec.Meta(examples=[7])]


class FacetsView(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over the whole answer, not over its page: the most frequent first, grades from the highest."""

    clusters: list[FacetCount]
    services: list[FacetCount]
    grades: list[GradeCount]

    @classmethod
    def of(cls, facets: Facets, places: Mapping[str, Place]) -> "FacetsView":
        """Write counts with names."""
        clusters = {cluster.code: cluster for place in places.values() for cluster in place.clusters}
        return cls(
            clusters=[
                FacetCount(code=code, name=clusters[code].name_zh, name_en=clusters[code].name_en, count=count)
                for code, count in _most_first(facets.clusters)
            ],
            services=[
                FacetCount(code=code, name=SERVICES[code].name, name_en=SERVICES[code].name_en, count=count)
                for code, count in _most_first(facets.services)
            ],
            grades=[
                GradeCount(grade=grade or None, count=facets.grades[grade]) for grade in sorted(facets.grades)[::-1]
            ],
        )


class StaysPage(msgspec.Struct, frozen=True, kw_only=True):
    """What fits. When nothing does, ``alternatives`` are the nearest stays that could be had instead."""

    items: list[StayView]
    next_cursor: str | None
    total_count: Annotated[int, msgspec.Meta(examples=[1], description="How many institutions fit.")]
    facets: FacetsView
    alternatives: list[AlternativeView]
    excluded_because: Annotated[
        list[ExcludedView], msgspec.Meta(description="With `institution_id`: why it is not in the answer.")
    ]


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _institution(facts: Facts, asked: Asked, parts: Parts) -> FoundInstitution:
    listed, place = parts.listings[facts.institution_id], parts.places[facts.place_code]
    found = listed.institution
    picture = next((one for one in parts.pictures[found.id] if one.room_type_id is None), None)
    return FoundInstitution(
        id=wire("ins", found.id),
        name=found.name,
        name_en=found.name_en,
        is_example=found.is_example,
        certification=listed.certification,
        place=PlaceBrief(place.code, place.name_zh, place.name_en, place.hub, place.hub_en),
        clusters=[ClusterView.of(cluster) for cluster in place.clusters],
        coordinates=CoordinatesView.of(found.position),
        distance_km=None if facts.distance_m is None else round(facts.distance_m / 1000, 1),
        travel=_travel(place, asked, parts.places),
        summary=listed.summary,
        summary_en=listed.summary_en,
        services=[_SERVICES[code] for code in listed.services],
        ability_levels=AbilityLevels(listed.ability_level_min, listed.ability_level_max),
        picture=PictureView.of(picture) if picture is not None else None,
    )


def _travel(place: Place, asked: Asked, places: Mapping[str, Place]) -> TravelView:
    side, near = side_of(place), asked.filters.near
    wanted = side_near(near, places) if near is not None and side is not None else None
    return TravelView(hub=place.hub, hub_en=place.hub_en, side=side, crosses_mountain=wanted not in (None, side))


def _relief(facts: Facts, offer: Offer, asked: Asked, parts: Parts) -> ReliefView | None:
    if asked.origin is None:
        return None
    place = parts.places[facts.place_code]
    found = relief_of(place, asked.origin, check_in=offer.check_in, nights=offer.night_count)
    return ReliefView.of(found, asked.origin) if found is not None else None
