import asyncio

import asyncpg
import pytest

from marketplace.kit import db
from marketplace.kit.db import execute, fetch_value, forbid_transaction, require_transaction, transaction


async def test_a_caught_refusal_inside_a_transaction_undoes_only_itself() -> None:
    await execute("CREATE TABLE scratch (n integer)")
    async with transaction():
        await execute("INSERT INTO scratch VALUES (1)")
        with pytest.raises(asyncpg.UniqueViolationError):
            await _insert_and_fail()
        await execute("INSERT INTO scratch VALUES (3)")

    assert await fetch_value("SELECT array_agg(n ORDER BY n) FROM scratch") == [1, 3]


async def _insert_and_fail() -> None:
    async with transaction():
        await execute("INSERT INTO scratch VALUES (2)")
        raise asyncpg.UniqueViolationError("planted")


async def test_failing_commits_do_not_leak_connections(committed: str) -> None:
    await execute("CREATE TABLE parent (id integer PRIMARY KEY)")
    await execute("CREATE TABLE child (id integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")

    for _ in range(40):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            async with transaction():
                await execute("INSERT INTO child VALUES (1)")

    assert await fetch_value("SELECT count(*) FROM child") == 0
    assert db.DB.pool.get_size() <= 30


async def test_a_cancelled_transaction_gives_its_connection_back(committed: str) -> None:
    async def wait_forever() -> None:
        async with transaction():
            await execute("SELECT pg_sleep(10)")

    for _ in range(40):
        task = asyncio.create_task(wait_forever())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert await fetch_value("SELECT 1") == 1


async def test_locking_code_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="must be called inside transaction"):
        require_transaction()


async def test_calling_out_inside_a_transaction_is_refused() -> None:
    async with transaction():
        with pytest.raises(RuntimeError, match="outside service"):
            forbid_transaction()
    forbid_transaction()
