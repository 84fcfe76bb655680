"""The working calendar of the state: published years are facts, later ones only what the law itself names.

Published: 国务院办公厅关于部分节假日安排的通知, one a year. By law: 全国年节及纪念日放假办法 (in force since 2025-01-01) gives
New Year one day, Spring Festival four, 清明, 端午 and 中秋 one each, Labour Day two and National Day three.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from marketplace.kit.audit import SYSTEM
from marketplace.places import operations
from marketplace.places.rules import Holiday, HolidayYear

Span = tuple[str, tuple[int, int], tuple[int, int]]

_PUBLISHED: dict[int, tuple[str, tuple[Span, ...], tuple[tuple[int, int], ...]]] = {
    2024: (
        "国办发明电〔2023〕7号",
        (
            ("元旦", (1, 1), (1, 1)), ("春节", (2, 10), (2, 17)), ("清明节", (4, 4), (4, 6)), ("劳动节", (5, 1), (5, 5)),
            ("端午节", (6, 10), (6, 10)), ("中秋节", (9, 15), (9, 17)), ("国庆节", (10, 1), (10, 7)),
        ),
        ((2, 4), (2, 18), (4, 7), (4, 28), (5, 11), (9, 14), (9, 29), (10, 12)),
    ),
    2025: (
        "国办发明电〔2024〕12号",
        (
            ("元旦", (1, 1), (1, 1)), ("春节", (1, 28), (2, 4)), ("清明节", (4, 4), (4, 6)), ("劳动节", (5, 1), (5, 5)),
            ("端午节", (5, 31), (6, 2)), ("国庆节、中秋节", (10, 1), (10, 8)),
        ),
        ((1, 26), (2, 8), (4, 27), (9, 28), (10, 11)),
    ),
    2026: (
        "国办发明电〔2025〕7号",
        (
            ("元旦", (1, 1), (1, 3)), ("春节", (2, 15), (2, 23)), ("清明节", (4, 4), (4, 6)), ("劳动节", (5, 1), (5, 5)),
            ("端午节", (6, 19), (6, 21)), ("中秋节", (9, 25), (9, 27)), ("国庆节", (10, 1), (10, 7)),
        ),
        ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)),
    ),
}  # fmt: skip
# The days that move with the moon and the sun: 春节 (the first day of the first month), 清明, 端午, 中秋.
_MOVING = {
    2027: ((2, 6), (4, 5), (6, 9), (9, 15)),
    2028: ((1, 26), (4, 4), (5, 28), (10, 3)),
    2029: ((2, 13), (4, 4), (6, 16), (9, 22)),
    2030: ((2, 3), (4, 5), (6, 5), (9, 12)),
}


def _published(year: int) -> HolidayYear:
    source, spans, worked = _PUBLISHED[year]
    off = [
        Holiday(day=day, name_zh=name, is_off=True) for name, first, last in spans for day in _days(year, first, last)
    ]
    on = [Holiday(day=date(year, *day), name_zh="调休上班", is_off=False) for day in worked]
    return HolidayYear(
        year=year,
        version=f"{year} published",
        source=source,
        is_tentative=False,
        days=tuple(sorted((*off, *on), key=lambda listed: listed.day)),
    )


def _by_law(year: int) -> HolidayYear:
    spring, qingming, dragon_boat, mid_autumn = (date(year, *day) for day in _MOVING[year])
    named: dict[date, str] = {date(year, 1, 1): "元旦"}
    named |= {spring + timedelta(days=n): "春节" for n in (-1, 0, 1, 2)}
    named |= {qingming: "清明节", dragon_boat: "端午节", mid_autumn: "中秋节"}
    named |= {date(year, 5, n): "劳动节" for n in (1, 2)}
    named |= {date(year, 10, n): "国庆节" for n in (1, 2, 3)}
    return HolidayYear(
        year=year,
        version=f"{year} by law, tentative",
        source="全国年节及纪念日放假办法",
        is_tentative=True,
        days=tuple(Holiday(day=day, name_zh=name, is_off=True) for day, name in sorted(named.items())),
    )


def _days(year: int, first: tuple[int, int], last: tuple[int, int]) -> Iterator[date]:
    day = date(year, *first)
    while day <= date(year, *last):
        yield day
        day += timedelta(days=1)


HOLIDAY_YEARS = (*(_published(year) for year in _PUBLISHED), *(_by_law(year) for year in _MOVING))


async def plant_holidays(*, now: datetime) -> None:
    """Plant the working calendar."""
    await operations.plant_calendar(years=HOLIDAY_YEARS, actor=SYSTEM, now=now)
