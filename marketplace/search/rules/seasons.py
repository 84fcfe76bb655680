"""The nights of a room type as runs of one price and restriction, and the check-in that is preferred among them.

Days are numbered from 2000-01-01, so that a search over thousands of room types is whole-number arithmetic.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Literal

import msgspec

_EPOCH = date(2000, 1, 1).toordinal()

Choice = Literal["earliest", "cheapest", "coolest", "nearest"]


def number(day: date) -> int:
    """Return the number of a day."""
    return day.toordinal() - _EPOCH


class Seasons(msgspec.Struct, frozen=True):
    """Runs of nights ``[first, end)`` in order, each with its price in fen and its restrictions.

    A stay that begins in a run has ``shortest`` to ``longest`` nights and is asked for ``leads`` days before; none begins
    where ``no_arrival`` and none ends on a day of a run with ``no_departure``.
    """

    firsts: Sequence[int]
    ends: Sequence[int]
    prices: Sequence[int]
    shortest: Sequence[int]
    longest: Sequence[int]
    leads: Sequence[int]
    no_arrival: Sequence[bool]
    no_departure: Sequence[bool]


class Costs(msgspec.Struct, frozen=True):
    """What a stay costs that begins on a day and whose nights sum to an amount for one unit: at most the ``ceiling``.

    Between its ``turns``, which are days, a cost must not fall when the sum rises.
    """

    of: Callable[[int, int], int]
    turns: Sequence[int] = ()
    ceiling: int | None = None


BY_SUM = Costs(of=lambda _, amount: amount)


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


def check_ins(seasons: Seasons, free: Iterable[tuple[int, int]], *, nights: int, today: int) -> list[range]:
    """Return the days on which a stay may begin that is asked for today, as ranges within one run, earliest first.

    ``free`` are stretches of nights ``[first, end)`` on sale on which enough units are left, in order. The rule is that of
    ``inventory.rules.check_restrictions``.
    """
    found: list[range] = []
    for first, end in free:
        i = max(0, bisect_right(seasons.firsts, first) - 1)
        while i < len(seasons.firsts) and seasons.firsts[i] <= end - nights:
            if seasons.shortest[i] <= nights <= seasons.longest[i] and not seasons.no_arrival[i]:
                begin = max(first, seasons.firsts[i], today + seasons.leads[i])
                days = range(begin, min(seasons.ends[i], end - nights + 1))
                if days:
                    found += _that_may_end(seasons, days, nights)
            i += 1
    return found


def _that_may_end(seasons: Seasons, days: range, nights: int) -> list[range]:
    """Return the check-ins among ``days`` that do not end on a day which is closed to departure."""
    if True not in seasons.no_departure:
        return [days]
    found, begin = [], days.start
    for first, end, closed in zip(seasons.firsts, seasons.ends, seasons.no_departure, strict=True):
        if closed and first - nights < days.stop and end - nights > begin:
            if first - nights > begin:
                found.append(range(begin, first - nights))
            begin = end - nights
    if begin < days.stop:
        found.append(range(begin, days.stop))
    return found


def preferred(
    seasons: Seasons, days: Sequence[range], *, nights: int, wish: Wish, costs: Costs = BY_SUM
) -> tuple[int, int] | None:
    """Return the preferred check-in and the sum of its nights for one unit; the earliest of equals; None without any.

    Only of the check-ins that are cool enough, and whose cost is within the ceiling.
    """
    if wish.limits is not None:
        days = _only(days, wish.passes)
    if costs.ceiling is not None and wish.prefer != "cheapest":
        days = _only(days, lambda day: _affordable(seasons, day, nights, costs))
    if not days:
        return None
    match wish.prefer:
        case "earliest":
            best = days[0].start
        case "cheapest":
            best = _cheapest(seasons, days, nights, costs)
            # When the cheapest is too dear, all are.
            if not _affordable(seasons, best, nights, costs):
                return None
        case "coolest":
            best = min(_coolest(stretch, wish) for stretch in days)[1]
        case "nearest":
            best = min(_nearest(stretch, wish.toward) for stretch in days)[1]
    return best, sum_of(seasons, best, nights=nights)


def _affordable(seasons: Seasons, day: int, nights: int, costs: Costs) -> bool:
    return costs.ceiling is None or costs.of(day, sum_of(seasons, day, nights=nights)) <= costs.ceiling


def _only(days: Sequence[range], possible: Callable[[int], bool]) -> list[range]:
    return [range(day, day + 1) for stretch in days for day in stretch if possible(day)]


def _coolest(stretch: range, wish: Wish) -> tuple[int, int]:
    if wish.means is None:
        return 0, stretch.start
    means = wish.means[stretch.start - wish.first : stretch.stop - wish.first]
    least = min(means)
    return least, stretch.start + means.index(least)


def _nearest(stretch: range, toward: range) -> tuple[int, int]:
    day = min(max(stretch.start, toward.start), stretch[-1])
    return max(toward.start - day, day - toward[-1], 0), day


def _cheapest(seasons: Seasons, days: Sequence[range], nights: int, costs: Costs) -> int:
    def rank(day: int) -> tuple[int, int, int]:
        amount = sum_of(seasons, day, nights=nights)
        return costs.of(day, amount), amount, day

    # A cost may jump at a turn: what is cheapest lies on it, just before it, or where the sum turns.
    jumps = {day for turn in costs.turns for day in (turn - 1, turn) if any(day in stretch for stretch in days)}
    return min(_turns(seasons, days, nights) | jumps, key=rank)


def _turns(seasons: Seasons, days: Sequence[range], nights: int) -> set[int]:
    """Return the check-ins among which one has the least sum.

    Between two days on which a run begins under either end of the stay, the sum rises or falls evenly.
    """
    found = {day for stretch in days for day in (stretch[0], stretch[-1])}
    for first in seasons.firsts:
        found.update(day for day in (first, first - nights) for stretch in days if day in stretch)
    return found


def sum_of(seasons: Seasons, check_in: int, *, nights: int) -> int:
    """Return the sum of the nights of an unbroken stay for one unit."""
    i, amount, left = bisect_right(seasons.firsts, check_in) - 1, 0, nights
    day = check_in
    while left > 0:
        here = min(left, seasons.ends[i] - day)
        amount += here * seasons.prices[i]
        day, left, i = day + here, left - here, i + 1
    return amount
