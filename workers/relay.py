"""From the outbox to the queue: looks when PostgreSQL notifies, and every second for what has come due.

The relay only nudges. It leases due rows, so that it does not send them again at once, and puts their ids on the queue;
the worker that gets one begins the attempt in the row itself. A nudge that is lost (a wiped broker, a killed worker) is
sent again when the lease ends; one that arrives twice finds the attempt begun. The queue is kept short, so that a slow
worker is not buried under nudges.
"""

import asyncio
import threading
from contextlib import suppress
from datetime import datetime

import asyncpg
import structlog
from kombu.exceptions import OperationalError

from marketplace.kit import clock, clock_follow, db, outbox
from marketplace.kit.valkey import RedisError
from marketplace.settings import settings
from workers.app import QUEUE, app
from workers.reactions import by_kind

HANDLE = "workers.handle"
BATCH = 50
QUEUE_LENGTH_MAX = 200
POLL_SECONDS = 1.0

_BROKER_AWAY = (OperationalError, RedisError, OSError)
_DATABASE_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

log = structlog.get_logger("relay")


async def dispatch(*, now: datetime) -> None:
    """Hand every due message to the queue, as far as there is room; with the broker away they stay where they are."""
    reactions = by_kind()
    try:
        room = QUEUE_LENGTH_MAX - await asyncio.to_thread(_queue_length)
    except _BROKER_AWAY as error:
        log.warning("the broker is away; messages wait", error=type(error).__name__)
        return
    while room > 0:
        claimed = await outbox.claim(now=now, kinds=list(reactions), limit=min(room, BATCH))
        await outbox.settle([message.id for message in claimed if not reactions[message.kind][1]], now=now)
        nudges = [message for message in claimed if reactions[message.kind][1]]
        unsent = await asyncio.to_thread(_send, nudges)
        if unsent:
            await outbox.release(unsent)
            return
        room = room - len(nudges) if len(claimed) == BATCH else 0


def _queue_length() -> int:
    with app.connection_or_acquire() as connection:
        length: int = connection.default_channel.client.llen(QUEUE)
        return length


def _send(claimed: list[outbox.Claimed]) -> list[outbox.Claimed]:
    """Send nudges in order and return those that could not be sent."""
    sent = 0
    try:
        with app.producer_or_acquire() as producer:
            for message in claimed:
                app.send_task(
                    HANDLE,
                    args=(message.id.hex, message.kind, message.attempts),
                    headers={"request_id": message.request_id},
                    producer=producer,
                )
                sent += 1
    except _BROKER_AWAY as error:
        log.warning("the broker went away; messages wait", error=type(error).__name__)
    return claimed[sent:]


class Relay(threading.Thread):
    """The thread, in the worker's main process, that listens and hands out.

    It has a loop and a connection of its own: the main process forks children, so it must not open the pool.
    """

    def __init__(self) -> None:
        super().__init__(name="outbox-relay", daemon=True)
        self._loop = asyncio.new_event_loop()
        self._awake = asyncio.Event()
        self._stopping = False

    def run(self) -> None:
        """Listen until asked to stop, however often the database goes away."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._keep_listening())

    def stop(self) -> None:
        """Ask the relay to end; may be called from any thread."""
        self._stopping = True
        with suppress(RuntimeError):  # The loop has ended by itself.
            self._loop.call_soon_threadsafe(self._awake.set)

    async def _keep_listening(self) -> None:
        while not self._stopping:
            try:
                await self._listen()
            except _DATABASE_AWAY as error:
                log.warning("the database is away; the relay waits", error=type(error).__name__)
                await self._rest()

    async def _listen(self) -> None:
        async with db.single_connection(settings().database_url) as connection:
            await connection.add_listener(outbox.CHANNEL, lambda *_: self._awake.set())
            connection.add_termination_listener(lambda _: self._awake.set())
            while not self._stopping:
                self._awake.clear()
                await clock_follow.refresh()
                await dispatch(now=clock.now())
                await self._rest()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), POLL_SECONDS)
