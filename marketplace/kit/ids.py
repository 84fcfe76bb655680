"""Ids are UUIDv7 inside, and carry the prefix of their type on the wire: ``bkg_0192f0c1…``."""

import os
import time
from uuid import UUID

from marketplace.kit.errors import NotFound


def new_id() -> UUID:
    """Make a UUIDv7 (RFC 9562): sortable by creation, not guessable, not a secret."""
    ms = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10))
    value = (ms << 80) | (0x7 << 76) | ((tail >> 68 & 0xFFF) << 64) | (0b10 << 62) | (tail & (1 << 62) - 1)
    return UUID(int=value)


def wire(prefix: str, value: UUID) -> str:
    """Write an id for the wire."""
    return f"{prefix}_{value.hex}"


def parse(prefix: str, text: str) -> UUID:
    """Read an id from a path or a body; anything malformed is simply not found. Refuses: NotFound."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != 32:
        raise NotFound
    try:
        return UUID(hex=tail)
    except ValueError:
        raise NotFound from None


def pattern(prefix: str) -> str:
    """Return the regular expression of an id, for schemas."""
    return f"^{prefix}_[0-9a-f]{{32}}$"
