"""What may be asked of the list of institutions."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from marketplace.catalog.rules.capacity import SoldBy
from marketplace.catalog.rules.words import SERVICES, codes_and_names
from marketplace.kit.errors import FieldError, Invalid
from marketplace.kit.text import query_grams
from marketplace.places.errors import unknown_code
from marketplace.places.rules import Cluster, Place, Position, check_cluster, check_place

RADIUS_KM_MAX = 500
NEAR_PATTERN = r"^ *(-?[0-9]{1,3}(?:\.[0-9]{1,15})?) *, *(-?[0-9]{1,3}(?:\.[0-9]{1,15})?) *$"
_NEAR = re.compile(NEAR_PATTERN)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What a family asks for; absent means anything. Every service asked for must be there."""

    cluster: str | None = None
    place: str | None = None
    text: str | None = None
    services: tuple[str, ...] = ()
    ability_level: int | None = None
    grade_min: int | None = None
    sold_by: SoldBy | None = None
    near: Position | None = None
    radius_km: float | None = None


def check_filters(asked: Filters, places: Mapping[str, Place]) -> Filters:
    """Return ``asked`` when every code in it exists. Refuses: UnknownCode, Invalid."""
    if asked.cluster is not None:
        clusters: dict[str, Cluster] = {one.code: one for place in places.values() for one in place.clusters}
        check_cluster(asked.cluster, clusters.values())
    if asked.place is not None:
        check_place(asked.place, places.values())
    for service in asked.services:
        if service not in SERVICES:
            raise unknown_code(service, parameter="service", known=codes_and_names(SERVICES))
    if asked.text is not None and not query_grams(asked.text):
        raise _wrong("q", zh="请输入文字", en="There is nothing to search by in q.")
    if asked.radius_km is not None and asked.near is None:
        raise _wrong("radius_km", zh="radius_km 须与 near 同用", en="radius_km needs near.")
    return asked


def parse_services(services: Sequence[str] | None) -> tuple[str, ...]:
    """Return each service once, in the order asked."""
    return tuple(dict.fromkeys(services or ()))


def parse_near(near: str | None) -> Position | None:
    """Read ``lat,lon`` in WGS-84 degrees. Refuses: Invalid."""
    if near is None:
        return None
    found = _NEAR.fullmatch(near)
    if found is None:
        raise _wrong("near", zh="near 的格式为 纬度,经度", en="near is latitude,longitude in degrees.")
    position = Position(float(found[1]), float(found[2]), "wgs84")
    if abs(position.latitude) > 90 or abs(position.longitude) > 180:
        raise _wrong("near", zh="near 超出经纬度范围", en="near is not on Earth.")
    return position


def _wrong(parameter: str, *, zh: str, en: str) -> Invalid:
    return Invalid(fields=(FieldError(pointer=f"?{parameter}", zh=zh, en=en),))
