"""Running alone: of many processes, one at a time does a named thing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from marketplace.kit import db


@asynccontextmanager
async def alone(name: str) -> AsyncIterator[bool]:
    """Yield True to one holder of ``name`` at a time and False to the others; the end of its process frees the name."""
    async with db.connection_of_its_own() as connection:
        granted: bool = await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name)
        try:
            yield granted
        finally:
            if granted:
                await connection.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", name)
