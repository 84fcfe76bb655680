"""Grey failures: a program that neither works nor dies."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx

from marketplace.kit.db import fetch_value
from marketplace.kit.ids import parse
from seed.logins import DEMO
from seed.telling import Story
from tests.faults.nemesis import turn
from tests.support.system import System, wait_for

PAUSE_S = 20 if os.environ.get("FAULTS") == "full" else 0
ANSWERED_S = 5.0
# More than the pool of the API has connections.
AT_ONCE = 20


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """Stop a process and its children: PostgreSQL's backends are groups of their own."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    for one in (pid, *children):
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in (pid, *children):
            os.kill(one, signal.SIGCONT)


async def timed(send) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    return await send(), time.monotonic() - started


async def test_a_paused_database_is_answered_for_within_five_seconds_and_loses_nothing(
    system: System, look: None
) -> None:
    await turn(system)
    async with Story.open(api=system.api) as story:
        partner = await story.partner(DEMO.partners[0])
        offer = await story.offer(partner, first=300, nights=3, guests=1)
        body = {
            "quote_id": offer["id"],
            "guests": [{"name": "王秀英", "birth_year": 1950}],
            "contact": {"name": "李娜", "phone": "13800138000"},
        }
        headers = partner._headers() | {"Idempotency-Key": uuid4().hex}

        async def book() -> httpx.Response:
            return await story.http.post("/v1/bookings", json=body, headers=headers)

        async def read() -> httpx.Response:
            return await story.http.get("/v1/institutions")

        with paused(system.run.processes["postgres"].pid):
            ended = time.monotonic() + PAUSE_S
            while True:
                answers = await asyncio.gather(timed(book), *(timed(read) for _ in range(AT_ONCE)))
                assert {answer.status_code for answer, _ in answers} == {503}
                assert all("retry-after" in answer.headers for answer, _ in answers)
                assert max(elapsed_s for _, elapsed_s in answers) < ANSWERED_S
                if time.monotonic() > ended:
                    break
        wait_for(system.is_ready, "the API is ready again", patience_s=10)
        again = await partner.send("/v1/bookings", body, key=headers["Idempotency-Key"])
        assert again.status_code == 201
        # No connection was lost to the pool: more requests than it has connections are answered at once.
        assert {answer.status_code for answer in await asyncio.gather(*(read() for _ in range(AT_ONCE)))} == {200}
    assert await fetch_value("SELECT count(*) FROM bookings WHERE quote_id = $1", parse("quo", offer["id"])) == 1
