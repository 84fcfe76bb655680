"""Grey failures: a program that neither works nor dies."""

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx

from seed.logins import DEMO
from seed.telling import Story
from tests.faults.nemesis import turn
from tests.support.system import System, wait_for

PAUSE_S = 20 if os.environ.get("FAULTS") == "full" else 3


def family_of(pid: int) -> list[int]:
    """List a process and its children: PostgreSQL's backends are groups of their own."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *children]


async def test_a_paused_database_loses_nothing_and_the_api_recovers(system: System, look: None) -> None:
    await turn(system)
    async with Story.open(api=system.api) as story:
        partner = await story.partner(DEMO.partners[0])
        offer = await story.offer(partner, first=300, nights=3, guests=1)
        paused = family_of(system.run.processes["postgres"].pid)
        for pid in paused:
            os.kill(pid, signal.SIGSTOP)
        try:
            booking = asyncio.create_task(story.book(partner, offer))
            await asyncio.sleep(PAUSE_S)
            assert not booking.done()
        finally:
            for pid in paused:
                os.kill(pid, signal.SIGCONT)
        started = time.monotonic()
        found = await asyncio.wait_for(booking, timeout=30)
        wait_for(system.is_ready, "the API is ready again", patience_s=10)
        assert time.monotonic() - started < 15
        listed = await partner.get(f"/v1/bookings/{found['id']}")
        assert listed["status"] == "on_hold"
        # No connection was lost to the pool: as many requests as it has connections are answered at once.
        async with httpx.AsyncClient(base_url=system.api, trust_env=False, timeout=10) as http:
            answers = await asyncio.gather(*(http.get("/v1/tours") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
