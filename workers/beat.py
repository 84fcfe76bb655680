"""The scheduler: redbeat, made to survive a broker that went away or lost its data."""

from typing import Any

import structlog
from redbeat.schedulers import RedBeatScheduler, acquire_distributed_beat_lock
from redis.exceptions import LockError, RedisError

log = structlog.get_logger("beat")

RETRY_SECONDS = 1.0


class Scheduler(RedBeatScheduler):
    """redbeat ends its process when Valkey is away or its lock is gone; this one waits and takes the lock anew."""

    lock: Any

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due and return how many seconds to sleep."""
        try:
            if self.lock is None:
                self._stand_for_election()
            interval: float = super().tick(*args, **kwargs)
        except LockError:
            log.warning("the lock of the schedule is lost: another beat has it, or Valkey lost its data")
            self.lock = None
            return 0.0
        except (RedisError, OSError) as error:
            log.warning("the broker is away; the schedule waits", error=type(error).__name__)
            return RETRY_SECONDS
        return interval

    def _stand_for_election(self) -> None:
        """Wait for the lock, then write the schedule again, which a wiped Valkey has forgotten."""
        acquire_distributed_beat_lock(sender=_Sender(self))
        self.setup_schedule()


class _Sender:
    """The shape in which redbeat expects its scheduler."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
