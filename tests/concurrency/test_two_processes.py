"""Two API processes, thirty-two families and ten rooms: exactly ten are sold, and again when the holds have lapsed.

No worker runs here. ``RACE_ROUNDS=200`` runs it for as long as one likes.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from marketplace.bookings.operations import verify_inventory
from marketplace.embedded import ports, programs
from marketplace.kit import clock, valkey
from marketplace.kit.db import execute, fetch_value
from marketplace.kit.ids import new_id
from tests.support.world import Caller, World, booking_body, build

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
RACERS, UNITS = 32, 10


@pytest.fixture
async def clients(committed: str, servers, tmp_path: Path) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Start two API processes on one database, and return a client of each."""
    environment = {**os.environ, "DATABASE_URL": committed, "REDIS_URL": servers.valkey.url}
    async with AsyncExitStack() as stack:
        found = []
        for n in range(2):
            port = ports.throwaway()
            log = stack.enter_context((tmp_path / f"api-{n}.log").open("wb"))
            process = await asyncio.create_subprocess_exec(
                *programs.api(host="127.0.0.1", port=port), env=environment, stdout=log, stderr=log
            )
            stack.push_async_callback(process.wait)
            stack.callback(process.terminate)
            client = httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}",
                timeout=60,
                trust_env=False,
                limits=httpx.Limits(max_connections=RACERS),
            )
            found.append(await stack.enter_async_context(client))
        for client in found:
            await _until_ready(client)
        yield found


async def _until_ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)


async def race(world: World, racers: list[Caller]) -> list[httpx.Response]:
    """Quote for everybody, then let everybody book at once; whoever is told to come again does, when told."""
    await valkey.client().flushdb()
    offers = await asyncio.gather(*(racer.post("/v1/quotes", world.wish(first=40, nights=30)) for racer in racers))
    assert {offer.status_code for offer in offers} == {201}

    async def book(racer: Caller, quote_id: str) -> httpx.Response:
        key = new_id().hex
        while True:
            answer = await racer.post("/v1/bookings", booking_body(quote_id), key=key)
            if answer.json().get("code") not in ("busy", "overloaded"):
                return answer
            await asyncio.sleep(int(answer.headers["Retry-After"]))

    booking = (book(racer, offer.json()["id"]) for racer, offer in zip(racers, offers, strict=True))
    return await asyncio.gather(*booking)


async def test_exactly_the_units_are_sold_round_after_round_though_no_worker_runs(clients) -> None:
    world = await build(units=UNITS)
    families = [await world.family(f"+861380013{n:04}") for n in range(RACERS)]
    racers = [replace(family, client=clients[n % 2]) for n, family in enumerate(families)]

    for n in range(1, ROUNDS + 1):
        answers = await race(world, racers)
        codes = sorted(answer.json()["code"] for answer in answers if answer.status_code != 201)
        assert codes == ["not_available"] * (RACERS - UNITS)
        assert await world.taken() == [0, UNITS]
        assert await fetch_value("SELECT count(*) FROM bookings") == n * UNITS
        assert await fetch_value("SELECT count(*) FROM allocations") == UNITS
        assert await verify_inventory(now=clock.now()) == []
        # The half hour passes, and nobody tidies.
        await execute("UPDATE allocations SET expires_at = now() - interval '1 s'")
        await execute("UPDATE bookings SET hold_expires_at = now() - interval '1 s'")
