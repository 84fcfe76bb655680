"""The events of the partner feed as schemas: what ``data`` holds for each ``type``."""

import types
import typing
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from marketplace.kit.outbox import Event, subclasses
from marketplace.messaging.rules import HIDDEN, is_money
from marketplace.transparency import events as _log_events  # noqa: F401 - the API itself publishes none of these.

Json = dict[str, Any]

_PLAIN: dict[Any, Json] = {
    UUID: {"type": "string"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    int: {"type": "integer"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
}


def feed_events() -> list[type[Event]]:
    """Return every event that a partner may see, ordered by kind."""
    return [
        event
        for event in subclasses(Event)
        if issubclass(event, Event) and event.audience != "nobody" and event.__module__.startswith("marketplace.")
    ]


def data_name(event: type[Event]) -> str:
    """Name the schema of an event's data: ``booking.confirmed`` has BookingConfirmedData."""
    return "".join(word.capitalize() for word in event.kind.replace(".", "_").split("_")) + "Data"


def data_schema(event: type[Event]) -> Json:
    """Return the schema of an event's data as partners get it."""
    fields = {
        field.name: {"$ref": "#/components/schemas/Money"} if is_money(field.name) else _schema(field.type)
        for field in msgspec.structs.fields(event)
        if field.name not in HIDDEN
    }
    return {
        "type": "object",
        "title": data_name(event),
        "description": (event.__doc__ or "").strip().replace("``", "`"),
        "properties": fields,
        "required": sorted(fields),
    }


def _schema(annotation: Any) -> Json:
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return {"oneOf": [_schema(inner) for inner in typing.get_args(annotation)]}
    return dict(_PLAIN[annotation])
