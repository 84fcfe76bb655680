"""One `marketplace up` a home: the system forgets the lock by itself, however its holder ended."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from marketplace.embedded.errors import AlreadyRunning
from marketplace.embedded.paths import Home
from marketplace.embedded.processes import wait_until


@contextmanager
def held(home: Home) -> Iterator[None]:
    """Hold the home for as long as the block runs.

    Refuses: AlreadyRunning, naming the process that holds it.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        # Somebody who only looks (`is_held`) holds the lock for an instant.
        if not wait_until(lambda: take(descriptor, fcntl.LOCK_EX), 0.5):
            raise AlreadyRunning(
                f"the marketplace is already running here (process {holder(home)})",
                remedy="`marketplace status` shows it, `marketplace down` stops it",
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def is_held(home: Home) -> bool:
    """Tell whether a marketplace runs in this home."""
    try:
        descriptor = os.open(home.lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not take(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def holder(home: Home) -> int:
    """Return the process id of the last holder, or 0 when there was none."""
    try:
        return int(home.lock.read_text())
    except (FileNotFoundError, ValueError):
        return 0


def take(descriptor: int, kind: int) -> bool:
    """Try once to take the lock; it stays with the descriptor."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
