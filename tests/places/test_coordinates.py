from math import asin, cos, radians, sin, sqrt

from hypothesis import given
from hypothesis import strategies as st

from marketplace.places.rules import Position, to_gcj02, to_wgs84

EARTH_DIAMETER_M = 12_742_000


def apart_m(one: Position, other: Position) -> float:
    d_latitude = radians(other.latitude - one.latitude) / 2
    d_longitude = radians(other.longitude - one.longitude) / 2
    chord = sin(d_latitude) ** 2 + cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(d_longitude) ** 2
    return EARTH_DIAMETER_M * asin(sqrt(chord))


in_jilin = st.builds(Position, st.floats(40.8, 46.4), st.floats(121.6, 131.4), st.just("wgs84"))


@given(in_jilin)
def test_the_two_datums_lie_400_to_800_m_apart_in_jilin_and_convert_back_to_the_centimetre(point: Position) -> None:
    shifted = to_gcj02(point)

    assert 400 < apart_m(point, shifted) < 800
    assert apart_m(point, to_wgs84(shifted)) < 0.01


def test_a_published_pair_of_coordinates_agrees() -> None:
    # Tiananmen, the pair that most open converters test with.
    found = to_gcj02(Position(39.907333, 116.391083, "wgs84"))

    assert apart_m(found, Position(39.908737, 116.397325, "gcj02")) < 5


def test_a_point_already_in_the_datum_asked_for_is_left_alone() -> None:
    point = Position(42.41, 128.12, "gcj02")

    assert to_gcj02(point) is point
