"""The clocks of the procedure: how long a step may take, by which days that is counted, and what silence means.

The start day never counts. Working days are those of the state's calendar; a period of calendar days or months that ends
on a day off ends with the next working day (民法典 201–203). A clock of hours knows no holidays. Every number is an
effective-dated row, and a deadline keeps the version of the row and of the calendar that it was computed with.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice

import msgspec

from marketplace.certifications.rules.months import months_after
from marketplace.certifications.rules.policies import Reliance
from marketplace.certifications.states import Clock
from marketplace.kit import clock
from marketplace.places.rules import Calendar


class Unit(StrEnum):
    """In what a clock counts."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"
    HOURS = "hours"


class Silence(StrEnum):
    """What it means when nobody acts in time."""

    ACCEPTED = "accepted"
    LAPSED = "lapsed"
    RENEWED = "renewed"


class ClockPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One clock from ``effective_from`` on: how much, counted how, on what basis, and how far that can be relied on."""

    clock: Clock
    effective_from: date
    length: int
    unit: Unit
    basis: str
    status: Reliance
    silence: Silence | None = None


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """The last day of a period and the instant at which it has passed, with what both rest on."""

    clock: Clock
    started_on: date
    due_on: date
    due_at: datetime
    policy_from: date
    silence: Silence | None
    calendar_version: str
    is_tentative: bool

    @property
    def last_instant(self) -> datetime:
        """An instant of the last day, for a period that begins when this one ends."""
        return self.due_at - timedelta(seconds=1)


class Timetable(msgspec.Struct, frozen=True):
    """The clocks of the procedure and the calendar that they run by."""

    calendar: Calendar
    policies: tuple[ClockPolicy, ...]

    def policy(self, of: Clock, *, on: date) -> ClockPolicy:
        """Return the row of a clock in force on a day; without one the procedure cannot be run lawfully."""
        rows = [row for row in self.policies if row.clock is of and row.effective_from <= on]
        if not rows:
            raise LookupError(f"no policy row for the clock {of} on {on}")
        return max(rows, key=lambda row: row.effective_from)

    def deadline(self, of: Clock, *, start: datetime) -> Deadline:
        """Return the deadline of a period that begins at ``start``, by the row in force on that day."""
        started_on = clock.local_date(start)
        policy = self.policy(of, on=started_on)
        if policy.unit is Unit.HOURS:
            due_at = start + timedelta(hours=policy.length)
            return self._of(policy, started_on, due_on=clock.local_date(due_at), due_at=due_at)
        due_on = self.last_day(policy, started_on)
        return self._of(policy, started_on, due_on=due_on, due_at=clock.local_midnight(due_on + timedelta(days=1)))

    def until(self, of: Clock, *, start: datetime, due_on: date) -> Deadline:
        """Return the deadline of a period whose last day an officer has set within what the policy allows."""
        started_on = clock.local_date(start)
        due_at = clock.local_midnight(due_on + timedelta(days=1))
        return self._of(self.policy(of, on=started_on), started_on, due_on=due_on, due_at=due_at)

    def last_day(self, policy: ClockPolicy, started_on: date) -> date:
        """Return the last day of a period of days or months that begins on a day."""
        match policy.unit:
            case Unit.WORKING_DAYS:
                counted = islice(self.calendar.working_days_after(started_on), policy.length - 1, None)
                return next(counted)
            case Unit.CALENDAR_DAYS:
                return self.calendar.roll(started_on + timedelta(days=policy.length))
            case Unit.MONTHS:
                return self.calendar.roll(months_after(started_on, policy.length))
            case _:
                raise ValueError(f"{policy.clock} is counted in {policy.unit}, not in days")

    def plain_end(self, of: Clock, *, start: date) -> date:
        """Return the last day of a restriction: nobody has to act on it, so it is not put off by a day off."""
        policy = self.policy(of, on=start)
        if policy.unit is Unit.MONTHS:
            return months_after(start, policy.length)
        return start + timedelta(days=policy.length)

    def is_current(self, found: Deadline) -> bool:
        """Say whether a deadline was counted with the calendar as it is held now."""
        return found.calendar_version == self.calendar.version_of(found.started_on, found.due_on)

    def recounted(self, found: Deadline, *, is_set: bool) -> Deadline:
        """Return a running deadline by the calendar as it is held now: by its own policy, and never sooner than before."""
        policy = next(
            row for row in self.policies if (row.clock, row.effective_from) == (found.clock, found.policy_from)
        )
        due_on = found.due_on if is_set else max(found.due_on, self.last_day(policy, found.started_on))
        due_at = found.due_at if due_on == found.due_on else clock.local_midnight(due_on + timedelta(days=1))
        return self._of(policy, found.started_on, due_on=due_on, due_at=due_at)

    def days_before(self, of: Clock, *, end: date) -> date:
        """Return the day so many calendar days before ``end``; a window is counted back plainly, without rolling."""
        return end - timedelta(days=self.policy(of, on=end).length)

    def _of(self, policy: ClockPolicy, started_on: date, *, due_on: date, due_at: datetime) -> Deadline:
        by_hours = policy.unit is Unit.HOURS
        return Deadline(
            clock=policy.clock,
            started_on=started_on,
            due_on=due_on,
            due_at=due_at,
            policy_from=policy.effective_from,
            silence=policy.silence,
            calendar_version="hours" if by_hours else self.calendar.version_of(started_on, due_on),
            is_tentative=not by_hours and self.calendar.is_tentative(started_on, due_on),
        )
