"""Piccolo columns without silent defaults: a forgotten value is an error, never a zero, a now or a random id."""

from typing import Any

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Column,
    Date,
    DoublePrecision,
    ForeignKey,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.table import Table


def key() -> UUID:
    """The primary key: a UUIDv7 made by ``kit.ids.new_id``."""
    return UUID(primary_key=True, default=None, null=False)


def ref(table: type[Table] | str, *, null: bool = False) -> ForeignKey[Any]:
    """A foreign key that is required and restricts deletion (Piccolo's own default is nullable and cascades)."""
    return ForeignKey(
        references=table, default=None, null=null, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict
    )


def uuid(*, null: bool = False) -> UUID:
    """A UUID that is not a foreign key of this package, such as the id of something above it."""
    return UUID(default=None, null=null)


def text(*, null: bool = False) -> Text:
    """Text, required unless said otherwise."""
    return Text(default=None, null=null)


def integer(*, null: bool = False) -> Integer:
    """A 32-bit count."""
    return Integer(default=None, null=null)


def smallint(*, null: bool = False) -> SmallInt:
    """A 16-bit count."""
    return SmallInt(default=None, null=null)


def bigint(*, null: bool = False) -> BigInt:
    """A 64-bit integer; money is held as fen in one of these."""
    return BigInt(default=None, null=null)


def double(*, null: bool = False) -> DoublePrecision:
    """A coordinate or a temperature, never money."""
    return DoublePrecision(default=None, null=null)


def boolean(*, null: bool = False) -> Boolean:
    """A truth value."""
    return Boolean(default=None, null=null)


def date(*, null: bool = False) -> Date:
    """A local date of Asia/Shanghai."""
    return Date(default=None, null=null)


def timestamptz(*, null: bool = False) -> Timestamptz:
    """An instant, stored in UTC."""
    return Timestamptz(default=None, null=null)


def jsonb(*, null: bool = False) -> JSONB:
    """A JSON document; Piccolo hands it back as text."""
    return JSONB(default=None, null=null)


def sealed(*, null: bool = False) -> Bytea:
    """Personal data, encrypted by ``kit.crypto`` before it gets here."""
    return Bytea(default=None, null=null)


def texts(*, null: bool = False) -> Array:
    """A list of text."""
    return Array(base_column=Text(), default=None, null=null)


def integers(*, null: bool = False) -> Array:
    """A list of 32-bit integers."""
    return Array(base_column=Integer(), default=None, null=null)


def bigints(*, null: bool = False) -> Array:
    """A list of 64-bit integers, such as amounts by level."""
    return Array(base_column=BigInt(), default=None, null=null)


def smallints(*, null: bool = False) -> Array:
    """A list of 16-bit integers, such as thresholds."""
    return Array(base_column=SmallInt(), default=None, null=null)


def booleans(*, null: bool = False) -> Array:
    """A list of truth values."""
    return Array(base_column=Boolean(), default=None, null=null)


__all__ = (
    "Column",
    "bigint",
    "bigints",
    "boolean",
    "booleans",
    "date",
    "double",
    "integer",
    "integers",
    "jsonb",
    "key",
    "ref",
    "sealed",
    "smallint",
    "smallints",
    "text",
    "texts",
    "timestamptz",
    "uuid",
)
