"""One movable clock for all the processes of a development system: an offset in the database, followed by each.

Production never reads the offset, so nothing there can move its clock.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from datetime import timedelta

import asyncpg
import structlog

from marketplace.kit import clock
from marketplace.kit.db import execute, fetch_value
from marketplace.settings import settings

EVERY_S = 0.5

log = structlog.get_logger("clock")


async def advance(by: timedelta) -> None:
    """Move the clock of every process forward; this one at once, the others within half a second."""
    if not settings().is_development:
        raise RuntimeError("only development and tests may move the clock")
    await execute(
        "INSERT INTO clock_offset (offset_s) VALUES ($1)"
        " ON CONFLICT (singleton) DO UPDATE SET offset_s = clock_offset.offset_s + $1",
        int(by.total_seconds()),
    )
    await refresh()


async def refresh() -> None:
    """Set this process's clock to the common offset, if anybody has ever moved it."""
    if not settings().is_development:
        return
    offset_s = await fetch_value("SELECT offset_s FROM clock_offset")
    if offset_s is not None:
        clock.travel(timedelta(seconds=offset_s))


@asynccontextmanager
async def following() -> AsyncIterator[None]:
    """Keep this process's clock with the others' until the block ends; does nothing in production."""
    if not settings().is_development:
        yield
        return
    await refresh()
    # The task gets an empty context, so that it never runs inside a transaction that its caller has open.
    follower = asyncio.get_running_loop().create_task(_follow(), context=Context())
    try:
        yield
    finally:
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower


async def _follow() -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await refresh()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("the clock cannot be followed: the database is away", error=type(error).__name__)
