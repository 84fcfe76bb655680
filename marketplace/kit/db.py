"""PostgreSQL: one engine, our own transactions, and a short way to run parameterised SQL.

Piccolo's own ``DB.transaction()`` is not used: nested, it is a no-op without a savepoint, and a failing COMMIT
leaks the pool's connection. ``transaction()`` below repairs both, and Piccolo's queries join it by contextvar.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from functools import wraps
from types import SimpleNamespace
from typing import Any, ClassVar, Literal, ParamSpec, TypeVar

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

LOCK_TIMEOUT_MS = 3_000
# A request waits this long for a free connection, and for a new one to be made.
ACQUIRE_S = 4.2

Isolation = Literal["read_committed", "repeatable_read", "serializable"]

Writer = Callable[[list[Any]], Awaitable[None]]
P = ParamSpec("P")
T = TypeVar("T")

_depth: ContextVar[int] = ContextVar("transaction_depth", default=0)
_left_for_the_end: ContextVar[dict[Writer, list[Any]] | None] = ContextVar("left_for_the_end", default=None)
_read_before: ContextVar[dict[object, Any] | None] = ContextVar("read_before", default=None)
_refused_within: ContextVar[list[BaseException] | None] = ContextVar("refused_within", default=None)


class _Engine(PostgresEngine):
    """Piccolo's engine without its connection at import time."""

    async def check_version(self) -> None:
        """Leave the version to ``marketplace doctor``: importing a module must not touch the network."""

    async def prep_database(self) -> None:
        """Leave extensions to the migrations."""


DB = _Engine(config={}, extensions=())


_SERVER_SETTINGS = {
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "60000",
    "timezone": "UTC",
    "application_name": "marketplace",
}


# Ids below this one are of PostgreSQL itself, and the same in every database.
_FIRST_ID_OF_OTHERS = 16_384


class Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types of its own.
    """A connection that is told of PostgreSQL's own arrays and ranges what an earlier one of the process has learnt.

    asyncpg asks for the shape of such types at their first use on each connection, by a query that takes longer than most
    of ours: in a rush, when the pool grows, every new connection would first ask five times.
    """

    _known: ClassVar[dict[frozenset[int], list[asyncpg.Record]]] = {}

    async def _introspect_types(self, typeoids: set[int], timeout: float) -> tuple[list[asyncpg.Record], Any]:
        wanted = frozenset(typeoids)
        if wanted in self._known:
            # asyncpg looks whether the question had a name, since one without would have displaced what is being prepared.
            return self._known[wanted], SimpleNamespace(name="not asked")
        shapes, statement = await super()._introspect_types(typeoids, timeout)
        if max(wanted) < _FIRST_ID_OF_OTHERS:
            self._known[wanted] = shapes
        return shapes, statement


async def connect(
    url: str, *, min_size: int = 1, max_size: int = 10, answer_within_s: float | None = None, statement_s: int = 15
) -> None:
    """Open the process's pool on ``url``; every connection refuses to wait longer than 3 s for a lock.

    A statement that takes longer than ``statement_s`` is ended by the server. A server that is silent for
    ``answer_within_s`` is given up by us: a host that hangs ends no statement and closes no connection.
    """
    DB.config = {
        "dsn": url,
        "server_settings": _SERVER_SETTINGS | {"statement_timeout": f"{statement_s}s"},
        "command_timeout": answer_within_s,
    }
    await DB.start_connection_pool(
        min_size=min_size, max_size=max_size, reset=_keep_as_it_is, connection_class=Connection
    )


async def _keep_as_it_is(_: asyncpg.Connection) -> None:
    """Spare the round trip that would reset a connection that is given back: nothing of ours outlives a transaction.

    What belongs to a session is taken by ``connection_of_its_own``, which resets. An open transaction is ended anyway.
    """


async def disconnect() -> None:
    """Close the pool; calling it twice is harmless."""
    if DB.pool is not None:
        await DB.close_connection_pool()


@asynccontextmanager
async def single_connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Run what follows on one connection and no pool: for a process that forks, or that listens for notifications."""
    connection = await asyncpg.connect(url, server_settings=_SERVER_SETTINGS, timeout=10, connection_class=Connection)
    holder = PostgresTransaction(DB)
    holder.connection = connection
    token = DB.current_transaction.set(holder)
    try:
        yield connection
    finally:
        DB.current_transaction.reset(token)
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await connection.close(timeout=2)


@asynccontextmanager
async def connection_of_its_own() -> AsyncIterator[asyncpg.Connection]:
    """Take a connection outside any transaction, for what belongs to a session, such as an advisory lock."""
    async with _acquired() as connection:
        try:
            yield connection
        finally:
            await connection.reset(timeout=10)


@asynccontextmanager
async def transaction(
    *, isolation: Isolation = "read_committed", readonly: bool = False, savepoint: bool = True
) -> AsyncIterator[asyncpg.Connection]:
    """Open a transaction, or a savepoint when one is already open, so that a caught refusal undoes only itself.

    ``savepoint=False`` joins the open transaction and spares two round trips: for an operation after whose refusal
    every caller gives up too.
    """
    current = DB.current_transaction.get()
    refused = _refused_within.get()
    if (not savepoint or refused is not None) and current is not None and _depth.get() > 0:
        try:
            yield current.connection
        except BaseException as refusal:
            if refused is not None:
                refused.append(refusal)
            raise
        return
    token = _depth.set(_depth.get() + 1)
    try:
        if current is not None:
            async with current.connection.transaction(), _ending():
                yield current.connection
            return
        async with (
            _acquired() as connection,
            connection.transaction(isolation=isolation, readonly=readonly),
            _leaving_the_silent(connection),
        ):
            outer = PostgresTransaction(DB)
            outer.connection = connection
            joined = DB.current_transaction.set(outer)
            try:
                async with _ending():
                    yield connection
            finally:
                DB.current_transaction.reset(joined)
    finally:
        _depth.reset(token)


@asynccontextmanager
async def whole_transaction() -> AsyncIterator[asyncpg.Connection]:
    """Open a transaction of hundreds of operations that stand or fall together: those within it join it.

    They spare their savepoints, which are half of the round trips of small operations. A refusal therefore undoes
    everything, and whoever catches one and goes on is told so instead of committing half of it.
    """
    async with transaction() as connection:
        refused: list[BaseException] = []
        token = _refused_within.set(refused)
        try:
            yield connection
        finally:
            _refused_within.reset(token)
        if refused:
            raise RuntimeError("a refusal was caught within a whole transaction") from refused[0]


@asynccontextmanager
async def _ending() -> AsyncIterator[None]:
    """Write what was left for the end of the outermost transaction; forget what an undone savepoint has left or read."""
    left = _left_for_the_end.get()
    if left is not None:
        before = {write: len(rows) for write, rows in left.items()}
        try:
            yield
        except BaseException:
            for write, rows in left.items():
                del rows[before.get(write, 0) :]
            forget_reads()
            raise
        return
    left = {}
    token, reads = _left_for_the_end.set(left), _read_before.set({})
    try:
        yield
        for write, rows in left.items():
            if rows:
                await write(rows)
    finally:
        _read_before.reset(reads)
        _left_for_the_end.reset(token)


def once_per_transaction(read: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Have a read of reference data asked once in a transaction, which so decides everything by the same reading.

    What it returns is shared, so nobody changes it. Whoever writes such data calls ``forget_reads``.
    """

    @wraps(read)
    async def reading(*args: P.args, **kwargs: P.kwargs) -> T:
        known = _read_before.get()
        if known is None:
            return await read(*args, **kwargs)
        key = (read, args, tuple(kwargs.items()))
        if key not in known:
            known[key] = await read(*args, **kwargs)
        found: T = known[key]
        return found

    return reading


def forget_reads() -> None:
    """Have reference data read anew: the present transaction has changed it."""
    known = _read_before.get()
    if known is not None:
        known.clear()


def leave_for_the_end(write: Writer, row: Any) -> None:
    """Have ``write`` called once with every row so left, as the last act of the present transaction.

    For rows that nobody reads before the commit: an operation writes several, and together they are one round trip.
    """
    require_transaction()
    left = _left_for_the_end.get()
    assert left is not None
    left.setdefault(write, []).append(row)


def require_transaction() -> None:
    """Refuse to run outside ``transaction()``: a lock taken there would be let go at once."""
    if _depth.get() == 0:
        raise RuntimeError("this function locks rows and must be called inside transaction()")


def forbid_transaction() -> None:
    """Refuse to run inside ``transaction()``: nobody waits for the network while rows are locked."""
    if _depth.get() > 0:
        raise RuntimeError("an outside service must not be called while a transaction is open")


async def fetch(sql: str, *args: Any) -> list[asyncpg.Record]:
    """Run parameterised SQL (``$1``) and return every row."""
    async with _connection() as connection:
        rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
        return rows


async def fetch_one(sql: str, *args: Any) -> asyncpg.Record | None:
    """Run parameterised SQL and return the first row, or None."""
    async with _connection() as connection:
        return await connection.fetchrow(sql, *args)


async def fetch_value(sql: str, *args: Any) -> Any:
    """Run parameterised SQL and return the first column of the first row, or None."""
    async with _connection() as connection:
        return await connection.fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> int:
    """Run parameterised SQL and return how many rows it touched."""
    async with _connection() as connection:
        tag: str = await connection.execute(sql, *args)
    last = tag.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


async def stream(sql: str, *args: Any, prefetch: int = 200) -> AsyncIterator[asyncpg.Record]:
    """Give rows one by one through a cursor of the server, all of one instant, holding ``prefetch`` at most.

    It has a connection of its own, unless a transaction is open, and lets go of it when the reader stops. Whoever reads
    slowly is cut off by ``idle_in_transaction_session_timeout``.
    """
    current = DB.current_transaction.get()
    if current is not None:
        async with current.connection.transaction():
            async for row in current.connection.cursor(sql, *args, prefetch=prefetch):
                yield row
        return
    async with (
        _acquired() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
        _leaving_the_silent(connection),
    ):
        async for row in connection.cursor(sql, *args, prefetch=prefetch):
            yield row


@asynccontextmanager
async def _connection() -> AsyncIterator[asyncpg.Connection]:
    current = DB.current_transaction.get()
    if current is not None:
        yield current.connection
        return
    async with _acquired() as connection:
        yield connection


@asynccontextmanager
async def _acquired() -> AsyncIterator[asyncpg.Connection]:
    async with _pool().acquire(timeout=ACQUIRE_S) as connection, _leaving_the_silent(connection):
        yield connection


@asynccontextmanager
async def _leaving_the_silent(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Drop a connection whose server did not answer in time: neither would it answer a rollback, or take it back."""
    try:
        yield
    except TimeoutError:
        connection.terminate()
        raise


def _pool() -> asyncpg.Pool:
    if DB.pool is None:
        raise RuntimeError("the database pool is closed: call kit.db.connect() first")
    return DB.pool
