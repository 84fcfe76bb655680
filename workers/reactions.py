"""The one table that says who reacts to what.

A row is a message and the handlers that react to it, none when it is news for partners only. A handler decodes nothing
and decides nothing: it calls one operation, which must be safe to repeat.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from marketplace.kit.outbox import Message

Handler = Callable[[Any, datetime], Awaitable[None]]

REACTIONS: dict[type[Message], tuple[Handler, ...]] = {}


def by_kind() -> Mapping[str, tuple[type[Message], tuple[Handler, ...]]]:
    """Return the table by the stable name that messages carry in the outbox."""
    return {message.kind: (message, handlers) for message, handlers in REACTIONS.items()}
