"""The Piccolo tables say what the SQL migrations made: names, types and nullability, in both directions."""

import importlib
from collections.abc import Iterator
from pathlib import Path

from piccolo.columns import Array, Column, ForeignKey
from piccolo.table import Table

from marketplace.kit.db import fetch

ROOT = Path(__file__).parents[2] / "marketplace"
_ROOMS = [path.relative_to(ROOT) for path in (*ROOT.glob("*/tables.py"), *ROOT.glob("*/tables/__init__.py"))]
MODULES = sorted(f"marketplace.{path.parts[0]}.tables" for path in _ROOMS)
# Kit's own tables are written by raw SQL alone, in one module each.
RAW_ONLY = {"outbox", "idempotency_keys", "audit_events", "clock_offset", "migration"}
TYPES = {
    "uuid": {"UUID"},
    "text": {"Text"},
    "integer": {"Integer"},
    "smallint": {"SmallInt"},
    "bigint": {"BigInt"},
    "boolean": {"Boolean"},
    "date": {"Date"},
    "double precision": {"DoublePrecision"},
    "timestamp with time zone": {"Timestamptz"},
    "jsonb": {"JSONB"},
    "bytea": {"Bytea"},
    "text[]": {"Array"},
}


def tables() -> dict[str, type[Table]]:
    found = {}
    for name in MODULES:
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and issubclass(value, Table) and value is not Table:
                found[value._meta.tablename] = value
    return found


async def columns() -> dict[str, dict[str, tuple[str, bool]]]:
    rows = await fetch(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"
    )
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for row in rows:
        found.setdefault(row["relname"], {})[row["attname"]] = (row["type"], row["attnotnull"])
    return found


async def test_every_table_of_the_database_is_declared_and_every_declared_one_exists() -> None:
    assert set(await columns()) - RAW_ONLY == set(tables())


async def test_columns_agree() -> None:
    actual = await columns()
    disagreeing = [line for name, table in sorted(tables().items()) for line in disagreements(table, actual[name])]

    assert not disagreeing, "\n".join(disagreeing)


def disagreements(table: type[Table], actual: dict[str, tuple[str, bool]]) -> Iterator[str]:
    """Say what a table declares otherwise than the database has it."""
    name = table._meta.tablename
    declared = {column._meta.name: column for column in table._meta.columns}
    for missing in sorted(declared.keys() ^ actual.keys()):
        yield f"{name}.{missing} is only {'declared' if missing in declared else 'in the database'}"
    for column_name in sorted(declared.keys() & actual.keys()):
        column, (type_name, required) = declared[column_name], actual[column_name]
        if kind(column, type_name) not in TYPES.get(type_name, {kind(column, type_name)}):
            yield f"{name}.{column_name} is {type_name}"
        if required == column._meta.null:
            yield f"{name}.{column_name} is {'required' if required else 'nullable'}"
        if isinstance(column, Array) and not type_name.endswith("[]"):
            yield f"{name}.{column_name} is no array"


def kind(column: Column, type_name: str) -> str:
    """Name what a column is declared as; a foreign key is what it refers to."""
    if isinstance(column, ForeignKey):
        return {"uuid": "UUID", "text": "Text"}.get(type_name, "ForeignKey")
    return type(column).__name__


async def test_every_foreign_key_has_an_index() -> None:
    rows = await fetch(
        "SELECT con.conrelid::regclass::text AS tab, a.attname FROM pg_constraint con"
        " JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = con.conkey[1]"
        " WHERE con.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = con.conrelid"
        "   AND i.indkey[0] = con.conkey[1])"
    )
    assert [f"{row['tab']}.{row['attname']}" for row in rows] == []
