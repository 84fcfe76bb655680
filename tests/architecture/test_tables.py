"""The Piccolo tables say what the SQL migrations made: names, types and nullability, in both directions."""

import importlib
from pathlib import Path

import pytest
from piccolo.columns import Array, ForeignKey
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


@pytest.mark.parametrize("name", sorted(tables()))
async def test_columns_agree(name: str) -> None:
    table, actual = tables()[name], (await columns())[name]
    declared = {column._meta.name: column for column in table._meta.columns}

    assert set(declared) == set(actual)
    for column_name, column in declared.items():
        type_name, required = actual[column_name]
        kind = "UUID" if isinstance(column, ForeignKey) and type_name == "uuid" else type(column).__name__
        if isinstance(column, ForeignKey) and type_name == "text":
            kind = "Text"
        assert kind in TYPES.get(type_name, {kind}), f"{name}.{column_name} is {type_name}"
        assert required == (not column._meta.null), f"{name}.{column_name}"
        if isinstance(column, Array):
            assert type_name.endswith("[]")


async def test_every_foreign_key_has_an_index() -> None:
    rows = await fetch(
        "SELECT con.conrelid::regclass::text AS tab, a.attname FROM pg_constraint con"
        " JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = con.conkey[1]"
        " WHERE con.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = con.conrelid"
        "   AND i.indkey[0] = con.conkey[1])"
    )
    assert [f"{row['tab']}.{row['attname']}" for row in rows] == []
