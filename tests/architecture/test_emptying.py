"""A database that is used again is what it was at first, or it is not used again."""

import asyncpg
import pytest

from marketplace.kit.db import execute, fetch, fetch_value
from tests.support.world import build

EVERYTHING = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


@pytest.fixture(autouse=True)
def database() -> None:
    """Stand in for the suite's fixture of this name, whose transaction would be joined instead."""


async def contents(url: str) -> dict[str, list[asyncpg.Record]]:
    connection = await asyncpg.connect(url)
    try:
        tables = [row[0] for row in await connection.fetch(EVERYTHING)]
        found = {name: await connection.fetch(f"SELECT * FROM {name}") for name in tables}
        return found | {"next": await connection.fetch("SELECT next_status_position()")}
    finally:
        await connection.close()


async def test_rows_and_counters_are_what_they_were(servers) -> None:
    fresh = await servers.clone()
    async with servers.alone() as used:
        await build()
        assert await fetch("SELECT FROM audit_events")
    assert used in servers.spare

    assert await contents(used) == await contents(fresh)
    servers.spare.remove(used)
    for url in (used, fresh):
        await servers.drop(url)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE left_behind (n integer)",
        "ALTER TABLE bookings ADD COLUMN left_behind integer",
        "DROP INDEX bookings_owner",
        "UPDATE certification_policies SET effective_from = effective_from + 1",
        "DELETE FROM certification_policies",
    ],
)
async def test_what_cannot_be_taken_back_is_not_used_again(servers, statement: str) -> None:
    async with servers.alone() as used:
        await execute("SET session_replication_role = replica")
        await execute(statement)
    assert used not in servers.spare
    assert not await fetch_value("SELECT count(*) FROM pg_database WHERE datname = $1", used.rsplit("/", 1)[1])
