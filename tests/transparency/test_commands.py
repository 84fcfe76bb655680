"""`marketplace audit …` as an auditor runs it, on the database of the environment."""

import json
from datetime import timedelta

from marketplace.kit import audit
from marketplace.kit.audit import SYSTEM
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.transparency import operations, queries
from marketplace.transparency.rules import merkle
from seed.places import plant_places
from tests.certifications.conftest import NOW
from tests.support.commands import run, run_here
from tests.support.world import World
from workers import handling


async def test_an_auditor_verifies_keeps_a_checkpoint_and_proves_an_event(committed, tmp_path) -> None:
    for _ in range(5):
        async with transaction():
            await audit.record("tested", actor=SYSTEM, subject=new_id(), now=NOW, why="因为")
    await operations.sequence(now=NOW)
    kept = tmp_path / "checkpoint.txt"
    kept.write_text((await queries.latest()).note, encoding="utf-8")
    victim = await fetch_value("SELECT event_id FROM audit_leaves WHERE position = 3")

    code, output = await run_here("audit", "verify", "--against", str(kept))
    assert (code, output) == (0, "✔ 5 events, 1 checkpoints, 0 findings\n")

    code, output, _ = await run("audit", "prove", str(victim), DATABASE_URL=committed)
    bundle = json.loads(output)
    assert code == 0
    assert "因为" in bundle["leaf"]
    assert merkle.leaf_hash(bundle["leaf"].encode()).hex() == bundle["leaf_hash"]

    async with transaction():
        await execute("SET LOCAL session_replication_role = replica")
        await execute("UPDATE audit_events SET why = '改了' WHERE id = $1", victim)
    code, output = await run_here("audit", "verify")
    assert code == 1
    assert output.splitlines() == [
        f"✘ leaf 3 event {victim}: the event was edited",
        "✘ 5 events, 1 checkpoints, 1 findings",
    ]


async def test_what_partners_and_officers_kept_convicts_who_rewrote_the_log(committed, client, tmp_path) -> None:
    world = World(now=NOW)
    await plant_places(now=NOW)
    await world.officer()
    while await operations.sequence(now=NOW):
        pass
    assert await operations.publish_checkpoint(now=NOW) is True
    assert await operations.publish_checkpoint(now=NOW + timedelta(hours=3)) is False
    await handling.drain(now=NOW)
    newest = await queries.latest()
    listed = await client.get("/v1/audit/checkpoints")
    event = json.loads(await fetch_value("SELECT payload FROM outbox WHERE kind = 'audit.checkpoint_published'"))
    mail = await fetch_one("SELECT id, content FROM messages WHERE template = 'audit_checkpoint'")
    text = vault().open(mail["content"], table="messages", column="content", row=mail["id"])["text"]
    assert [one["size"] for one in listed.json()["items"]] == [newest.size]
    assert event == {"size": newest.size, "root_hash": newest.root.hex(), "note": newest.note}
    kept = {"answer.json": listed.text, "event.json": json.dumps(event), "mail.txt": text}
    for name, content in kept.items():
        (tmp_path / name).write_text(content, encoding="utf-8")

    # The log is rewritten whole, and signed with the true key: only what others kept still tells.
    async with transaction():
        await execute("SET LOCAL session_replication_role = replica")
        await execute(
            "UPDATE audit_events SET why = '改了' WHERE id = (SELECT event_id FROM audit_leaves WHERE position = 0)"
        )
        for table in ("audit_publications", "audit_checkpoints", "audit_leaves", "audit_nodes"):
            await execute(f"DELETE FROM {table}")
    while await operations.sequence(now=NOW):
        pass
    assert (await operations.verify()).findings == []
    paths = [str(tmp_path / name) for name in kept]
    against = [word for path in paths for word in ("--against", path)]
    code, output, _ = await run("audit", "verify", *against, DATABASE_URL=committed)
    assert code == 1
    assert output.splitlines()[0] == (
        f"✘ leaf 0: leaves 0 to {newest.size - 1} are not those of the signed checkpoint {newest.size}"
    )
