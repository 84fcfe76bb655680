"""Worlds that are planted once for all tests of a process: each test begins in its world, and is taken back from it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import asyncpg
import pytest

from marketplace.kit import clock, db
from tests.support.undoing import taken_back

T = TypeVar("T")
Plant = Callable[..., AbstractAsyncContextManager[Any]]


class Databases(Protocol):
    async def clone(self) -> str: ...

    async def drop(self, url: str) -> None: ...


@dataclass
class Worlds:
    """By what was planted, and on which day: a connection to the database that has it, and what planting it returned."""

    databases: Databases
    found: dict[object, tuple[asyncpg.Connection, str, Any]] = field(default_factory=dict)

    @asynccontextmanager
    async def begin(self, plant: Callable[..., Awaitable[T]], **options: Any) -> AsyncIterator[T]:
        # What is a day away from today must not be two after midnight.
        key = (plant, *sorted(options.items()), clock.local_date(clock.now()))
        if key not in self.found:
            self.found[key] = await self._planted(plant, **options)
        connection, _, world = self.found[key]
        async with taken_back(connection):
            yield world

    async def _planted(self, plant: Callable[..., Awaitable[T]], **options: Any) -> tuple[asyncpg.Connection, str, T]:
        url = await self.databases.clone()
        async with db.single_connection(url):
            world = await plant(**options)
        connection = await asyncpg.connect(url, server_settings=db._SERVER_SETTINGS, connection_class=db.Connection)
        return connection, url, world

    async def end(self) -> None:
        for connection, url, _ in self.found.values():
            await connection.close()
            await self.databases.drop(url)


@pytest.fixture(scope="session")
async def worlds(servers: Databases) -> AsyncIterator[Worlds]:
    found = Worlds(servers)
    yield found
    await found.end()


@pytest.fixture
def planted(request: pytest.FixtureRequest, database: None, worlds: Worlds) -> Plant:
    """Begin the test where something is planted: ``async with planted(plant, …) as what_plant_returned``.

    A test that has a database of its own has it planted there.
    """
    return _planted_here if "committed" in request.fixturenames else worlds.begin


@asynccontextmanager
async def _planted_here(plant: Callable[..., Awaitable[T]], **options: Any) -> AsyncIterator[T]:
    yield await plant(**options)
