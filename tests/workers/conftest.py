import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import redis

from marketplace.kit.db import execute, fetch, fetch_value
from marketplace.kit.logging import configure
from marketplace.settings import settings

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BROKER_DATABASE = 7
# `python -m workers` with the probe's messages and schedule.
PROGRAM = "import probe; from workers.__main__ import main; main()"


class Processes:
    """Starts Celery programs of the probe application, and ends every one of them."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        log = self.folder / f"{len(self.started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", PROGRAM, *words],
                env={**os.environ, **self.environment, **environment},
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def worker(self, **environment: str) -> subprocess.Popen[bytes]:
        return self.start("worker", "--concurrency", "1", **environment)

    def beat(self) -> subprocess.Popen[bytes]:
        return self.start("beat", PROBE_BEAT="only")

    def log(self, process: subprocess.Popen[bytes]) -> str:
        return (self.folder / f"{self.started.index(process)}.log").read_text(errors="replace")

    def kill_group(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    async def order(self, name: str, *, seconds_first: float = 0.0, kind: str = "probe.slow") -> UUID:
        """Write a message as ``publish`` would: the classes of the probe are known to its processes only."""
        message_id = uuid4()
        await execute(
            "INSERT INTO outbox (id, kind, payload, audience, is_event, request_id, published_at, due_at)"
            " VALUES ($1, $2, jsonb_build_object('name', $3::text, 'seconds_first', $4::float), 'nobody', false,"
            " 'request-of-' || $3, now(), now())",
            message_id,
            kind,
            name,
            seconds_first,
        )
        await execute("SELECT pg_notify('outbox', '')")
        return message_id

    async def effects(self, name: str) -> list[dict[str, object]]:
        return [dict(row) for row in await fetch("SELECT * FROM probe_effects WHERE name = $1 ORDER BY done", name)]

    async def begun(self, name: str, *, times: int = 1) -> float:
        return await self.until(
            f"{name} begun {times} times",
            "SELECT count(*) >= $2 FROM probe_effects WHERE name = $1 AND NOT done",
            name,
            times,
        )

    async def closed(self, *message_ids: UUID, seconds: float = 30) -> float:
        return await self.until(
            "messages closed",
            "SELECT count(*) = 0 FROM outbox WHERE id = ANY($1) AND state <> 'done'",
            message_ids,
            seconds=seconds,
        )

    async def ready(self, worker: subprocess.Popen[bytes]) -> None:
        await self.until_true(lambda: " ready." in self.log(worker), seconds=30)

    async def until_true(self, condition: Callable[[], bool], *, seconds: float = 30) -> None:
        started = time.monotonic()
        while not condition():
            assert time.monotonic() - started < seconds, f"not within {seconds} s\n{self.logs()}"
            await asyncio.sleep(0.05)

    async def until(self, what: str, sql: str, *args: object, seconds: float = 30) -> float:
        """Wait until the database says yes, and return how long that took."""
        started = time.monotonic()
        while not await fetch_value(sql, *args):
            assert time.monotonic() - started < seconds, f"not within {seconds} s: {what}\n{self.logs()}"
            await asyncio.sleep(0.05)
        return time.monotonic() - started

    def logs(self) -> str:
        return "\n".join(self.log(process) for process in self.started)


@pytest.fixture(scope="module", autouse=True)
def masked_logs(machine) -> None:
    configure(settings())


@pytest.fixture
def broker(servers) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(servers.valkey.url_of(BROKER_DATABASE)) as client:
        client.flushdb()
        yield client


@pytest.fixture
async def programs(committed, servers, broker, tmp_path) -> AsyncIterator[Processes]:
    await execute("CREATE TABLE probe_effects (name text, done boolean, pid integer, request_id text, message_id uuid)")
    found = Processes(
        {
            "DATABASE_URL": committed,
            "REDIS_URL": servers.valkey.url_of(BROKER_DATABASE),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}",
            "LOG_LEVEL": "INFO",
        },
        tmp_path,
    )
    yield found
    for process in found.started:
        found.kill_group(process)
