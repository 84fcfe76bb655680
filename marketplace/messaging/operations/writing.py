"""Writing a message down: once per occasion, sealed, and queued for the provider."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from marketplace.kit import audit
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.messaging.jobs import SendMessage
from marketplace.messaging.rules import TEMPLATES, Channel, Fact, address, language_of
from marketplace.messaging.states import Status

KEEP = timedelta(days=180)
MESSAGES = uuid5(NAMESPACE_URL, "houniao:messages")


async def write(*, template: str, to: str, facts: Mapping[str, Fact], dedupe: str, now: datetime) -> UUID | None:
    """Queue a message to a telephone number (E.164) or mail address; None when ``dedupe`` has been used before.

    ``dedupe`` names the occasion, such as ``reminder_1_day:{booking}:{check_in}``. Publishes: messages.send.
    """
    chosen, to = TEMPLATES[template], address(to)
    language = "zh" if chosen.channel is Channel.MAIL else language_of(to)
    content = {**msgspec.to_builtins(chosen.render(facts, language=language)), "code": facts.get("code")}
    message_id = new_id()
    async with transaction():
        written = await execute(
            "INSERT INTO messages (id, channel, recipient, recipient_index, template, content, dedupe, status,"
            " queued_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (dedupe) DO NOTHING",
            message_id,
            chosen.channel.value,
            vault().seal(to, table="messages", column="recipient", row=message_id),
            vault().blind_index(to),
            template,
            vault().seal(content, table="messages", column="content", row=message_id),
            dedupe,
            Status.QUEUED.value,
            now,
        )
        if not written:
            return None
        await publish(SendMessage(message_id=message_id), now=now)
        await audit.record("message.written", actor=audit.SYSTEM, subject=message_id, why=template, now=now)
    return message_id


async def forget(*, now: datetime, limit: int = 1_000) -> int:
    """Delete messages written more than 180 days ago: they are personal data, and their occasions are long past."""
    async with transaction():
        count = await execute(
            "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE queued_at < $1 ORDER BY queued_at LIMIT $2)",
            now - KEEP,
            limit,
        )
        if count:
            await audit.record("messages.forgotten", actor=audit.SYSTEM, subject=MESSAGES, now=now, why=f"{count} rows")
    return count
