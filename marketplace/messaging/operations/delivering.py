"""Handing a queued message to the provider."""

from datetime import datetime
from uuid import UUID

from marketplace.kit import audit
from marketplace.kit.db import execute, fetch_one, transaction
from marketplace.messaging.gateway import Outgoing, Undeliverable, gateway
from marketplace.messaging.queries import opened
from marketplace.messaging.states import MESSAGE, Event, Status


async def deliver(*, message_id: UUID, now: datetime) -> None:
    """Hand a message to the provider; one that is no longer queued is left alone.

    The provider is called without a lock, so two workers may hand over the same message: it carries its id, by which
    the provider delivers it once.
    """
    row = await fetch_one("SELECT * FROM messages WHERE id = $1 AND status = 'queued'", message_id)
    if row is None:
        return
    message = opened(row)
    outgoing = Outgoing(
        id=message.id, channel=message.channel, to=message.to, subject=message.subject, text=message.text
    )
    try:
        reference: str | None = await gateway().send(outgoing)
        status = MESSAGE.target(Status.QUEUED, Event.ACCEPT)
    except Undeliverable:
        reference, status = None, MESSAGE.target(Status.QUEUED, Event.REJECT)
    async with transaction():
        settled = await execute(
            "UPDATE messages SET status = $2, provider_reference = $3, sent_at = $4 WHERE id = $1 AND status = 'queued'",
            message_id,
            status.value,
            reference,
            now if status is Status.SENT else None,
        )
        if settled:
            await audit.record(f"message.{status.value}", actor=audit.SYSTEM, subject=message_id, now=now)
