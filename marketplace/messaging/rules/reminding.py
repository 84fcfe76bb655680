"""On which days whom to remind. Dates are local dates of Asia/Shanghai; the schedule keeps to waking hours."""

from datetime import date, timedelta

FIRST_DAYS_BEFORE = 7
LAST_DAYS_BEFORE = 1
BALANCE_DAYS_BEFORE = 3


def arrival_reminder(*, check_in: date, confirmed_on: date, today: date) -> str | None:
    """Name the template that is due today, or None.

    A reminder whose day has passed unnoticed is still sent until the next one's day, and the last until the day of
    check-in; a booking confirmed on or after a reminder's day does not get that one, since its confirmation is fresh.
    """
    days_left = (check_in - today).days
    if 0 <= days_left <= LAST_DAYS_BEFORE:
        template, days_before = "reminder_1_day", LAST_DAYS_BEFORE
    elif LAST_DAYS_BEFORE < days_left <= FIRST_DAYS_BEFORE:
        template, days_before = "reminder_7_days", FIRST_DAYS_BEFORE
    else:
        return None
    return template if confirmed_on < check_in - timedelta(days=days_before) else None


def balance_reminder(*, due_on: date, today: date) -> bool:
    """Say whether to remind of a balance due on ``due_on``: from three days before until that day."""
    return 0 <= (due_on - today).days <= BALANCE_DAYS_BEFORE
