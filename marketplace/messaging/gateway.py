"""The port to whoever carries SMS and mail. Development keeps messages where ``/_dev/outbox`` shows them."""

from typing import Protocol
from uuid import UUID

import msgspec

from marketplace.kit.db import forbid_transaction
from marketplace.messaging.rules import Channel
from marketplace.settings import settings


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A message for the provider; ``subject`` is for mail only."""

    id: UUID
    channel: Channel
    to: str
    subject: str | None
    text: str


class Undeliverable(Exception):
    """The provider will never deliver this, such as to a number that does not exist; trying again is useless."""


class MessageGateway(Protocol):
    """What a provider of SMS and mail must do."""

    async def send(self, outgoing: Outgoing) -> str:
        """Hand over a message and return the provider's reference.

        The same ``id`` may come again after a crash, and must reach its reader once. Raises: Undeliverable.
        """


class DevelopmentGateway:
    """Sends nothing: the stored message is what ``/_dev/outbox`` shows."""

    async def send(self, outgoing: Outgoing) -> str:
        """Accept every message."""
        forbid_transaction()
        return f"development:{outgoing.id.hex}"


_gateway: MessageGateway | None = None


def use(found: MessageGateway | None) -> None:
    """Make ``found`` the process's provider; production does so where its processes start."""
    global _gateway  # noqa: PLW0603 - one provider per process.
    _gateway = found


def gateway() -> MessageGateway:
    """Return the process's provider; without one, development has its outbox and production keeps messages queued."""
    if _gateway is not None:
        return _gateway
    if settings().is_development:
        return DevelopmentGateway()
    raise RuntimeError("no provider of SMS and mail is configured: messages stay queued")
