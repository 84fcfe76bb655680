"""One throw-away PostgreSQL and Valkey per run; one rolled-back transaction per test.

Tests that need real commits (races, processes) ask for ``committed`` and get a database of their own, cloned from the
migrated one or made what it was after an earlier test.
"""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from marketplace.embedded import postgres, valkey
from marketplace.kit import clock, db
from marketplace.kit import valkey as kit_valkey
from marketplace.kit.migrations import migrate
from marketplace.settings import settings
from tests.support.emptying import Beginning
from tests.support.undoing import taken_back

pytest_plugins = (
    "tests.support.loops",
    "tests.support.memory",
    "tests.support.planted",
    "tests.support.sandbox",
    "tests.support.sharing",
    "tests.support.system",
)

os.environ.update(
    MARKETPLACE_ENV="test",
    SECRET_KEY=base64.b64encode(b"only for tests, thirty-two bytes").decode(),
    PUBLIC_URL="http://127.0.0.1:8000",
    STRIPE_API_KEY="sk_test_for_tests",
    STRIPE_WEBHOOK_SECRET="whsec_for_tests",
    LOG_LEVEL="WARNING",
)


@dataclass(frozen=True)
class Servers:
    postgres: postgres.Server
    valkey: valkey.Server
    template: str
    beginning: Beginning
    spare: list[str] = field(default_factory=list)

    async def clone(self) -> str:
        """Make a database of its own from the migrated one and return its URL."""
        name = f"t_{uuid4().hex[:12]}"
        await self._admin(f"CREATE DATABASE {name} TEMPLATE {self.template} STRATEGY wal_log")
        return self.postgres.url_of(name)

    async def drop(self, url: str) -> None:
        await self._admin(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)")

    @asynccontextmanager
    async def alone(self, *, max_size: int = 10) -> AsyncIterator[str]:
        """Work on a database of one's own, with real commits; yields its URL."""
        pool, config = db.DB.pool, db.DB.config
        url = self.spare.pop() if self.spare else await self.clone()
        db.DB.pool = None
        try:
            await db.connect(url, min_size=1, max_size=max_size)
            yield url
        finally:
            await db.disconnect()
            db.DB.pool, db.DB.config = pool, config
            await self._give_back(url)

    async def _give_back(self, url: str) -> None:
        """Keep a database for whoever wants one next, unless its test has left more in it than rows."""
        if await self.beginning.restore(url):
            self.spare.append(url)
        else:
            await self.drop(url)

    async def _admin(self, sql: str) -> None:
        connection = await asyncpg.connect(self.postgres.url_of("postgres"))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[postgres.Server, valkey.Server]]:
    folder: Path = tmp_path_factory.mktemp("servers")
    database = postgres.start(folder / "postgres", durable=False)
    broker = valkey.start(folder / "valkey", durable=False)
    os.environ.update(DATABASE_URL=database.url, REDIS_URL=broker.url)
    settings.cache_clear()
    yield database, broker
    broker.stop()
    database.stop()


@pytest.fixture(scope="session")
async def servers(machine: tuple[postgres.Server, valkey.Server]) -> AsyncIterator[Servers]:
    database, broker = machine
    await db.connect(database.url)
    await migrate()
    async with db.connection_of_its_own() as connection:
        beginning = await Beginning.read(connection)
    await db.disconnect()
    found = Servers(postgres=database, valkey=broker, template=postgres.DATABASE, beginning=beginning)
    url = await found.clone()
    await db.connect(url)
    await kit_valkey.connect(broker.url)
    yield found
    await kit_valkey.disconnect()
    await db.disconnect()


@pytest.fixture(autouse=True)
async def database(request: pytest.FixtureRequest, servers: Servers) -> AsyncIterator[None]:
    """Run the test in one transaction that is rolled back, unless it asked for real commits."""
    if "committed" in request.fixturenames:
        yield
        return
    async with db._pool().acquire() as connection, taken_back(connection):
        yield


@pytest.fixture
async def committed(servers: Servers) -> AsyncIterator[str]:
    """Give the test a database of its own, with real commits and many connections; yields its URL."""
    async with servers.alone(max_size=30) as url:
        yield url


@pytest.fixture(autouse=True)
def still_clock() -> Iterator[None]:
    yield
    clock.travel(timedelta())


@pytest.fixture(scope="session")
def app(machine):
    from marketplace.app import create_app

    return create_app()


@pytest.fixture(scope="session")
def contract():
    from tests.support.contract import Contract

    return Contract()


@pytest.fixture
async def client(app, contract) -> AsyncIterator[httpx.AsyncClient]:
    """Call the API in this process and loop, inside the test's transaction; every answer must be in the contract."""
    await kit_valkey.client().flushdb()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    hooks = {"response": [contract.check]}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", event_hooks=hooks) as found:
        yield found


@pytest.fixture
def count_queries() -> Callable[[], Awaitable[object]]:
    """Count the statements run inside ``async with count_queries() as queries``; savepoints are not counted."""

    @asynccontextmanager
    async def counting() -> AsyncIterator[list[str]]:
        queries: list[str] = []
        connection = db.DB.current_transaction.get().connection

        def note(record: object) -> None:
            # asyncpg asks for the shape of a type at its first use on a connection: that is not the route's doing.
            own = "typeinfo_tree" not in record.query and "current_setting('jit')" not in record.query
            if own and not record.query.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO")):
                queries.append(record.query)

        connection.add_query_logger(note)
        try:
            yield queries
        finally:
            # asyncpg tells its loggers in the loop's next turn.
            await asyncio.sleep(0)
            connection.remove_query_logger(note)

    return counting
