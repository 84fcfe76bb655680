"""How a stay differs from what was asked, change by change, each with its points.

| change | points |
|---|---|
| dates | 1 for each day, at most 30 days |
| place | 10 within the same cluster, else 20; 1 more for each 20 km |
| distance | 10, and 1 more for each 5 km beyond the radius |
| grade | 10 for each grade lower |
| service | 12 for each that is missing |
| price | 1 for each percent above the ceiling |
| relief | 5 for each °C less; 25 where the climate is not known |
| institution | 15 for another house than the one asked for |
| rooms, text | 20, 30 |
| ability_level | 40 for each level that care falls short of |
"""

from collections.abc import Callable, Mapping
from datetime import date

import msgspec

from marketplace.catalog.rules import SERVICES
from marketplace.kit.money import yuan
from marketplace.places.rules import Place
from marketplace.search.rules.asked import Asked
from marketplace.search.rules.climate import relief_of
from marketplace.search.rules.matches import Facts, Offer
from marketplace.search.rules.travel import distance_km
from marketplace.search.rules.windows import shift_of


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs from what was asked in ``parameter``, with its points."""

    code: str
    parameter: str
    points: int
    reason_zh: str
    reason_en: str


def of_dates(check_in: date, asked: Asked) -> list[Change]:
    """Return by how many days a check-in misses what was asked."""
    shift = shift_of(check_in, asked.window)
    if shift == 0:
        return []
    zh, en = ("晚", "later") if shift > 0 else ("早", "earlier")
    days = abs(shift)
    return [
        Change(
            code="dates",
            parameter="check_in" if asked.window.exact else "from",
            points=days,
            reason_zh=f"{check_in} 入住，{zh} {days} 天",
            reason_en=f"Arrive on {check_in}, {days} day{'s' if days > 1 else ''} {en}",
        )
    ]


def of_relief(place: Place, asked: Asked, check_in: date) -> list[Change]:
    """Return how much less cool a stay is than was asked."""
    if asked.origin is None or asked.relief_min is None:
        return []
    found = relief_of(place, asked.origin, check_in=check_in, nights=asked.window.nights)
    if found is None:
        zh, en = f"{place.name_zh}的气温尚无可靠资料", f"The climate of {place.name_en} is not known"
        return [Change(code="relief", parameter="relief_min", points=25, reason_zh=zh, reason_en=en)]
    missing = asked.relief_min - found.relief
    if missing <= 0:
        return []
    degrees = f"{found.relief / 100:.1f}"
    zh, en = f"比{asked.origin.name}凉 {degrees} °C", f"{degrees} °C cooler than {asked.origin.name_en}"
    return [Change(code="relief", parameter="relief_min", points=-(-missing * 5 // 100), reason_zh=zh, reason_en=en)]


def of_price(offer: Offer, asked: Asked) -> list[Change]:
    """Return how far an offer is above the ceiling."""
    if asked.price_max is None or offer.total_amount <= asked.price_max:
        return []
    over = offer.total_amount - asked.price_max
    zh, en = f"总价高出 {yuan(over)}", f"{yuan(over)} above your ceiling"
    return [
        Change(
            code="price", parameter="price_max", points=-(-over * 100 // asked.price_max), reason_zh=zh, reason_en=en
        )
    ]


def _of_place(facts: Facts, asked: Asked, places: Mapping[str, Place]) -> list[Change]:
    place = places[facts.place_code]
    clusters = {cluster.code for cluster in place.clusters}
    wanted, cluster = asked.filters.place, asked.filters.cluster
    if wanted is not None and place.code != wanted:
        near = bool(clusters & {one.code for one in places[wanted].clusters})
    elif cluster is not None and cluster not in clusters:
        near = False
    else:
        return []
    km = round(km_to(place, asked, places))
    zh = f"在{'同一集聚区的' if near else ''}{place.name_zh}，相距约 {km} 公里"
    en = f"In {place.name_en}{', of the same cluster' if near else ''}, some {km} km away"
    points = (10 if near else 20) + km // 20
    return [
        Change(
            code="place",
            parameter="place" if wanted is not None else "cluster",
            points=points,
            reason_zh=zh,
            reason_en=en,
        )
    ]


def _of_distance(facts: Facts, asked: Asked, _: Mapping[str, Place]) -> list[Change]:
    radius = asked.filters.radius_km
    if radius is None or facts.distance_m is None or facts.distance_m <= radius * 1000:
        return []
    km = facts.distance_m / 1000
    zh, en = f"距所选地点 {km:.1f} 公里", f"{km:.1f} km from your point"
    points = 10 + int((km - radius) // 5)
    return [Change(code="distance", parameter="radius_km", points=points, reason_zh=zh, reason_en=en)]


def _of_grade(facts: Facts, asked: Asked, _: Mapping[str, Place]) -> list[Change]:
    least, grade = asked.filters.grade_min, facts.grade or 0
    if least is None or grade >= least:
        return []
    zh = f"民政评定 {grade} 级" if grade else "暂无公示等级"
    en = f"Assessed as grade {grade}" if grade else "No public grade at present"
    return [Change(code="grade", parameter="grade_min", points=10 * (least - grade), reason_zh=zh, reason_en=en)]


def _of_services(facts: Facts, asked: Asked, _: Mapping[str, Place]) -> list[Change]:
    return [
        Change(
            code="service",
            parameter="service",
            points=12,
            reason_zh=f"没有{SERVICES[code].name}",
            reason_en=f"Without {SERVICES[code].name_en.lower()}",
        )
        for code in asked.filters.services
        if code not in facts.services
    ]


def _of_ability(facts: Facts, asked: Asked, _: Mapping[str, Place]) -> list[Change]:
    level = asked.filters.ability_level
    if level is None or facts.ability_level_min <= level <= facts.ability_level_max:
        return []
    missing = max(level - facts.ability_level_max, facts.ability_level_min - level)
    zh = f"照护能力为 {facts.ability_level_min}–{facts.ability_level_max} 级，请先与机构确认"
    en = f"Cares for levels {facts.ability_level_min}–{facts.ability_level_max}: ask the house first"
    return [Change(code="ability_level", parameter="ability_level", points=40 * missing, reason_zh=zh, reason_en=en)]


def _of_institution(facts: Facts, asked: Asked, _: Mapping[str, Place]) -> list[Change]:
    if asked.institution_id in (None, facts.institution_id):
        return []
    return [
        Change(
            code="institution", parameter="institution_id", points=15, reason_zh="另一家机构", reason_en="Another house"
        )
    ]


_LOOKS: tuple[Callable[[Facts, Asked, Mapping[str, Place]], list[Change]], ...] = (
    _of_institution,
    _of_place,
    _of_distance,
    _of_grade,
    _of_services,
    _of_ability,
)


def of_facts(facts: Facts, asked: Asked, places: Mapping[str, Place]) -> list[Change]:
    """Return how an institution differs from what was asked, whatever the dates."""
    return [change for look in _LOOKS for change in look(facts, asked, places)]


def km_to(place: Place, asked: Asked, places: Mapping[str, Place]) -> float:
    """Return how far a place is from what was asked: from the point, the place, or the nearest of the cluster."""
    filters = asked.filters
    if filters.place is not None:
        return distance_km(place.position, places[filters.place].position)
    if filters.cluster is not None:
        return min(
            (
                distance_km(place.position, one.position)
                for one in places.values()
                if filters.cluster in {cluster.code for cluster in one.clusters}
            ),
            default=0.0,
        )
    return distance_km(place.position, filters.near) if filters.near is not None else 0.0
