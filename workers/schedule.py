"""What happens again and again: each entry calls one operation, which must be safe to repeat and to overlap."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from marketplace.settings import settings
from workers import relay

# Development may move the clock, and what a jump has made due should be seen soon after it.
EVERY_MAX_IN_DEVELOPMENT = timedelta(seconds=10)

Operation = Callable[[datetime], Awaitable[Any]]


class Periodic(msgspec.Struct, frozen=True):
    """One entry: a name, how often, and the operation."""

    name: str
    every: timedelta
    run: Operation

    @property
    def task(self) -> str:
        """The name of its Celery task."""
        return f"workers.{self.name}"

    @property
    def interval(self) -> timedelta:
        """How often it runs in this environment."""
        return min(self.every, EVERY_MAX_IN_DEVELOPMENT) if settings().is_development else self.every


PERIODIC: tuple[Periodic, ...] = (Periodic("sweep", timedelta(seconds=5), relay.dispatch),)


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the entries as Celery beat wants them; a run that nobody took before the next one is forgotten."""
    return {
        entry.name: {
            "task": entry.task,
            "schedule": entry.interval,
            "options": {"expires": entry.interval.total_seconds()},
        }
        for entry in PERIODIC
    }
