"""Ids are UUIDv7 inside, and carry the prefix of their type on the wire: ``bkg_0192f0c1…``."""

import os
import re
import time
from uuid import UUID

from marketplace.kit.errors import NotFound

_HEX = re.compile("[0-9a-f]{32}")
_last_tick = 0


def new_id() -> UUID:
    """Make a UUIDv7 (RFC 9562): not guessable, not a secret, and sorted as this process makes them.

    The clock is read to 1/4096 ms, and two ids within one such tick still differ in order (§6.2, method 3): what one
    transaction publishes is read in the order in which it was published.
    """
    global _last_tick  # noqa: PLW0603 - the order is of the process.
    _last_tick = tick = max(time.time_ns() * 4096 // 1_000_000, _last_tick + 1)
    value = (tick >> 12 << 80) | (0x7 << 76) | ((tick & 0xFFF) << 64) | (0b10 << 62) | (_random_bits() >> 2)
    return UUID(int=value)


def _random_bits() -> int:
    return int.from_bytes(os.urandom(8))


def wire(prefix: str, value: UUID) -> str:
    """Write an id for the wire."""
    return f"{prefix}_{value.hex}"


def parse(prefix: str, text: str) -> UUID:
    """Read an id from a path or a body; anything malformed is simply not found. Refuses: NotFound.

    One thing has one spelling: ``UUID`` alone would also read capitals, signs and underscores.
    """
    head, _, tail = text.partition("_")
    if head != prefix or not _HEX.fullmatch(tail):
        raise NotFound
    return UUID(hex=tail)


def pattern(prefix: str) -> str:
    """Return the regular expression of an id, for schemas."""
    return f"^{prefix}_[0-9a-f]{{32}}$"
