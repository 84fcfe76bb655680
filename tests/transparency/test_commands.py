"""`marketplace audit …` as an auditor runs it, on the database of the environment."""

import asyncio
import json
import os
import sys

from marketplace.kit import audit
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.transparency import operations, queries
from marketplace.transparency.rules import merkle
from tests.certifications.conftest import NOW


async def run(url: str, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "marketplace.cli", "audit", *words,
        env={**os.environ, "DATABASE_URL": url}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), timeout=60)
    return process.returncode or 0, output.decode()


async def test_an_auditor_verifies_keeps_a_checkpoint_and_proves_an_event(committed, tmp_path) -> None:
    for _ in range(5):
        async with transaction():
            await audit.record("tested", actor=SYSTEM, subject=new_id(), now=NOW, why="因为")
    await operations.sequence(now=NOW)
    kept = tmp_path / "checkpoint.txt"
    kept.write_text((await queries.latest()).note, encoding="utf-8")
    victim = await fetch_value("SELECT event_id FROM audit_leaves WHERE position = 3")

    code, output = await run(committed, "verify", "--checkpoint", str(kept))
    assert (code, output) == (0, "✔ 5 events, 1 checkpoints, 0 findings\n")

    code, output = await run(committed, "prove", str(victim))
    bundle = json.loads(output)
    assert code == 0
    assert "因为" in bundle["leaf"]
    assert merkle.leaf_hash(bundle["leaf"].encode()).hex() == bundle["leaf_hash"]

    async with transaction():
        await execute("SET LOCAL session_replication_role = replica")
        await execute("UPDATE audit_events SET why = '改了' WHERE id = $1", victim)
    code, output = await run(committed, "verify")
    assert code == 1
    assert output.splitlines() == [
        f"✘ leaf 3 event {victim}: the event was edited",
        "✘ 5 events, 1 checkpoints, 1 findings",
    ]
