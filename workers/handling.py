"""What happens to one message: begun by exactly one worker, reacted to by each of its operations, closed or put back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
import structlog

from marketplace.kit import clock, outbox
from marketplace.kit.logging import mask
from workers.reactions import by_kind, react

RENEW_SECONDS = outbox.LEASE.total_seconds() / 4

log = structlog.get_logger("messages")


async def handle(message_id: UUID, *, kind: str, attempts: int) -> None:
    """Handle one message that a relay has handed out.

    A kind that this version does not know is left untouched: its lease ends, and a newer worker gets it.
    """
    if kind not in by_kind():
        log.warning("a message of an unknown kind is left to a newer worker", kind=kind)
        return
    taken = await outbox.begin(message_id, attempts=attempts)
    if taken is None:
        log.debug("the message is closed or in other hands", kind=kind)
        return
    started = time.perf_counter()
    try:
        async with _renewing(taken):
            await perform(taken, now=clock.now())
    except Exception as error:  # noqa: BLE001 - whatever an operation raises, the message is tried again later.
        # A mask, because the text of an error may quote the value that caused it, and this one is stored.
        dead = await outbox.fail(taken, error=mask(f"{type(error).__name__}: {error}"), now=clock.now())
        report = log.error if dead else log.warning
        report("message failed", kind=kind, attempts=taken.attempts, dead=dead, exc_info=error)
        return
    log.info("message handled", kind=kind, elapsed_ms=round((time.perf_counter() - started) * 1000, 1))


async def perform(taken: outbox.Taken, *, now: datetime) -> None:
    """Have a message's operations react to it, but for those that have, and close it when all have.

    One that fails does not keep the message from the others; its failure is raised when all have been tried.
    """
    message_type, operations = by_kind()[taken.kind]
    message: outbox.Message = msgspec.json.decode(taken.payload, type=message_type)
    failures: list[Exception] = []
    for operation in operations:
        name = f"{operation.__module__}.{operation.__qualname__}"
        if name in taken.handled:
            continue
        try:
            await react(operation, message, now=now)
            if len(operations) > 1:
                await outbox.mark_handled(taken.id, name)
        except Exception as error:  # noqa: BLE001 - see above.
            failures.append(error)
    if failures:
        raise failures[0]
    await outbox.settle([taken.id], now=now)


async def drain(*, now: datetime) -> int:
    """Handle everything that is due, here and without a broker; for tests and scripts. Raises what they raise."""
    handled = 0
    while claimed := await outbox.claim(now=now, kinds=list(by_kind())):
        for message in claimed:
            taken = await outbox.begin(message.id, attempts=message.attempts)
            if taken is not None:
                await perform(taken, now=now)
                handled += 1
    return handled


@asynccontextmanager
async def _renewing(taken: outbox.Taken) -> AsyncIterator[None]:
    """Keep the lease while operations run; the empty context keeps the renewals out of their transactions."""
    renewing = asyncio.get_running_loop().create_task(_renew(taken), context=Context())
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing


async def _renew(taken: outbox.Taken) -> None:
    held = True
    while held:
        await asyncio.sleep(RENEW_SECONDS)
        # The database may be away for a moment; the operations will notice in their own way.
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            held = await outbox.renew(taken)
