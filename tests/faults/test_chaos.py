"""Chaos: a provider that loses, doubles, delays and reorders, programs that are killed at random, and nothing is lost.

``FAULTS=full`` runs two seeds for 30 s, all webhooks lost for 20 s, and the three sabotages; ``FAULTS=short`` the same, short;
the suite itself only kills and shakes, since the rest takes minutes. A harness that cannot fail proves
nothing: the sabotaged runs must be seen to break what they break.
"""

import asyncio
import os

import pytest

from seed.telling import Story, persistent, until
from tests.faults.invariants import broken
from tests.faults.nemesis import (
    ALL_LOST,
    ROUGH,
    kill_at_random,
    quiet,
    turn,
    without_ledger_dedupe,
    without_reconciler,
)
from tests.faults.shopping import Told, shopping
from tests.support.system import System

FULL = os.environ.get("FAULTS") == "full"
SEEDS = (1, 2) if FULL else (1,)
SECONDS = 30.0 if FULL else 6.0
LOST_SECONDS = 20.0 if FULL else 5.0
SABOTAGE_SECONDS = 10.0 if FULL else 5.0
PATIENCE_S = 90.0

pytestmark = pytest.mark.timeout(400)
thorough = pytest.mark.skipif("FAULTS" not in os.environ, reason="takes minutes: make faults")


async def busy(told: Told, *, seconds: float, paid: int) -> None:
    """Let shoppers shop for so long, and on until so many have paid: a run in which nothing happened proves nothing."""
    await asyncio.sleep(seconds)

    async def count() -> int:
        return len(told.paid)

    await until(count, lambda found: found >= paid, f"{paid} have paid")


async def end_of_holds(system: System, told: Told) -> None:
    """An hour later every hold has ended; whoever paid too late has the money back."""
    async with Story.open(api=system.api) as story:
        answer = await persistent(lambda: story.http.post("/_dev/clock", json={"advance_seconds": 3600}))
        assert answer.status_code == 200
    assert await quiet(system, told, patience_s=PATIENCE_S) == {}


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_invariant_holds_after_kills_and_chaos(
    system: System, look: None, seed: int, record_property
) -> None:
    async with shopping(system.api, seed=seed) as told:
        victims = await kill_at_random(system, seed=seed, seconds=SECONDS, knobs=ROUGH)
        await busy(told, seconds=0, paid=4)
    await turn(system)

    assert await quiet(system, told, patience_s=PATIENCE_S) == {}
    await end_of_holds(system, told)
    assert victims
    record_property("survived", f"{len(victims)} kills, {len(told.bookings)} bookings, {len(told.paid)} paid")


@thorough
async def test_the_reconciler_alone_is_enough_when_every_webhook_is_lost(system: System, look: None) -> None:
    await turn(system, **ALL_LOST)
    async with shopping(system.api, seed=3, returns=False) as told:
        await busy(told, seconds=LOST_SECONDS, paid=4)
    assert await quiet(system, told, patience_s=PATIENCE_S) == {}
    await turn(system)
    await end_of_holds(system, told)


@thorough
async def test_without_reconciler_and_webhooks_money_is_stuck_and_the_harness_sees_it(
    system: System, look: None
) -> None:
    await turn(system, **ALL_LOST)
    async with without_reconciler(), shopping(system.api, seed=4, returns=False) as told:
        await busy(told, seconds=SABOTAGE_SECONDS, paid=4)
        found = await broken(system, told)
    assert {"I6 captures agree", "I8 the balance agrees", "I9 every capture is known"} <= set(found)
    await turn(system)
    # The reconciler is back: what was stuck comes right.
    assert await quiet(system, told, patience_s=PATIENCE_S) == {}


@thorough
async def test_without_stable_keys_pages_are_doubled_and_the_harness_sees_it(system: System, look: None) -> None:
    await turn(system, ignore_keys_rate=1.0, lose_response_rate=0.6)
    async with shopping(system.api, seed=5) as told:
        await busy(told, seconds=SABOTAGE_SECONDS, paid=8)
    await turn(system)
    found = await quiet(system, told, patience_s=5)
    assert "I4 one page and one capture a payment" in found


@thorough
async def test_without_ledger_dedupe_captures_are_doubled_and_the_harness_sees_it(system: System, look: None) -> None:
    await turn(system, double_webhooks=1.0)
    async with without_ledger_dedupe(system), shopping(system.api, seed=6) as told:
        await busy(told, seconds=SABOTAGE_SECONDS, paid=4)
    await turn(system)
    found = await quiet(system, told, patience_s=5)
    assert {"I6 captures agree", "I8 the balance agrees"} <= set(found)
