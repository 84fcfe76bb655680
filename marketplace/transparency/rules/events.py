"""What of an audit event is hashed: all that it says, in one way to write it."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from marketplace.kit.journal import Noted
from marketplace.transparency.rules.merkle import leaf_hash

# Part of every leaf: another way to write them would get another name.
FORM = "houniao audit event 1"
FIELDS = Noted.__struct_fields__


def written(event: Noted) -> bytes:
    """Write an event as its leaf: a JSON array of the form's name and every field in order."""
    return msgspec.json.encode([FORM, *(_plain(getattr(event, name)) for name in FIELDS)])


def hashed(event: Noted) -> bytes:
    """Return the leaf hash of an event."""
    return leaf_hash(written(event))


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case UUID():
            return str(value)
    return value
