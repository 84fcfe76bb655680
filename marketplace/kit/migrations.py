"""The migration runner: one linear history of SQL scripts, applied in one transaction under an advisory lock."""

import contextlib
import io
import os
from collections.abc import Awaitable, Callable

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards

from marketplace.kit.db import DB, transaction

APP_NAME = "marketplace"
# What the application may do, as migration 0020 grants it.
APP_ROLE = "marketplace_app"
_LOCK = 0x686F756E69616F  # "houniao": one lock for every process that migrates this database.


def script(*, id: str, description: str, sql: str) -> Callable[[], Awaitable[MigrationManager]]:  # noqa: A002
    """Make the ``forwards`` of a migration module from one SQL script."""

    async def apply() -> None:
        current = DB.current_transaction.get()
        if current is None:
            raise RuntimeError("migrations run inside the runner's transaction")
        await current.connection.execute(sql)

    async def forwards() -> MigrationManager:
        manager = MigrationManager(migration_id=id, app_name=APP_NAME, description=description)
        manager.add_raw(apply)
        return manager

    return forwards


async def migrate(*, login: str | None = None, password: str | None = None) -> None:
    """Apply what is missing, all or nothing; a second runner waits and then finds nothing to do.

    With ``login`` and ``password`` that login may serve afterwards: it is made where there is none.
    """
    os.environ["PICCOLO_CONF"] = "migrations.conf"
    async with transaction() as connection:
        await connection.execute("SET LOCAL lock_timeout = '120s'")
        await connection.execute("SET LOCAL statement_timeout = '120s'")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        with contextlib.redirect_stdout(io.StringIO()):
            result = await run_forwards(APP_NAME)
        if not result.success:
            raise RuntimeError(f"migration failed: {result.message}")
    if login is not None and password is not None:
        await let_in(login, password)


async def let_in(login: str, password: str) -> None:
    """Make a login that may do what the application does and nothing more: it owns nothing, and adds to the books only."""
    async with transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        exists = await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", login)
        verb = "ALTER" if exists else "CREATE"
        # A statement of this kind takes no parameters, so the server quotes them.
        for template in (f"{verb} ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %L", "GRANT %I TO %I"):
            words = (login, password) if "%L" in template else (APP_ROLE, login)
            await connection.execute(
                await connection.fetchval("SELECT format($1, $2::text, $3::text)", template, *words)
            )
