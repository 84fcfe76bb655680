"""The partner feed and the development tools on the wire."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from marketplace.kit.ids import wire
from marketplace.kit.pages import encode_cursor
from marketplace.messaging.queries import BEGINNING, FeedEvent, Position, StoredMessage

DAYS_MAX = 400


class EventView(msgspec.Struct, frozen=True):
    """One event. ``type`` is listed in events.md, which also says what ``data`` holds; new members may appear."""

    id: Annotated[str, msgspec.Meta(examples=[f"evt_{'0' * 31}1"])]
    type: Annotated[str, msgspec.Meta(examples=["booking.confirmed"])]
    occurred_at: datetime
    data: Annotated[dict[str, Any], msgspec.Meta(examples=[{"booking_id": f"bkg_{'0' * 31}1"}])]


class FeedPage(msgspec.Struct, frozen=True):
    """A stretch of the feed. Keep ``next_cursor``, which is never null, and ask for what comes ``after`` it."""

    items: list[EventView]
    next_cursor: str
    has_more: bool

    @classmethod
    def of(cls, events: list[FeedEvent], *, after: Position | None, limit: int) -> "FeedPage":
        """Show what was read, of which one more than ``limit`` means that there is more."""
        shown = events[:limit]
        position = shown[-1].position if shown else after or BEGINNING
        return cls(
            items=[EventView(wire("evt", event.id), event.type, event.occurred_at, event.data) for event in shown],
            next_cursor=encode_cursor(position),
            has_more=len(events) > limit,
        )


class MessageView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message as its reader got it; ``code`` is the one-time code in it."""

    id: str
    channel: str
    to: str
    template: str
    text: str
    sent_at: datetime | None
    subject: str | None = None
    code: str | None = None

    @classmethod
    def of(cls, message: StoredMessage) -> "MessageView":
        """Show a message that has been sent."""
        return cls(
            id=wire("msg", message.id),
            channel=message.channel.value,
            to=message.to,
            template=message.template,
            text=message.text,
            sent_at=message.sent_at,
            subject=message.subject,
            code=message.code,
        )


class Outbox(msgspec.Struct, frozen=True):
    """Messages that were sent, newest first."""

    items: list[MessageView]


class ClockAdvance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far to move the clock of every process forward."""

    advance_seconds: Annotated[int, msgspec.Meta(ge=0, le=DAYS_MAX * 86_400, examples=[86_400])]


class ClockView(msgspec.Struct, frozen=True):
    """The time as this system sees it."""

    now: datetime
