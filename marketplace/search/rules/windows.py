"""When a stay may be: exact dates are a window with a single first night."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal

import msgspec

from marketplace.inventory.rules import HORIZON_NIGHTS, STAY_NIGHTS_MAX
from marketplace.search.errors import wrong

Prefer = Literal["earliest", "cheapest", "coolest"]

SHIFT_DAYS_MAX = 30


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """``nights`` nights, all of them within ``[first, end)``. Offsets are days after ``first``."""

    first: date
    end: date
    nights: int
    prefer: Prefer = "earliest"

    @property
    def exact(self) -> bool:
        """Whether only one stay lies within the window."""
        return self.last_offset == 0

    @property
    def last_offset(self) -> int:
        """The offset of the last possible check-in."""
        return (self.end - self.first).days - self.nights

    def day(self, offset: int) -> date:
        """Return the day at an offset."""
        return self.first + timedelta(days=offset)


class Free(msgspec.Struct, frozen=True, kw_only=True):
    """The nights of a room type that can be had within a window, in order, with their prices in fen.

    ``barred`` are the offsets on which no stay of this length may begin.
    """

    offsets: Sequence[int]
    prices: Sequence[int]
    barred: frozenset[int] = frozenset()


class Start(msgspec.Struct, frozen=True):
    """A possible check-in: its offset, and the sum of the stay's nightly prices for one unit."""

    offset: int
    amount: int


def read_window(  # noqa: PLR0913 - each is a query parameter.
    *,
    check_in: date | None,
    check_out: date | None,
    first: date | None,
    end: date | None,
    nights: int | None,
    prefer: Prefer | None,
    today: date,
) -> Window:
    """Return the window that was asked for. Refuses: Invalid naming the parameter that is missing or impossible."""
    flexible = {"from": first, "to": end, "nights": nights, "prefer": prefer}
    if check_in is None and check_out is None:
        return _flexible(first, end, nights, prefer or "earliest", today=today)
    for name, value in flexible.items():
        if value is not None:
            raise wrong(
                name,
                zh="确切日期与灵活日期不能同用",
                en=f"Give exact dates or a flexible window: {name} is of the other.",
            )
    if check_in is None or check_out is None:
        missing = "check_in" if check_in is None else "check_out"
        raise wrong(missing, zh="请同时填写入住和离店日期", en="check_in and check_out belong together.")
    _check_range(check_in, check_out, names=("check_in", "check_out"), today=today)
    _check_nights((check_out - check_in).days, name="check_out")
    return Window(first=check_in, end=check_out, nights=(check_out - check_in).days)


def _flexible(first: date | None, end: date | None, nights: int | None, prefer: Prefer, *, today: date) -> Window:
    if first is None and end is None and nights is None:
        raise wrong(
            "check_in",
            zh="请填写 check_in、check_out，或 from、to、nights",
            en="Give check_in and check_out, or from, to and nights.",
        )
    for name, value in (("from", first), ("to", end), ("nights", nights)):
        if value is None:
            raise wrong(name, zh="灵活日期需要 from、to 和 nights", en="A flexible window is from, to and nights.")
    assert first is not None
    assert end is not None
    assert nights is not None
    _check_range(first, end, names=("from", "to"), today=today)
    _check_nights(nights, name="nights")
    if nights > (end - first).days:
        raise wrong(
            "nights", zh="晚数超过所选日期范围", en=f"{nights} nights do not fit into {(end - first).days} nights."
        )
    return Window(first=first, end=end, nights=nights, prefer=prefer)


def _check_range(first: date, end: date, *, names: tuple[str, str], today: date) -> None:
    if end <= first:
        raise wrong(names[1], zh="结束日期须晚于开始日期", en=f"{names[1]} must be after {names[0]}.")
    if (end - first).days > HORIZON_NIGHTS:
        raise wrong(
            names[1], zh=f"日期范围最多 {HORIZON_NIGHTS} 晚", en=f"A window has at most {HORIZON_NIGHTS} nights."
        )
    if first < today:
        raise wrong(names[0], zh="日期已过", en=f"{names[0]} is in the past; today is {today}.")
    horizon = today + timedelta(days=HORIZON_NIGHTS)
    if end > horizon:
        raise wrong(names[1], zh=f"目前可订至 {horizon}", en=f"Nights are on sale until {horizon}.")


def _check_nights(nights: int, *, name: str) -> None:
    if nights < 1:
        raise wrong(name, zh="至少一晚", en="At least one night is needed.")
    if nights > STAY_NIGHTS_MAX:
        raise wrong(name, zh=f"一次最多 {STAY_NIGHTS_MAX} 晚", en=f"A stay lasts at most {STAY_NIGHTS_MAX} nights.")


def widened(asked: Window, *, today: date) -> Window:
    """Return the window with up to 30 days more on either side, for stays that are near what was asked."""
    shift = timedelta(days=SHIFT_DAYS_MAX)
    first = max(today, asked.first - shift)
    end = min(today + timedelta(days=HORIZON_NIGHTS), asked.end + shift, first + timedelta(days=HORIZON_NIGHTS))
    return Window(first=first, end=max(end, asked.end), nights=asked.nights)


def shift_of(check_in: date, asked: Window) -> int:
    """Return by how many days a check-in misses the window: negative when it is earlier, 0 when it is inside."""
    last = asked.day(asked.last_offset)
    if check_in < asked.first:
        return (check_in - asked.first).days
    return (check_in - last).days if check_in > last else 0


def starts(free: Free, *, nights: int) -> Iterator[Start]:
    """Yield every check-in on which ``nights`` nights in a row can be had, earliest first."""
    sums = [0, *accumulate(free.prices)]
    offsets, barred = free.offsets, free.barred
    for i in range(len(offsets) - nights + 1):
        offset = offsets[i]
        if offsets[i + nights - 1] - offset == nights - 1 and offset not in barred:
            yield Start(offset, sums[i + nights] - sums[i])
