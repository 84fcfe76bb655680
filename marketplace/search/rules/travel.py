"""How one arrives, and on which side of 长白山 one then is: the two sides are joined only by a long road."""

from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt
from typing import Literal

from marketplace.places.rules import Place, Position, to_wgs84

Side = Literal["north", "west"]

# 北坡 is reached by 长白山站, 西坡 by 长白山西站 and the airport.
_SIDES: Mapping[str, Side] = {"长白山站": "north", "长白山西站": "west", "长白山机场": "west"}
_EARTH_DIAMETER_KM = 12_742
# Who searches near a point farther than this from every hub's places is not going to the mountain.
_NEAR_KM = 60


def side_of(place: Place) -> Side | None:
    """Return the side of the mountain that a place is on, or None elsewhere."""
    return _SIDES.get(place.hub or "")


def side_near(point: Position, places: Mapping[str, Place]) -> Side | None:
    """Return the side that a point is on: that of the nearest place which has one, within 60 km."""
    sided = [(distance_km(point, place.position), place.code) for place in places.values() if side_of(place)]
    if not sided:
        return None
    km, code = min(sided)
    return side_of(places[code]) if km <= _NEAR_KM else None


def distance_km(one: Position, other: Position) -> float:
    """Return the length of the great circle between two points."""
    a, b = to_wgs84(one), to_wgs84(other)
    north = sin(radians(a.latitude - b.latitude) / 2) ** 2
    east = sin(radians(a.longitude - b.longitude) / 2) ** 2
    return _EARTH_DIAMETER_KM * asin(min(1.0, sqrt(north + cos(radians(a.latitude)) * cos(radians(b.latitude)) * east)))
