"""The Celery tasks: one for every message, one for every entry of the schedule."""

from typing import Any
from uuid import UUID

import structlog
from celery import Task, signals
from structlog.contextvars import bound_contextvars

from marketplace.kit import clock
from marketplace.kit.locks import alone
from workers import bridge, handling
from workers.app import app
from workers.relay import HANDLE, Relay
from workers.schedule import PERIODIC, Periodic, beat_schedule

log = structlog.get_logger("periodic")

app.conf.beat_schedule = beat_schedule()


@app.task(name=HANDLE, bind=True)
def handle(self: Task, message_id: str, kind: str, attempts: int) -> None:
    """Handle one message of the outbox, under the request id of whoever published it."""
    request_id = (self.request.headers or {}).get("request_id")
    bridge.run(_handle(UUID(message_id), kind=kind, attempts=attempts, request_id=request_id))


async def _handle(message_id: UUID, *, kind: str, attempts: int, request_id: str | None) -> None:
    with bound_contextvars(request_id=request_id, message_id=message_id.hex):
        await handling.handle(message_id, kind=kind, attempts=attempts)


async def _run(entry: Periodic) -> None:
    async with alone(f"periodic {entry.name}") as granted:
        if granted:
            await entry.run(now=clock.now())
        else:
            log.info("the run before this one has not ended", name=entry.name)


def _register(entry: Periodic) -> None:
    @app.task(name=entry.task)
    def periodic() -> None:
        bridge.run(_run(entry))


for _entry in PERIODIC:
    _register(_entry)


_relays: list[Relay] = []


@signals.worker_ready.connect
def _start_relay(**_: Any) -> None:
    if not _relays:
        _relays.append(Relay())
        _relays[0].start()


@signals.worker_shutting_down.connect
def _stop_relay(**_: Any) -> None:
    for relay in _relays:
        relay.stop()
