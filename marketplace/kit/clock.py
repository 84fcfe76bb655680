"""The clock, read only at the edge (controllers, workers, commands) and handed down as ``now=``.

Development and tests may move it; production refuses, since nothing there calls ``travel``.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_offset = timedelta()


def now() -> datetime:
    """Return the present instant in UTC, moved by whatever ``travel`` said."""
    return datetime.now(UTC) + _offset


def travel(offset: timedelta) -> None:
    """Move this process's clock to ``offset`` from the real one."""
    global _offset  # noqa: PLW0603 - a process has one clock, and moving it is what this function is for.
    _offset = offset


def offset() -> timedelta:
    """Return how far this process's clock is from the real one."""
    return _offset


def local_date(instant: datetime) -> date:
    """Return the date in Jilin (Asia/Shanghai) at ``instant``: stay nights are local dates."""
    return instant.astimezone(SHANGHAI).date()


def local_midnight(day: date) -> datetime:
    """Return the instant at which ``day`` begins in Jilin."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def local_time(day: date, *, hour: int) -> datetime:
    """Return the instant of ``hour`` o'clock on ``day`` in Jilin."""
    return local_midnight(day) + timedelta(hours=hour)
