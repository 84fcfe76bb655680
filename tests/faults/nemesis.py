"""What breaks: knobs of the provider, kills at random, and three ways to sabotage ourselves that must be seen."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import httpx

from marketplace.kit.locks import alone
from seed.telling import persistent
from tests.faults.invariants import Findings, broken
from tests.faults.shopping import Told
from tests.support.system import System

ROUGH = {
    "drop_webhooks": 0.3,
    "double_webhooks": 0.3,
    "reorder_webhooks": 0.5,
    "delay_ms": 50,
    "lose_response_rate": 0.2,
    "error_rate": 0.1,
    "settle_delay_ms": 300,
}
ALL_LOST = {"drop_webhooks": 1.0, "settle_delay_ms": 300}
VICTIMS = ("api", "worker", "stripe_sandbox", "valkey", "postgres")


async def turn(system: System, **knobs: float) -> None:
    """Turn the provider's knobs; none turns all of them off."""
    told = system.run.environment
    headers = {"X-Sandbox-Token": told["STRIPE_SANDBOX_TOKEN"]}
    # Plain HTTP needs no authorities, whose certificates take 30 ms of a processor to read.
    async with httpx.AsyncClient(
        base_url=told["STRIPE_API_BASE"], headers=headers, trust_env=False, verify=False
    ) as http:
        cleared = await persistent(lambda: http.delete("/_sandbox/chaos"))
        turned = await persistent(lambda: http.post("/_sandbox/chaos", json={"settle_delay_ms": 300, **knobs}))
    assert (cleared.status_code, turned.status_code) == (200, 200)


async def kill_at_random(system: System, *, seed: int, seconds: float, knobs: dict[str, float]) -> list[str]:
    """Kill one program after another until the time is over, keeping the provider's knobs turned; returns the victims."""
    dice = random.Random(seed)
    victims: list[str] = []
    deadline = time.monotonic() + seconds
    await turn(system, **knobs)
    while time.monotonic() < deadline:
        victim = dice.choice(VICTIMS)
        await asyncio.to_thread(system.kill, victim)
        victims.append(victim)
        if victim == "stripe_sandbox":
            # A provider that comes back is calm.
            await turn(system, **knobs)
        await asyncio.sleep(dice.uniform(0.2, 0.7))
    return victims


async def quiet(system: System, told: Told, *, patience_s: float) -> Findings:
    """Wait until every invariant holds, or for so long; returns what is broken at the end."""
    deadline = time.monotonic() + patience_s
    while True:
        found: Findings = {"the system answers": ["not yet"]}
        with suppress(httpx.HTTPError, OSError):
            found = await broken(system, told)
        if not found or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.5)


@asynccontextmanager
async def without_reconciler() -> AsyncIterator[None]:
    """Hold the name under which the reconciler runs alone, so that no worker ever runs it."""
    async with alone("periodic reconcile") as granted:
        while not granted:
            await asyncio.sleep(0.1)
            async with alone("periodic reconcile") as again:
                if again:
                    yield
                    return
        yield


@asynccontextmanager
async def without_ledger_dedupe(system: System) -> AsyncIterator[None]:
    """Post a payment's capture again whenever it is applied again, as a ledger that trusts its callers would.

    Only the owner of the database may plant that: what serves may not.
    """
    owner = await asyncpg.connect(system.run.environment["DATABASE_OWNER_URL"])
    await owner.execute(
        "CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE again bigint; BEGIN"
        " INSERT INTO ledger_journals (dedupe, kind, booking_id, institution_id, provider_ref, posted_at)"
        "  VALUES ('sabotage:' || gen_random_uuid(), 'capture', NEW.booking_id, NEW.institution_id, NEW.provider_intent_id,"
        "  now()) RETURNING id INTO again;"
        " INSERT INTO ledger_entries (journal_id, line, account, subject_id, institution_id, amount, currency) VALUES"
        "  (again, 1, 'asset:stripe', NULL, NEW.institution_id, NEW.captured_amount, NEW.currency),"
        "  (again, 2, 'liability:customer_held', NEW.booking_id, NEW.institution_id, -NEW.captured_amount, NEW.currency);"
        " RETURN NULL; END $$"
    )
    await owner.execute(
        "CREATE TRIGGER sabotage AFTER UPDATE ON payments FOR EACH ROW"
        " WHEN (OLD.status = 'succeeded' AND NEW.status = 'succeeded') EXECUTE FUNCTION sabotage()"
    )
    try:
        yield
    finally:
        await owner.execute("DROP TRIGGER sabotage ON payments")
        await owner.execute("DROP FUNCTION sabotage()")
        await owner.close()
