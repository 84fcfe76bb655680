"""A database that a test has worked in is made what it was when it was cloned, at a tenth of what another clone costs."""

from dataclasses import dataclass

import asyncpg

# What tells of tables, columns, functions, triggers, constraints and privileges.
_CATALOGUES = ("pg_class", "pg_attribute", "pg_proc", "pg_trigger", "pg_constraint", "pg_namespace", "pg_extension")
_TABLES = (
    "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    " AND pg_relation_size(oid) > 0 ORDER BY relname"
)
_SEQUENCES = (
    "SELECT sequencename::text, coalesce(last_value, start_value), last_value IS NOT NULL"
    " FROM pg_sequences WHERE schemaname = 'public'"
)


@dataclass(frozen=True)
class Beginning:
    """What a fresh clone has: no row younger than ``horizon``, and so many rows in the tables that are not empty."""

    horizon: int
    row_counts: dict[str, int]
    sequences: list[asyncpg.Record]

    @classmethod
    async def read(cls, connection: asyncpg.Connection) -> "Beginning":
        return cls(
            horizon=await connection.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"),
            row_counts=await _row_counts(
                connection, [*_CATALOGUES, *(row[0] for row in await connection.fetch(_TABLES))]
            ),
            sequences=await connection.fetch(_SEQUENCES),
        )

    async def restore(self, url: str) -> bool:
        """Take everything back that was written to a clone since; says whether it could, as after an ALTER TABLE it cannot."""
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            younger = f"xmin::text::bigint >= {self.horizon}"
            altered = " UNION ALL ".join(f"SELECT 1 FROM {name} WHERE {younger}" for name in _CATALOGUES)
            if await connection.fetchval(f"SELECT EXISTS ({altered})"):
                return False
            tables = [row[0] for row in await connection.fetch(_TABLES)]
            # Neither what is append-only nor what others refer to is kept: all of it goes.
            await connection.execute(
                "SET session_replication_role = replica;"
                + "".join(f"DELETE FROM {name} WHERE {younger};" for name in tables)
            )
            await connection.executemany("SELECT setval($1::text::regclass, $2, $3)", self.sequences)
            # A row of the beginning that was changed is gone by now, as is an index that was dropped.
            return await _row_counts(connection, list(self.row_counts)) == self.row_counts
        finally:
            await connection.close()


async def _row_counts(connection: asyncpg.Connection, tables: list[str]) -> dict[str, int]:
    counted = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in tables)
    return dict(map(tuple, await connection.fetch(counted)))
