"""The log itself: every committed event once, in commit order; whoever rewrites it is found out by name."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from marketplace.kit import audit
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.signing import operations as signing
from marketplace.transparency import operations, proofs, queries
from marketplace.transparency.rules import hashed, merkle, opened
from tests.certifications.conftest import NOW

pytestmark = pytest.mark.usefixtures("committed")


async def act(count: int = 1) -> None:
    for _ in range(count):
        async with transaction():
            await audit.record("tested", actor=SYSTEM, subject=new_id(), now=NOW, why="因为", after={"a": 1})


@asynccontextmanager
async def as_an_intruder():
    """Write in the database past every trigger, as its owner can."""
    async with transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        yield


async def named() -> list[tuple[int | None, str]]:
    return [(found.position, found.what) for found in (await operations.verify()).findings]


async def event_at(position: int):
    return await fetch_value("SELECT event_id FROM audit_leaves WHERE position = $1", position)


async def test_every_event_gets_one_leaf_in_the_order_of_its_commit() -> None:
    await act(7)
    # The eighth is the key's own: a checkpoint is signed by the same run that made the key.
    assert await operations.sequence(now=NOW) == 7
    assert await operations.sequence(now=NOW) == 1
    assert await operations.sequence(now=NOW) == 0

    rows = await fetch(
        "SELECT l.position, e.id FROM audit_leaves l JOIN audit_events e ON e.id = l.event_id ORDER BY 1"
    )
    ids = [row["id"] for row in await fetch("SELECT id FROM audit_events ORDER BY transaction_id, id")]
    assert [(row["position"], row["id"]) for row in rows] == list(enumerate(ids))
    assert [row["size"] for row in await fetch("SELECT size FROM audit_checkpoints ORDER BY size")] == [7, 8]
    assert (await operations.verify()) == operations.Report(8, 2, [])


async def test_an_event_that_commits_late_is_neither_missed_nor_put_before_what_was_read() -> None:
    began, finish = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with transaction():
            await execute("SELECT pg_current_xact_id()")
            began.set()
            await finish.wait()
            await audit.record("tested.slowly", actor=SYSTEM, subject=new_id(), now=NOW)

    running = asyncio.create_task(slow())
    await began.wait()
    await act(3)
    meanwhile = await operations.sequence(now=NOW)
    finish.set()
    await running
    await operations.sequence(now=NOW)
    await operations.sequence(now=NOW)

    assert meanwhile == 0
    assert await fetch_value("SELECT count(*) FROM audit_events") == await queries.size() == 5
    assert await named() == []


async def test_many_who_act_and_several_who_sequence_at_once_make_one_true_log() -> None:
    async def sequencer() -> None:
        while not acting.done():
            await operations.sequence(now=NOW)

    acting = asyncio.gather(*(act(15) for _ in range(6)))
    await asyncio.gather(acting, sequencer(), sequencer())
    while await operations.sequence(now=NOW):
        pass

    assert await queries.size() == await fetch_value("SELECT count(*) FROM audit_events") == 91
    assert await named() == []


async def test_an_edited_event_is_named() -> None:
    await act(9)
    await operations.sequence(now=NOW)
    victim = await event_at(4)
    for column, value in (
        ("why", "'别的原因'"),
        ("actor_kind", "'officer'"),
        ("recorded_at", "recorded_at - interval '1 day'"),
    ):
        async with as_an_intruder():
            before = await fetch_one("SELECT why, actor_kind, recorded_at FROM audit_events WHERE id = $1", victim)
            await execute(f"UPDATE audit_events SET {column} = {value} WHERE id = $1", victim)
        [found] = (await operations.verify()).findings
        assert (found.position, found.event_id, found.what) == (4, victim, "the event was edited")
        async with as_an_intruder():
            await execute(f"UPDATE audit_events SET {column} = $2 WHERE id = $1", victim, before[column])
    assert await named() == []


async def test_a_deleted_event_is_named() -> None:
    await act(5)
    await operations.sequence(now=NOW)
    victim = await event_at(0)
    async with as_an_intruder():
        await execute("DELETE FROM audit_events WHERE id = $1", victim)

    [found] = (await operations.verify()).findings
    assert (found.position, found.event_id, found.what) == (0, victim, "the event was deleted")


async def test_whoever_rewrites_the_leaf_too_is_named_by_the_checkpoint() -> None:
    await act(4)
    await operations.sequence(now=NOW)
    await act(3)
    await operations.sequence(now=NOW)
    async with as_an_intruder():
        await execute("UPDATE audit_events SET why = 'x' WHERE id = $1", await event_at(5))
        forged = await queries.event(await event_at(5))
        await execute("UPDATE audit_leaves SET hash = $1 WHERE position = 5", hashed(forged))

    assert await named() == [(4, "leaves 4 to 7 are not those of the signed checkpoint 8")]


async def test_a_log_that_is_cut_short_and_one_that_has_a_hole_are_found() -> None:
    await act(6)
    await operations.sequence(now=NOW)
    async with as_an_intruder():
        await execute("DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_leaves WHERE position >= 4)")
        await execute("DELETE FROM audit_leaves WHERE position >= 4")
    assert (4, "the log ends at 4, though its size 6 was signed") in await named()

    async with as_an_intruder():
        await execute("DELETE FROM audit_leaves WHERE position = 1")
    assert (1, "the leaf is missing") in await named()


async def test_an_event_slipped_in_behind_the_log_is_named() -> None:
    await act(3)
    await operations.sequence(now=NOW)
    slipped = new_id()
    async with as_an_intruder():
        await execute(
            "INSERT INTO audit_events (id, action, actor_kind, subject_id, recorded_at, transaction_id)"
            " VALUES ($1, 'certification.granted', 'officer', $1, now(), '3')",
            slipped,
        )

    [found] = (await operations.verify()).findings
    assert (found.event_id, found.what) == (slipped, "added to the table behind the log")


async def test_a_forged_checkpoint_is_named_and_one_kept_elsewhere_convicts_the_owner_of_the_key() -> None:
    await act(4)
    await operations.sequence(now=NOW)
    kept = (await queries.latest()).note
    assert (await operations.verify(kept)).findings == []
    assert [found.what for found in (await operations.verify(kept.replace("4", "5", 1))).findings] == [
        "the given checkpoint: no known key has signed it"
    ]

    # Everything is rewritten, and the rewritten log is signed with the true key.
    async with as_an_intruder():
        await execute("UPDATE audit_events SET why = 'x' WHERE id = $1", await event_at(1))
        for table in ("audit_leaves", "audit_nodes", "audit_checkpoints"):
            await execute(f"DELETE FROM {table}")
    while await operations.sequence(now=NOW):
        pass
    assert await named() == []
    assert [found.what for found in (await operations.verify(kept)).findings] == [
        "leaves 0 to 3 are not those of the signed checkpoint 4"
    ]

    async with as_an_intruder():
        await execute("UPDATE audit_checkpoints SET root = sha256('x')")
    assert {what.partition(" is ")[2] for _, what in await named()} == {"stored otherwise than it was signed"}


async def test_the_database_itself_refuses_to_change_the_log() -> None:
    await act()
    await operations.sequence(now=NOW)
    for table in ("audit_events", "audit_leaves", "audit_checkpoints"):
        with pytest.raises(Exception, match="append-only"):
            await execute(f"DELETE FROM {table}")


async def test_strangers_verify_proofs_with_nothing_but_the_answers(client) -> None:
    assert (await client.get("/v1/audit/checkpoint")).status_code == 404
    await act(11)
    await operations.sequence(now=NOW)
    older = (await client.get("/v1/audit/checkpoint")).json()
    await act(10)
    await operations.sequence(now=NOW)
    newer = (await client.get("/v1/audit/checkpoint")).json()
    grown = (await client.get(f"/v1/audit/consistency?first={older['size']}&second={newer['size']}")).json()

    assert (older["size"], newer["size"]) == (11, 22)
    assert merkle.is_consistent(
        11,
        22,
        first_root=bytes.fromhex(older["root_hash"]),
        second_root=bytes.fromhex(newer["root_hash"]),
        proof=[bytes.fromhex(step) for step in grown["proof"]],
    )
    bundle = await proofs.prove(await event_at(13))
    included = (await client.get(f"/v1/audit/inclusion?leaf_hash={bundle.leaf_hash}&size={newer['size']}")).json()
    assert included == {"leaf_index": 13, "size": 22, "proof": bundle.proof}
    assert merkle.is_included(
        merkle.leaf_hash(bundle.leaf.encode()),
        index=13,
        size=22,
        proof=[bytes.fromhex(step) for step in included["proof"]],
        root=bytes.fromhex(newer["root_hash"]),
    )
    keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
    checkpoint = opened(newer["note"], public_jwks=[key for key in keys if key["kty"] == "OKP"])
    assert (checkpoint.size, checkpoint.root.hex()) == (22, newer["root_hash"])
    assert "because" not in str(included)


async def test_a_proof_of_what_is_not_there_is_refused(client) -> None:
    await act(2)
    await operations.sequence(now=NOW)

    assert (await client.get(f"/v1/audit/inclusion?leaf_hash={'0' * 64}&size=1")).status_code == 404
    for query in (
        "inclusion?leaf_hash=xyz&size=1",
        "consistency?first=0&second=1",
        "consistency?first=3&second=2",
        "consistency?first=1&second=99",
        f"consistency?first=1&second={2**60}",
        "consistency?first=1",
    ):
        answer = await client.get(f"/v1/audit/{query}")
        assert answer.status_code == 422, query
        assert answer.json()["errors"][0]["parameter"] in ("leaf_hash", "size", "first", "second"), query


async def test_checkpoints_of_a_retired_key_stay_good() -> None:
    await act(2)
    await operations.sequence(now=NOW)
    assert await signing.rotate_due(now=NOW + timedelta(days=365)) == 1
    await operations.sequence(now=NOW)

    assert await named() == []
    assert await fetch_value("SELECT count(*) FROM audit_checkpoints") >= 2
