"""More people than an API process can serve: some are told so at once, and for them nothing has happened."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from marketplace.kit.db import fetch_value
from tests.support.world import World, booking_body


async def fill(app, gate: str, stack: AsyncExitStack) -> list[asyncio.Task]:
    """Take every place of a gate, and every seat of its waiting room."""
    found = app.state.gates[gate]
    for _ in range(found.running_max):
        await stack.enter_async_context(found.passage())

    async def wait() -> None:
        async with found.passage():
            pass

    waiting = [asyncio.create_task(wait()) for _ in range(found.waiting_max)]
    while found.waiting_count < found.waiting_max:  # noqa: ASYNC110 - nothing announces what the gate counts.
        await asyncio.sleep(0)
    return waiting


async def footprint() -> list[int]:
    return [
        await fetch_value(f"SELECT count(*) FROM {table}")
        for table in ("bookings", "quotes", "allocations", "idempotency_keys", "outbox", "audit_events")
    ]


async def test_a_booking_that_is_shed_changes_nothing_and_succeeds_when_it_is_repeated(world: World, app) -> None:
    family = await world.family()
    offer = (await family.post("/v1/quotes", world.wish())).json()
    before = await footprint()

    async with AsyncExitStack() as stack:
        waiting = await fill(app, "placing", stack)
        shed = await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")
        quoted = await family.post("/v1/quotes", world.wish())
        read = await family.get("/v1/bookings")

    assert (shed.status_code, shed.json()["code"], shed.json()["retryable"]) == (503, "overloaded", True)
    assert shed.headers["retry-after"] in ("1", "2", "3")
    # It was sent away before anybody asked who it was, so not even the rate limit has seen it.
    assert "ratelimit" not in shed.headers
    assert shed.headers["x-request-id"]
    assert (quoted.status_code, read.status_code, read.json()["items"]) == (201, 200, [])
    assert await footprint() == [before[0], before[1] + 1, *before[2:5], before[5] + 1]
    assert await world.taken() == [0]
    await asyncio.gather(*waiting)
    again = await family.post("/v1/bookings", booking_body(offer["id"]), key="k-1")
    assert again.status_code == 201
    assert "idempotent-replayed" not in again.headers


async def test_a_booking_waits_its_turn_for_a_moment(world: World, app) -> None:
    family = await world.family()
    offer = (await family.post("/v1/quotes", world.wish())).json()
    gate = app.state.gates["placing"]
    async with AsyncExitStack() as stack:
        for _ in range(gate.running_max):
            await stack.enter_async_context(gate.passage())
        placing = asyncio.create_task(family.post("/v1/bookings", booking_body(offer["id"]), key="k-1"))
        while gate.waiting_count < 1:  # noqa: ASYNC110 - nothing announces what the gate counts.
            await asyncio.sleep(0)
        assert not placing.done()
    assert (await placing).status_code == 201


@pytest.mark.parametrize("gate", ["placing", "quoting"])
async def test_gates_leave_connections_for_everybody_else(app, gate: str) -> None:
    gates, connections = app.state.gates, 10
    assert sum(found.running_max for found in gates.values()) < connections
    assert gates[gate].running_max > 0


async def test_shed_requests_are_counted(world: World, app, client) -> None:
    async with AsyncExitStack() as stack:
        waiting = await fill(app, "quoting", stack)
        answers = [await (await world.family()).post("/v1/quotes", world.wish()) for _ in range(2)]
        metrics = (await client.get("/metrics")).text
    assert [answer.status_code for answer in answers] == [503, 503]
    [line] = [
        found for found in metrics.splitlines() if found.startswith('marketplace_shed_requests_total{gate="quoting"}')
    ]
    assert float(line.split()[1]) >= 2
    assert await fetch_value("SELECT count(*) FROM quotes") == 0
    await asyncio.gather(*waiting)
