"""All state, in one SQLite file: WAL, fsync on every commit, one writer.

Every effect, its idempotency key, its events and their deliveries commit in one transaction, so `kill -9` loses
nothing that was answered and leaves nothing half done.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from marketplace.embedded.stripe_sandbox.errors import Json, no_such
from marketplace.embedded.stripe_sandbox.schema import SCHEMA, UPGRADES
from marketplace.embedded.stripe_sandbox.settings import SettingsError

Result = TypeVar("Result")

Where = tuple[str, *tuple[Any, ...]]
"""A condition in SQL, and a value for each of its placeholders."""

PLATFORM = ""
"""The account of the platform itself; a connected account is named by its id."""


class Transaction:
    """One open transaction: the only way to read or write, within one account."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.account = PLATFORM

    @contextmanager
    def inside(self, account: str) -> Iterator[None]:
        """Work in another account for a while, as a transfer does that moves money between two."""
        before, self.account = self.account, account
        try:
            yield
        finally:
            self.account = before

    def sql(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Run one parameterised statement and return its rows."""
        return self._connection.execute(statement, values).fetchall()

    def add(self, thing: Json) -> None:
        """Store a new Stripe object."""
        self.sql(
            "INSERT INTO objects (id, kind, account, created, data) VALUES (?, ?, ?, ?, ?)",
            thing["id"],
            thing["object"],
            self.account,
            thing["created"],
            json.dumps(thing, ensure_ascii=False),
        )

    def save(self, thing: Json) -> None:
        """Store a changed Stripe object."""
        self.sql("UPDATE objects SET data = ? WHERE id = ?", json.dumps(thing, ensure_ascii=False), thing["id"])

    def remove(self, object_id: str) -> None:
        """Forget a Stripe object."""
        self.sql("DELETE FROM objects WHERE id = ?", object_id)

    def find(self, object_id: str) -> Json | None:
        """Look any object of any account up by its id."""
        rows = self.sql("SELECT data FROM objects WHERE id = ?", object_id)
        return json.loads(rows[0]["data"]) if rows else None

    def get(self, kind: str, object_id: str, *, param: str = "id", status: int = 404) -> Json:
        """Look an object of one kind up.

        Refuses: an id that names nothing of this kind in this account.
        """
        rows = self.sql(
            "SELECT data FROM objects WHERE id = ? AND kind = ? AND account = ?", object_id, kind, self.account
        )
        if not rows:
            raise no_such(kind, object_id, param=param, status=status)
        thing: Json = json.loads(rows[0]["data"])
        return thing

    def select(self, kind: str, *, where: Sequence[Where] = (), tail: str = "ORDER BY seq DESC") -> list[Json]:
        """Read the account's objects of one kind that meet every condition."""
        conditions = "".join(f" AND ({condition})" for condition, *_ in where)
        values = [value for _, *given in where for value in given]
        rows = self.sql(
            f"SELECT data FROM objects WHERE kind = ? AND account = ?{conditions} {tail}", kind, self.account, *values
        )
        return [json.loads(row["data"]) for row in rows]

    def set_timer(self, action: str, object_id: str, due_at: float) -> None:
        """Ask for `action` on an object at `due_at` of the sandbox's clock; the row survives a restart."""
        self.sql(
            "INSERT INTO timers (action, object_id, account, due_at) VALUES (?, ?, ?, ?)",
            action,
            object_id,
            self.account,
            due_at,
        )

    def fact(self, name: str) -> str | None:
        """Read a remembered fact about the sandbox itself."""
        rows = self.sql("SELECT value FROM facts WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else None

    def remember(self, name: str, value: str) -> None:
        """Remember a fact about the sandbox itself."""
        self.sql("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", name, value)


class Store:
    """The SQLite file and the single thread that works on it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        # Exclusive: two processes on one file would deliver every webhook twice. The wait lets a predecessor leave.
        try:
            for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._migrate()
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise SettingsError(
                f"{path} cannot be used ({error}): stop the other sandbox or name another file."
            ) from error
        self._lane = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stripe-sandbox-store")
        self.changed = asyncio.Event()

    async def run(self, work: Callable[[Transaction], Result]) -> Result:
        """Run `work` in one transaction, off the event loop; what it raises undoes everything."""
        return await asyncio.get_running_loop().run_in_executor(self._lane, self._work, work)

    async def change(self, work: Callable[[Transaction], Result]) -> Result:
        """Run `work` like `run`, then wake whoever delivers webhooks and watches timers."""
        result = await self.run(work)
        self.changed.set()
        return result

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Open a transaction on the calling thread; only for the start, before the lane has work."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield Transaction(self._connection)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Let the last transaction finish, then close the file."""
        self._lane.shutdown(wait=True)
        self._connection.close()

    def _work(self, work: Callable[[Transaction], Result]) -> Result:
        with self.begin() as tx:
            return work(tx)

    def _migrate(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        newest = 1 + len(UPGRADES)
        if version > newest:
            raise SettingsError(f"The sandbox file has version {version}, this program knows {newest}: delete it.")
        for number, script in list(enumerate((SCHEMA, *UPGRADES), start=1))[version:]:
            self._connection.executescript(f"BEGIN;{script};PRAGMA user_version={number};COMMIT;")
