"""The provider's inbox: verify, store once, leave the applying to a job. Nothing in an event is believed."""

from datetime import datetime, timedelta
from uuid import UUID

from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.payments.gateway import gateway
from marketplace.payments.jobs import ApplyProviderEvent
from marketplace.payments.rules import IGNORED, ProviderNews

# The reconciler asks again for events of this long that the provider could not deliver.
MISSED_WITHIN = timedelta(days=1)
KEEP = timedelta(days=30)


async def receive(*, raw: bytes, signature: str | None, now: datetime) -> None:
    """Store a webhook of the provider, once per event, and have it applied.

    Refuses: BadWebhookSignature when it is not signed by the provider, too old, from the future, or of the other mode
    (live or test); nothing is stored then. Publishes: ApplyProviderEvent.
    """
    await _store(gateway().verify_webhook(raw, signature), now=now)


async def collect_missed_events(*, now: datetime) -> int:
    """Store the events that the provider could not deliver to us, and return how many were new.

    Refuses: ProviderUnavailable. Publishes: ApplyProviderEvent.
    """
    missed = await gateway().list_missed_events(now - MISSED_WITHIN)
    return sum([await _store(news, now=now) for news in missed])


async def mark_applied(*, event_id: UUID, now: datetime) -> None:
    """Remember that a stored event has been applied."""
    await execute("UPDATE provider_events SET applied_at = $2 WHERE id = $1 AND applied_at IS NULL", event_id, now)


async def prune_events(*, now: datetime, keep: timedelta = KEEP, limit: int = 1_000) -> int:
    """Delete events that were applied long ago, with the bodies they came in; the provider repeats none that old."""
    return await execute(
        "DELETE FROM provider_events WHERE id IN"
        " (SELECT id FROM provider_events WHERE applied_at IS NOT NULL AND received_at < $1 LIMIT $2)",
        now - keep,
        limit,
    )


async def _store(news: ProviderNews, *, now: datetime) -> bool:
    row_id = new_id()
    ignored = news.subject == IGNORED
    async with transaction():
        stored = await fetch_value(
            "INSERT INTO provider_events (id, provider_event_id, type, object_id, subject_kind, subject_id, payload,"
            " received_at, applied_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " ON CONFLICT (provider_event_id) DO NOTHING RETURNING id",
            row_id,
            news.event_id,
            news.type,
            news.object_id,
            news.subject.kind,
            news.subject.id,
            vault().seal(news.body, table="provider_events", column="payload", row=row_id),
            now,
            now if ignored else None,
        )
        if stored is not None and not ignored:
            await publish(ApplyProviderEvent(event_id=row_id), now=now)
    return stored is not None
