"""When to leave a provider alone: after failures in a row nothing is sent for a while, then one request tries; pure."""

import msgspec

# Two calls that each failed three times.
FAILURES_MAX = 6
PAUSE_S = 2.0
PAUSE_MAX_S = 15.0


class Circuit(msgspec.Struct, frozen=True, kw_only=True):
    """How the provider has answered lately; times are seconds of a clock that never goes back.

    It is open from the sixth failure in a row until a request succeeds. While it is open one request is let through
    after each pause, and the pauses double up to 15 s.
    """

    failure_count: int = 0
    next_at: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the provider is taken to be away."""
        return self.failure_count >= FAILURES_MAX

    def wait_s(self, now: float) -> float:
        """Return how long to wait before a request may be sent; 0 when it may."""
        return max(self.next_at - now, 0.0) if self.is_open else 0.0

    @property
    def pause_s(self) -> float:
        """How long the provider is left alone after the last failure."""
        return min(PAUSE_S * 2.0 ** min(max(self.failure_count - FAILURES_MAX, 0), 8), PAUSE_MAX_S)

    def tried(self, now: float) -> "Circuit":
        """Return the circuit once a request is on its way: of an open one, no other follows before the pause is over."""
        return msgspec.structs.replace(self, next_at=now + self.pause_s) if self.is_open else self

    def failed(self, now: float) -> "Circuit":
        """Return the circuit after a request that the provider did not answer, or could not."""
        after = msgspec.structs.replace(self, failure_count=self.failure_count + 1)
        return msgspec.structs.replace(after, next_at=now + after.pause_s)
