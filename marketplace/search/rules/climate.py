"""How warm a stay is, and how much cooler than at home. Means are over the nights of a stay, each as its month's mean.

Hundredths of a degree, as integers: what is sorted by and compared is never a rounded float.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate

import msgspec

from marketplace.places.rules import ClimateMonth, Confidence, Place
from marketplace.search.rules.origins import Origin
from marketplace.search.rules.windows import Window

# Where the climate is not known: never the coolest, never cool enough.
UNKNOWN_MEAN = 100_00
_TRUST: tuple[Confidence, ...] = ("low", "medium", "high")


class Relief(msgspec.Struct, frozen=True, kw_only=True):
    """How much cooler a stay is than the same nights at home, in hundredths of a degree; as sure as its surer half is not."""

    relief: int
    place_mean: int
    origin_mean: int
    confidence: Confidence


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """What the climate says about each check-in of a window: the mean of its nights, at each place and at home.

    ``limits`` are the warmest that each check-in may be.
    """

    means: Mapping[str, list[int]]
    home: list[int] | None
    limits: list[int] | None

    def mean(self, place_code: str, offset: int) -> int:
        """Return the mean over the nights of a stay; far too warm where it is not known."""
        return self.means[place_code][offset]

    def relief(self, place_code: str, offset: int) -> int | None:
        """Return how much cooler than at home a stay is, or None when either is not known."""
        mean = self.mean(place_code, offset)
        return None if self.home is None or mean == UNKNOWN_MEAN else self.home[offset] - mean


def weather_of(
    window: Window, places: Mapping[str, Place], *, origin: Origin | None, relief_min: int | None
) -> Weather | None:
    """Work out the weather of a window when it matters: for the coolest dates, or against the heat at home."""
    if origin is None and (window.exact or window.prefer != "coolest"):
        return None
    home = stay_means(origin.means_c, window) if origin is not None else None
    unknown = [UNKNOWN_MEAN] * (window.last_offset + 1)
    years = {code: year_of(place) for code, place in places.items()}
    return Weather(
        means={code: stay_means(year, window) if year is not None else unknown for code, year in years.items()},
        home=home,
        limits=[mean - relief_min for mean in home] if home is not None and relief_min is not None else None,
    )


def stay_means(means_c: Sequence[float], window: Window) -> list[int]:
    """Return the mean over the nights of a stay, for each possible check-in of the window; January comes first."""
    hundredths = [round(mean * 100) for mean in means_c]
    nights = (window.end - window.first).days
    daily = [hundredths[(window.first + timedelta(days=day)).month - 1] for day in range(nights)]
    sums = [0, *accumulate(daily)]
    return [round((sums[k + window.nights] - sums[k]) / window.nights) for k in range(window.last_offset + 1)]


def stay_mean(means_c: Sequence[float], *, check_in: date, nights: int) -> int:
    """Return the mean over the nights of one stay."""
    return stay_means(means_c, Window(first=check_in, end=check_in + timedelta(days=nights), nights=nights))[0]


def year_of(place: Place) -> tuple[float, ...] | None:
    """Return a place's twelve means, January first, or None when they are not known."""
    months: dict[int, ClimateMonth] = {month.month: month for month in place.climate}
    return tuple(months[number].mean_c for number in range(1, 13)) if len(months) == 12 else None


def relief_of(place: Place, origin: Origin, *, check_in: date, nights: int) -> Relief | None:
    """Return the relief of a stay at a place, or None where the climate is not known."""
    means = year_of(place)
    if means is None:
        return None
    here = stay_mean(means, check_in=check_in, nights=nights)
    home = stay_mean(origin.means_c, check_in=check_in, nights=nights)
    months = {(check_in + timedelta(days=night)).month for night in range(nights)}
    known = [month.confidence for month in place.climate if month.month in months]
    return Relief(
        relief=home - here,
        place_mean=here,
        origin_mean=home,
        confidence=min(*known, origin.confidence, key=_TRUST.index),
    )
