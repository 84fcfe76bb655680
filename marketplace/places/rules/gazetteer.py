"""Places as values, and the two coordinate systems that Chinese maps live in."""

from collections.abc import Iterable
from math import cos, pi, sin, sqrt
from typing import Literal

import msgspec

from marketplace.places.errors import unknown_code

Datum = Literal["wgs84", "gcj02"]
Level = Literal["county", "prefecture", "province"]
DivisionLevel = Literal["province", "prefecture", "county", "township"]
ClusterKind = Literal["silver_health", "hot_spring"]
Confidence = Literal["high", "medium", "low"]

_SEMI_MAJOR_AXIS_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_INVERSE_ROUNDS = 4


class Position(msgspec.Struct, frozen=True):
    """A point in degrees and the datum it is measured in. The same numbers in the other datum lie some 600 m away."""

    latitude: float
    longitude: float
    datum: Datum


class Division(msgspec.Struct, frozen=True, kw_only=True):
    """An administrative division (GB/T 2260, nine digits for townships)."""

    code: str
    name_zh: str
    name_en: str
    level: DivisionLevel
    parent_code: str | None
    is_statistical: bool = False
    position: Position | None = None


class Jurisdiction(msgspec.Struct, frozen=True, kw_only=True):
    """An authority of civil affairs and the code of the one above it."""

    code: str
    name_zh: str
    name_en: str
    level: Level
    parent_code: str | None


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster that families choose from."""

    code: str
    name_zh: str
    name_en: str
    kind: ClusterKind


class ClimateMonth(msgspec.Struct, frozen=True, kw_only=True):
    """A month's mean temperature in °C, how far to trust it, and where it comes from."""

    month: int
    mean_c: float
    confidence: Confidence
    source: str


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place with everything that the public sees of it; ``accuracy_m`` is how far its position may be off."""

    code: str
    name_zh: str
    name_en: str
    division_code: str
    jurisdiction_code: str
    position: Position
    accuracy_m: int
    hub: str | None = None
    hub_en: str | None = None
    clusters: tuple[Cluster, ...] = ()
    climate: tuple[ClimateMonth, ...] = ()


class Gazetteer(msgspec.Struct, frozen=True, kw_only=True):
    """All reference data of this domain, parents before children."""

    divisions: tuple[Division, ...]
    jurisdictions: tuple[Jurisdiction, ...]
    clusters: tuple[Cluster, ...]
    places: tuple[Place, ...]


def check_cluster(code: str, clusters: Iterable[Cluster]) -> None:
    """Refuse a cluster code that does not exist, suggesting the one that was meant. Refuses: UnknownCode."""
    _check(code, clusters, parameter="cluster")


def check_place(code: str, places: Iterable[Place]) -> None:
    """Refuse a place code that does not exist, suggesting the one that was meant. Refuses: UnknownCode."""
    _check(code, places, parameter="place")


def _check(code: str, named: Iterable[Cluster] | Iterable[Place], *, parameter: str) -> None:
    known: dict[str, str] = {}
    for one in named:
        known |= {one.code: one.code, one.name_zh: one.code, one.name_en.casefold(): one.code}
    if code not in known.values():
        raise unknown_code(code, parameter=parameter, known=known)


def to_wgs84(position: Position) -> Position:
    """Return the point in WGS-84, the datum of GPS; GCJ-02 has no closed inverse, so it is approached from above."""
    if position.datum == "wgs84":
        return position
    latitude, longitude = position.latitude, position.longitude
    for _ in range(_INVERSE_ROUNDS):
        d_latitude, d_longitude = _gcj02_shift(latitude, longitude)
        latitude, longitude = position.latitude - d_latitude, position.longitude - d_longitude
    return Position(latitude, longitude, "wgs84")


def to_gcj02(position: Position) -> Position:
    """Return the point in GCJ-02, the datum of Amap and Tencent maps."""
    if position.datum == "gcj02":
        return position
    d_latitude, d_longitude = _gcj02_shift(position.latitude, position.longitude)
    return Position(position.latitude + d_latitude, position.longitude + d_longitude, "gcj02")


def _gcj02_shift(latitude: float, longitude: float) -> tuple[float, float]:
    """Return what GCJ-02 adds to WGS-84 degrees here, by the published approximation."""
    x, y = longitude - 105.0, latitude - 35.0
    waves = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    radians = latitude / 180.0 * pi
    flattening = 1.0 - _ECCENTRICITY_SQUARED * sin(radians) ** 2
    meridian = _SEMI_MAJOR_AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / flattening**1.5
    parallel = _SEMI_MAJOR_AXIS_M / sqrt(flattening) * cos(radians)
    return north * 180.0 / (meridian * pi), east * 180.0 / (parallel * pi)
