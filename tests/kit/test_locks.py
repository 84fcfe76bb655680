import asyncpg
import pytest

from marketplace.kit.db import fetch_value
from marketplace.kit.locks import alone


async def test_a_name_has_one_holder_at_a_time(committed: str) -> None:
    async with alone("count") as first, alone("count") as second, alone("other") as other:
        assert (first, second, other) == (True, False, True)
    async with alone("count") as again:
        assert again is True


async def test_a_failure_frees_the_name(committed: str) -> None:
    with pytest.raises(LookupError):
        await _fail()
    async with alone("count") as granted:
        assert granted is True


async def _fail() -> None:
    async with alone("count"):
        raise LookupError


async def test_the_end_of_the_holders_connection_frees_the_name(committed: str) -> None:
    other_process = await asyncpg.connect(committed)
    await other_process.execute("SELECT pg_advisory_lock(hashtextextended('count', 0))")
    async with alone("count") as granted:
        assert granted is False
    await other_process.close()
    assert (
        await fetch_value(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        == 0
    )
    async with alone("count") as granted:
        assert granted is True
