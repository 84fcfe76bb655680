"""Keyset pages: ``{"items": […], "next_cursor": …}``, stable while rows come and go."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from marketplace.kit.errors import DomainError

T = TypeVar("T")
K = TypeVar("K")

LIMIT_MAX = 100
LIMIT_DEFAULT = 20

# The bounds stand in the parameter: Litestar enforces no others on a query parameter.
Limit = Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX, description="How many items at most.")]
Cursor = Annotated[str | None, QueryParameter(description="next_cursor of the last answer, unchanged.")]


class BadCursor(DomainError):
    """The cursor was not one of ours: take it unchanged from the last answer."""

    code = "bad_cursor"
    status = 422
    zh = "翻页标记无效"
    en = "The cursor is not valid; use next_cursor unchanged."


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list; ``next_cursor`` is null on the last."""

    items: list[T]
    next_cursor: str | None = None


def encode_cursor(key: object) -> str:
    """Write the key of the last row as an opaque cursor."""
    return urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, shape: type[K]) -> K | None:
    """Read a cursor back into ``shape``, such as ``tuple[datetime, UUID]``. Refuses: BadCursor."""
    if cursor is None:
        return None
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        key = msgspec.json.decode(raw, type=shape)
        _check_storable(key)
    except (ValueError, OverflowError):  # Whatever is wrong with base64, UTF-8 or JSON is a ValueError.
        raise BadCursor from None
    return key


def _check_storable(key: object) -> None:
    """Raise ValueError or OverflowError for what no row can have, and the database would choke on."""
    for value in key if isinstance(key, tuple) else (key,):
        match value:
            case datetime():
                if value.astimezone(UTC) != value or value.tzinfo is None:
                    raise ValueError("an instant needs its offset")
            case int():
                value.to_bytes(8, signed=True)
            case str():
                if "\0" in value:
                    raise ValueError("a text without U+0000")


def page(rows: Sequence[T], *, limit: int, key: Callable[[T], object]) -> Page[T]:
    """Make a page from ``limit + 1`` fetched rows: the extra row only says that there is more."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode_cursor(key(items[-1])) if more else None)
