"""Orders that messaging leaves for later."""

from uuid import UUID

from marketplace.kit.outbox import Job


class SendMessage(Job, frozen=True, kw_only=True):
    """Hand a queued message to the provider."""

    kind = "messages.send"

    message_id: UUID
