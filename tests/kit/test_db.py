import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from marketplace.kit import db
from marketplace.kit.db import (
    execute,
    fetch_value,
    forbid_transaction,
    forget_reads,
    leave_for_the_end,
    once_per_transaction,
    require_transaction,
    transaction,
    whole_transaction,
)


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


async def test_what_a_connection_learnt_of_postgresqls_types_the_next_one_need_not_ask(committed: str) -> None:
    async def asked_for(value: str) -> tuple[object, int]:
        statements: list[str] = []
        async with db.single_connection(committed) as connection:
            connection.add_query_logger(lambda record: statements.append(record.query))
            found = await connection.fetchval(f"SELECT {value}")
            await asyncio.sleep(0)
        return found, sum("typeinfo_tree" in statement for statement in statements)

    await execute("CREATE TYPE standing AS (since date)")
    assert [await asked_for("'{[2,5)}'::nummultirange") for _ in range(2)] == [
        ([asyncpg.Range(2, 5)], 1),
        ([asyncpg.Range(2, 5)], 0),
    ]
    # Of a type that is not PostgreSQL's own another database knows nothing.
    assert [(await asked_for("array[row(NULL)::standing]"))[1] for _ in range(2)] == [1, 1]


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


async def test_whatever_is_within_a_whole_transaction_joins_it(count_queries) -> None:
    await execute("CREATE TABLE scratch (n integer)")
    written: list[int] = []

    async def write(rows: list[int]) -> None:
        written.extend(rows)

    async with whole_transaction(), count_queries() as queries:
        for n in range(3):
            async with transaction():
                await execute("INSERT INTO scratch VALUES ($1)", n)
                leave_for_the_end(write, n)

    assert len(queries) == len(written) == 3
    assert await fetch_value("SELECT array_agg(n ORDER BY n) FROM scratch") == written


async def test_a_refusal_that_is_caught_undoes_a_whole_transaction_all_the_same() -> None:
    await execute("CREATE TABLE scratch (n integer)")

    with pytest.raises(RuntimeError, match="caught within a whole transaction"):
        await _insert_and_catch()

    assert await fetch_value("SELECT count(*) FROM scratch") == 0
    async with transaction():  # What comes after is none of its business.
        with pytest.raises(asyncpg.UniqueViolationError):
            await _insert_and_fail()


async def _insert_and_catch() -> None:
    async with whole_transaction():
        await execute("INSERT INTO scratch VALUES (1)")
        with pytest.raises(asyncpg.UniqueViolationError):
            await _insert_and_fail()


async def test_reference_data_is_read_once_in_a_transaction_until_it_changes() -> None:
    asked: list[int] = []

    @once_per_transaction
    async def read(n: int) -> int:
        asked.append(n)
        return len(asked)

    assert [await read(1), await read(1)] == [1, 2]  # Outside a transaction nothing is remembered.
    async with transaction():
        assert [await read(1), await read(2), await read(1), await read(2)] == [3, 4, 3, 4]
        async with transaction():
            assert await read(1) == 3
        forget_reads()
        assert [await read(1), await read(1)] == [5, 5]
        with pytest.raises(asyncpg.UniqueViolationError):
            await _change_and_fail(read)
        assert await read(1) == 7  # What was read of an undone change is not believed.
    async with transaction():
        assert await read(1) == 8


async def _change_and_fail(read: Callable[[int], Awaitable[int]]) -> None:
    async with transaction():
        forget_reads()
        assert await read(1) == 6
        raise asyncpg.UniqueViolationError("planted")
