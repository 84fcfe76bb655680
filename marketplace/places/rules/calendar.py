"""The working calendar of the state: which days are worked, and which of that is known and which only expected.

An ordinary week has five working days; the State Council publishes each November what the next year does otherwise.
Until then a year holds only the days that the law itself names, and everything counted with it is tentative.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

DAY = timedelta(days=1)
UNKNOWN = "unknown"


class Holiday(msgspec.Struct, frozen=True, kw_only=True):
    """A day that differs from an ordinary week."""

    day: date
    name_zh: str
    is_off: bool


class HolidayYear(msgspec.Struct, frozen=True, kw_only=True):
    """The days of one year that differ, and where that is known from."""

    year: int
    version: str
    source: str
    is_tentative: bool
    days: tuple[Holiday, ...] = ()


class Calendar(msgspec.Struct, frozen=True):
    """Every year that is held; days of other years follow the ordinary week and are tentative."""

    years: dict[int, HolidayYear]

    def is_working(self, day: date) -> bool:
        """Say whether the state works on ``day``."""
        year = self.years.get(day.year)
        for listed in year.days if year else ():
            if listed.day == day:
                return not listed.is_off
        return day.weekday() < 5

    def roll(self, day: date) -> date:
        """Return ``day``, or the next working day when it is none (民法典 203)."""
        while not self.is_working(day):
            day += DAY
        return day

    def working_days_after(self, day: date) -> Iterator[date]:
        """Walk the working days after ``day``, which itself does not count (民法典 201)."""
        while True:
            day += DAY
            if self.is_working(day):
                yield day

    def version_of(self, first: date, last: date) -> str:
        """Name the version of every year between two days: what a deadline was computed with."""
        return ", ".join(
            self.years[year].version if year in self.years else f"{year} {UNKNOWN}"
            for year in range(first.year, last.year + 1)
        )

    def is_tentative(self, first: date, last: date) -> bool:
        """Say whether any year between two days is not published yet."""
        held = (self.years.get(year) for year in range(first.year, last.year + 1))
        return any(year is None or year.is_tentative for year in held)
