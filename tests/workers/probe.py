"""A worker application with messages of its own, for tests that start real processes.

It is never imported by a test: its messages are not the product's, and would fail the test that each has a row.
"""

import asyncio
import os
import sys
from datetime import datetime, timedelta
from uuid import UUID

from celery import signals
from structlog.contextvars import get_contextvars

from marketplace.kit import outbox
from marketplace.kit.db import execute, fetch_value

if "PROBE_LEASE_S" in os.environ:
    outbox.LEASE = timedelta(seconds=float(os.environ["PROBE_LEASE_S"]))

from workers import tasks  # noqa: F401  # The schedule below replaces the one that this import sets.
from workers.app import app
from workers.reactions import REACTIONS


class Slow(outbox.Job, frozen=True, kw_only=True):
    kind = "probe.slow"
    name: str
    seconds_first: float = 0.0


class Quiet(outbox.Event, frozen=True, kw_only=True):
    kind = "probe.quiet"


async def effect(*, name: str, seconds_first: float, now: datetime) -> None:
    """Write that it began, take its time on the first attempt only, write that it is done."""
    began = await fetch_value("SELECT count(*) FROM probe_effects WHERE name = $1 AND NOT done", name)
    await _write(name, done=False)
    if began == 0:
        await asyncio.sleep(seconds_first)
    await _write(name, done=True)


async def _write(name: str, *, done: bool) -> None:
    context = get_contextvars()
    await execute(
        "INSERT INTO probe_effects (name, done, pid, request_id, message_id) VALUES ($1, $2, $3, $4, $5)",
        name,
        done,
        os.getpid(),
        context.get("request_id"),
        UUID(context["message_id"]),
    )


REACTIONS[Slow] = (effect,)
REACTIONS[Quiet] = ()

app.conf.redbeat_lock_timeout = 2
app.conf.beat_max_loop_interval = 0.25
if os.environ.get("PROBE_BEAT") == "only":
    app.conf.beat_schedule = {"tick": {"task": "probe.tick", "schedule": timedelta(seconds=0.25)}}


@signals.worker_process_shutdown.connect
def _note_shutdown(**_: object) -> None:
    sys.stdout.write("child closed\n")
    sys.stdout.flush()
