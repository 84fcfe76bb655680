"""Every clock against a calendar counted by hand: 2026 with its Spring Festival is published, 2027 is not."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from marketplace.certifications.queries.timing import timetable
from marketplace.certifications.rules import Clock, ClockPolicy, Reliance, Silence, Timetable, Unit
from marketplace.kit.audit import SYSTEM
from marketplace.kit.clock import local_midnight
from marketplace.places.operations import plant_calendar
from marketplace.places.queries import calendar
from marketplace.places.rules import Calendar, Holiday
from seed.clocks import CLOCKS
from seed.holidays import HOLIDAY_YEARS
from seed.places import plant_places

TABLE = Timetable(Calendar({year.year: year for year in HOLIDAY_YEARS}), CLOCKS)
# The two weeks around the festival of 2026, by hand: Sat 14 Feb is worked, 15–23 are off, Sat 28 Feb is worked.
FEBRUARY_2026 = {
    9: True, 10: True, 11: True, 12: True, 13: True, 14: True, 15: False,
    16: False, 17: False, 18: False, 19: False, 20: False, 21: False, 22: False,
    23: False, 24: True, 25: True, 26: True, 27: True, 28: True,
}  # fmt: skip


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def due(clock: Clock, start: date) -> date:
    return TABLE.deadline(clock, start=noon(start)).due_on


@pytest.mark.parametrize(("day", "works"), FEBRUARY_2026.items())
def test_the_spring_festival_of_2026(day, works):
    assert TABLE.calendar.is_working(date(2026, 2, day)) is works


@pytest.mark.parametrize(
    ("clock", "start", "last"),
    [
        # Five working days from Tue 10 Feb: 11, 12, 13, 14 (a worked Saturday), then the festival, 24.
        (Clock.COMPLETENESS, date(2026, 2, 10), date(2026, 2, 24)),
        # From Fri 13 Feb: 14, 24, 25, 26, 27.
        (Clock.COMPLETENESS, date(2026, 2, 13), date(2026, 2, 27)),
        # From within the festival: 24, 25, 26, 27, 28 (a worked Saturday).
        (Clock.COMPLETENESS, date(2026, 2, 18), date(2026, 2, 28)),
        # Twenty from Mon 9 Feb: 10–14 (5), 24–28 (10), 2–6 March (15), 9–13 March (20).
        (Clock.COUNTY_REVIEW, date(2026, 2, 9), date(2026, 3, 13)),
        # A plain week: Mon 1 June + 5 working days.
        (Clock.DEFENCE, date(2026, 6, 1), date(2026, 6, 8)),
        # Seven from Mon 15 June over 端午 (19–21): 16, 17, 18, 22, 23, 24, 25.
        (Clock.HEARING_NOTICE, date(2026, 6, 15), date(2026, 6, 25)),
        # Thirty calendar days from 16 Jan end on Sun 15 Feb, within the festival, and roll to Tue 24 Feb.
        (Clock.RECTIFICATION, date(2026, 1, 16), date(2026, 2, 24)),
        # Thirty from 15 Jan end on Sat 14 Feb, which is worked: no rolling.
        (Clock.RECTIFICATION, date(2026, 1, 15), date(2026, 2, 14)),
        # Sixty from 18 Dec 2025 end on 16 Feb 2026 and roll to 24 Feb; from 24 Apr on 23 June, a Tuesday.
        (Clock.APPEAL, date(2025, 12, 18), date(2026, 2, 24)),
        (Clock.APPEAL, date(2026, 4, 24), date(2026, 6, 23)),
        # A year from 17 Feb 2025 ends on New Year's Day of the moon 2026.
        (Clock.APPEAL_RIGHTS_NOT_TOLD, date(2025, 2, 17), date(2026, 2, 24)),
        # Two years from 29 Feb 2024 end on Sat 28 Feb 2026, which is worked.
        (Clock.LOCKOUT_FAILED, date(2024, 2, 29), date(2026, 2, 28)),
    ],
)
def test_deadlines_counted_by_hand(clock, start, last):
    found = TABLE.deadline(clock, start=noon(start))
    assert (found.started_on, found.due_on) == (start, last)
    assert found.due_at == local_midnight(date.fromordinal(last.toordinal() + 1))
    assert not found.is_tentative


def test_the_start_day_is_that_of_jilin():
    late = datetime(2026, 6, 1, 16, 30, tzinfo=UTC)  # half past midnight on 2 June
    assert TABLE.deadline(Clock.DEFENCE, start=late).due_on == date(2026, 6, 9)


def test_a_clock_of_hours_knows_no_holidays():
    start = datetime(2026, 2, 17, 1, 30, tzinfo=UTC)
    found = TABLE.deadline(Clock.EMERGENCY_REASONS, start=start)
    assert found.due_at == datetime(2026, 2, 18, 1, 30, tzinfo=UTC)
    assert (found.calendar_version, found.is_tentative) == ("hours", False)


def test_what_is_not_published_is_tentative_and_says_so():
    # Fri 5 Feb 2027 is 除夕 by law, 6–8 are the first days of the year; no arrangement is known.
    found = TABLE.deadline(Clock.COMPLETENESS, start=noon(date(2027, 2, 3)))
    assert found.due_on == date(2027, 2, 12)
    assert (found.is_tentative, found.calendar_version) == (True, "2027 by law, tentative")
    across = TABLE.deadline(Clock.APPEAL, start=noon(date(2026, 12, 1)))
    assert (across.is_tentative, across.calendar_version) == (True, "2026 published, 2027 by law, tentative")
    beyond = TABLE.deadline(Clock.APPEAL, start=noon(date(2031, 3, 3)))
    assert (beyond.is_tentative, beyond.calendar_version) == (True, "2031 unknown")


@pytest.mark.parametrize("year", [year for year in HOLIDAY_YEARS if year.is_tentative], ids=lambda year: str(year.year))
def test_an_unpublished_year_has_exactly_the_thirteen_days_of_the_law(year):
    # In 2028 the Mid-Autumn Festival falls on the third day of the National Day.
    assert len({day.day for day in year.days}) == (12 if year.year == 2028 else 13)
    assert all(day.is_off for day in year.days)


def test_published_years_are_as_long_as_the_notices_say():
    off = {year.year: sum(day.is_off for day in year.days) for year in HOLIDAY_YEARS if not year.is_tentative}
    worked = {year.year: sum(not day.is_off for day in year.days) for year in HOLIDAY_YEARS if not year.is_tentative}
    assert off == {2024: 28, 2025: 28, 2026: 33}
    assert worked == {2024: 8, 2025: 5, 2026: 6}
    assert all(day.is_off or day.day.weekday() >= 5 for year in HOLIDAY_YEARS for day in year.days)


def test_every_clock_has_a_row_with_its_basis():
    assert {row.clock for row in CLOCKS} == set(Clock)
    assert [row.clock for row in CLOCKS if not row.basis] == []
    assert {row.clock: row.silence for row in CLOCKS if row.silence} == {
        Clock.COMPLETENESS: Silence.ACCEPTED,
        Clock.CORRECTION: Silence.LAPSED,
        Clock.RENEWAL_REVIEW: Silence.RENEWED,
        Clock.APPEAL_REVIEW: Silence.ACCEPTED,
    }


def test_the_row_in_force_on_the_first_day_counts():
    later = ClockPolicy(
        status=Reliance.PROPOSAL,
        clock=Clock.PUBLICITY,
        effective_from=date(2026, 7, 1),
        length=7,
        unit=Unit.CALENDAR_DAYS,
        basis="新办法",
    )
    table = Timetable(TABLE.calendar, (*CLOCKS, later))
    before, after = (
        table.deadline(Clock.PUBLICITY, start=noon(date(2026, month, day))) for month, day in ((6, 30), (7, 1))
    )
    assert (before.due_on, before.policy_from) == (date(2026, 7, 7), date(2020, 1, 1))
    assert (after.due_on, after.policy_from) == (date(2026, 7, 8), date(2026, 7, 1))


def test_a_clock_without_a_row_is_not_guessed():
    with pytest.raises(LookupError, match="publicity"):
        Timetable(TABLE.calendar, ()).deadline(Clock.PUBLICITY, start=noon(date(2026, 7, 1)))


async def test_what_is_planted_is_what_is_read():
    for _ in range(2):
        await plant_places(now=noon(date(2026, 7, 1)))
        assert await timetable() == Timetable(TABLE.calendar, tuple(sorted(CLOCKS, key=lambda row: row.clock)))


async def test_a_published_calendar_replaces_a_tentative_one():
    now = noon(date(2026, 11, 30))
    await plant_places(now=now)
    tentative = next(year for year in HOLIDAY_YEARS if year.year == 2027)
    extra = Holiday(day=date(2027, 2, 9), name_zh="春节", is_off=True)
    published = msgspec.structs.replace(
        tentative, version="2027 published", is_tentative=False, days=(*tentative.days, extra)
    )
    await plant_calendar(years=(published,), actor=SYSTEM, now=now)
    found = await calendar()
    assert (found.years[2027].version, found.is_working(date(2027, 2, 9))) == ("2027 published", False)
    assert found.is_tentative(date(2027, 2, 1), date(2027, 2, 28)) is False
