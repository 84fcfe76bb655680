"""What the database and the queue say of themselves, whoever runs them."""

from collections.abc import Awaitable, Callable

import asyncpg

from marketplace.embedded.findings import Finding
from marketplace.kit import db, valkey
from marketplace.kit.schema import expected_migrations
from marketplace.kit.valkey import RedisError
from marketplace.settings import Settings

AWAY = (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError, RedisError)
POSTGRES_VERSION_MIN = 18


async def examine(found: Settings) -> list[Finding]:
    """Ask both; one that does not answer is a finding, too."""
    return [
        *await unless_away("PostgreSQL", postgres, found, remedy="check DATABASE_URL, or `marketplace logs postgres`"),
        *await unless_away("Valkey", queue, found, remedy="check REDIS_URL, or `marketplace logs valkey`"),
    ]


async def unless_away(
    name: str, ask: Callable[[Settings], Awaitable[list[Finding]]], found: Settings, *, remedy: str
) -> list[Finding]:
    """Ask one service."""
    try:
        return await ask(found)
    except AWAY as error:
        return [Finding(ok=False, what=f"{name} does not answer ({type(error).__name__})", remedy=remedy)]


async def postgres(found: Settings) -> list[Finding]:
    """Check version, locale and schema."""
    async with db.single_connection(found.database_url):
        version = int(await db.fetch_value("SHOW server_version_num")) // 10_000
        return [
            Finding(
                ok=version >= POSTGRES_VERSION_MIN,
                what=f"PostgreSQL {version}",
                remedy=f"use PostgreSQL {POSTGRES_VERSION_MIN} or newer: ids come from its uuidv7()",
            ),
            await locale(),
            await migrations(),
        ]


async def locale() -> Finding:
    """Check that Chinese is text to this database: with the locale "C" its letters are not letters."""
    row = await db.fetch_one(
        "SELECT pg_encoding_to_char(encoding) AS encoding, coalesce(datlocale, datctype) AS locale,"
        " '旅' ~ '[[:alpha:]]' AS reads_chinese FROM pg_database WHERE datname = current_database()"
    )
    assert row is not None
    return Finding(
        ok=row["encoding"] == "UTF8" and row["reads_chinese"],
        what=f"database encoding {row['encoding']}, locale {row['locale']}",
        remedy="make the database with --encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8",
    )


async def migrations() -> Finding:
    """Check that the schema is the one that this code needs."""
    exists: bool = await db.fetch_value("SELECT to_regclass('migration') IS NOT NULL")
    applied = {row["name"] for row in await db.fetch("SELECT name FROM migration")} if exists else set()
    missing = sorted(set(expected_migrations()) - applied)
    return Finding(
        ok=not missing,
        what=f"schema has {len(applied)} migrations" + (f", {', '.join(missing)} missing" if missing else ""),
        remedy="run `marketplace migrate`",
    )


async def queue(found: Settings) -> list[Finding]:
    """Check version, what happens when memory is full, and that a worker listens."""
    await valkey.connect(found.redis_url)
    try:
        server = await valkey.client().info("server")
        policy = (await valkey.client().info("memory"))["maxmemory_policy"]
        workers = await valkey.client().scard("_kombu.binding.celery.pidbox")
    finally:
        await valkey.disconnect()
    version = server.get("valkey_version", server["redis_version"])
    return [
        Finding(ok=True, what=f"{server.get('server_name', 'redis').capitalize()} {version}"),
        Finding(
            ok=policy == "noeviction",
            what=f"memory policy {policy}",
            remedy="set maxmemory-policy noeviction: a queue must not forget",
        ),
        Finding(
            ok=workers > 0,
            what=f"{workers} workers listen",
            remedy="start one: `marketplace up` or `marketplace worker`",
        ),
    ]
