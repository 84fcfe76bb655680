"""The nights of a room type as runs of one price, and the check-in that is preferred among them.

Days are numbered from 2000-01-01, so that a search over thousands of room types is whole-number arithmetic.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import accumulate
from typing import Literal

import msgspec

_EPOCH = date(2000, 1, 1).toordinal()

Choice = Literal["earliest", "cheapest", "coolest", "nearest"]


def number(day: date) -> int:
    """Return the number of a day."""
    return day.toordinal() - _EPOCH


class Seasons(msgspec.Struct, frozen=True):
    """Runs of nights ``[first, end)`` in order, each with its price in fen and the shortest stay that may begin in it."""

    firsts: Sequence[int]
    ends: Sequence[int]
    prices: Sequence[int]
    shortest: Sequence[int]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which check-in is preferred. ``means`` and ``limits`` begin on day ``first``; ``toward`` is a range of days.

    A check-in is possible only where its mean is within its limit.
    """

    prefer: Choice = "earliest"
    first: int = 0
    means: Sequence[int] | None = None
    limits: Sequence[int] | None = None
    toward: range = range(0)

    def passes(self, day: int) -> bool:
        """Say whether it is cool enough from ``day`` on."""
        if self.limits is None:
            return True
        return self.means is not None and self.means[day - self.first] <= self.limits[day - self.first]


def check_ins(seasons: Seasons, free: Iterable[tuple[int, int]], *, nights: int) -> list[range]:
    """Return the days on which a stay may begin, as ranges within one run each, earliest first.

    ``free`` are stretches of nights ``[first, end)`` on which enough units are left, in order.
    """
    on_sale_until = _unbroken(seasons)
    found = []
    for first, end in free:
        i = max(0, bisect_right(seasons.firsts, first) - 1)
        while i < len(seasons.firsts) and seasons.firsts[i] <= end - nights:
            if seasons.shortest[i] <= nights:
                last = min(seasons.ends[i] - 1, min(end, on_sale_until[i]) - nights)
                days = range(max(first, seasons.firsts[i]), last + 1)
                if days:
                    found.append(days)
            i += 1
    return found


def _unbroken(seasons: Seasons) -> list[int]:
    """Return for each run the day until which there is a night on sale every day."""
    until = list(seasons.ends)
    for i in range(len(until) - 2, -1, -1):
        if seasons.firsts[i + 1] == seasons.ends[i]:
            until[i] = until[i + 1]
    return until


def preferred(seasons: Seasons, days: Sequence[range], *, nights: int, wish: Wish) -> tuple[int, int] | None:
    """Return the preferred check-in and the sum of its nights for one unit; the earliest of equals; None without any."""
    if not days:
        return None
    amount = _amounts(seasons, nights)
    if wish.limits is None and wish.prefer == "earliest":
        return days[0].start, amount(days[0].start)
    possible: Iterable[int]
    if wish.limits is None and wish.prefer == "cheapest":
        possible = _turns(seasons, days, nights)
    else:
        possible = (day for stretch in days for day in stretch if wish.passes(day))
    cost = _cost(wish, amount)
    best = min(possible, key=lambda day: (cost(day), day), default=None)
    return (best, amount(best)) if best is not None else None


def _cost(wish: Wish, amount: Callable[[int], int]) -> Callable[[int], int]:
    means, first, toward = wish.means, wish.first, wish.toward
    if wish.prefer == "cheapest":
        return amount
    if wish.prefer == "coolest" and means is not None:
        return lambda day: means[day - first]
    if wish.prefer == "nearest":
        return lambda day: max(toward.start - day, day - toward[-1], 0)
    return lambda day: day


def _turns(seasons: Seasons, days: Sequence[range], nights: int) -> set[int]:
    """Return the check-ins among which one is the cheapest.

    Between two days on which a run begins under either end of the stay, the price rises or falls evenly.
    """
    found = {day for stretch in days for day in (stretch[0], stretch[-1])}
    for first in seasons.firsts:
        found.update(day for day in (first, first - nights) for stretch in days if day in stretch)
    return found


def _amounts(seasons: Seasons, nights: int) -> Callable[[int], int]:
    """Return a function of the check-in that sums the nights of an unbroken stay."""
    firsts, prices = seasons.firsts, seasons.prices
    lengths = (end - first for first, end in zip(firsts, seasons.ends, strict=True))
    sums = [0, *accumulate(length * price for length, price in zip(lengths, prices, strict=True))]

    def before(day: int) -> int:
        i = bisect_right(firsts, day) - 1
        return sums[i] + (day - firsts[i]) * prices[i]

    def last_before(day: int) -> int:
        i = bisect_right(firsts, day - 1) - 1
        return sums[i] + (day - firsts[i]) * prices[i]

    return lambda day: last_before(day + nights) - before(day)
