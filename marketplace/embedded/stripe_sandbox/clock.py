"""The sandbox's clock, which development may move; signatures and webhook retries keep to real time."""

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """Real time plus an offset in seconds; the store remembers the offset."""

    offset_seconds: int = 0

    def now(self) -> float:
        """Seconds since the epoch, as the sandbox sees them."""
        return time.time() + self.offset_seconds
