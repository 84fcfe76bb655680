"""From Celery's synchronous tasks to asynchronous operations: one event loop per process, in a thread of its own.

One loop that lives as long as the process is what the database pool needs (a loop per task breaks it), and a thread
serves every kind of Celery pool alike: processes, threads and solo.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from marketplace.kit import clock_follow, db, valkey
from marketplace.payments import gateway
from marketplace.settings import settings

T = TypeVar("T")

POOL_SIZE = 4
# Longer than the 15 s after which the server ends a statement by itself.
ANSWER_WITHIN_S = 20
OPEN_SECONDS = 20
CLOSE_SECONDS = 5

_lock = threading.Lock()
_loop: "_Loop | None" = None


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the process's loop and wait for it; Celery's time limit, raised here, cancels it there."""
    try:
        future = asyncio.run_coroutine_threadsafe(coroutine, open_loop())
    except BaseException:
        coroutine.close()
        raise
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def open_loop() -> asyncio.AbstractEventLoop:
    """Return the process's loop; the first call opens it and the connections that tasks need."""
    global _loop  # noqa: PLW0603 - a process has one loop for its tasks.
    with _lock:
        if _loop is None:
            opening = _Loop()
            opening.start()
            opening.opened.result(OPEN_SECONDS)
            _loop = opening
        return _loop.opened.result()


def close_loop() -> None:
    """Close the connections and end the loop; harmless when there is none."""
    global _loop  # noqa: PLW0603 - see open_loop().
    with _lock:
        if _loop is not None:
            _loop.close()
            _loop = None


class _Loop(threading.Thread):
    """The thread of the loop."""

    def __init__(self) -> None:
        super().__init__(name="tasks-loop", daemon=True)
        self.opened: concurrent.futures.Future[asyncio.AbstractEventLoop] = concurrent.futures.Future()
        self._closing = asyncio.Event()

    def run(self) -> None:
        try:
            asyncio.run(self._live())
        except Exception as error:
            if self.opened.done():
                raise
            self.opened.set_exception(error)

    def close(self) -> None:
        self.opened.result().call_soon_threadsafe(self._closing.set)
        self.join(CLOSE_SECONDS)

    async def _live(self) -> None:
        async with _connections():
            self.opened.set_result(asyncio.get_running_loop())
            await self._closing.wait()


@asynccontextmanager
async def _connections() -> AsyncIterator[None]:
    found = settings()
    await db.connect(found.database_url, max_size=POOL_SIZE, answer_within_s=ANSWER_WITHIN_S)
    await valkey.connect(found.redis_url)
    gateway.configure(found)
    try:
        async with clock_follow.following():
            yield
    finally:
        await gateway.close()
        await valkey.disconnect()
        await db.disconnect()
