"""The provider's inbox: verify, store once, leave the applying to a job. Nothing in an event is believed."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from marketplace.kit import failpoints
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.payments.errors import BadWebhookSignature
from marketplace.payments.gateway import gateway
from marketplace.payments.jobs import ApplyPayeeEvent, ApplyProviderEvent
from marketplace.payments.rules import IGNORED, PAYEES, ProviderNews

# The reconciler asks again for events of this long that the provider could not deliver.
MISSED_WITHIN = timedelta(days=1)
KEEP = timedelta(days=30)

Arrival = Literal["new", "again", "seen"]


async def receive(*, raw: bytes, signature: str | None, now: datetime) -> None:
    """Store a webhook of the provider, once per event, and have it applied.

    The provider signs each delivery anew, so the same event may come again, but the same signature is a replay.
    Refuses: BadWebhookSignature when it is not signed by the provider, too old, from the future, replayed, or of the
    other mode (live or test); nothing is stored then. Publishes: ApplyProviderEvent or ApplyPayeeEvent.
    """
    if await _store(gateway().verify_webhook(raw, signature), now=now) == "seen":
        raise BadWebhookSignature
    failpoints.reach("event.stored")


async def collect_missed_events(*, now: datetime) -> int:
    """Store the events that the provider could not deliver to us, and return how many were new.

    Refuses: ProviderUnavailable. Publishes: ApplyProviderEvent or ApplyPayeeEvent.
    """
    missed = await gateway().list_missed_events(now - MISSED_WITHIN)
    return [await _store(news, now=now) for news in missed].count("new")


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


async def _store(news: ProviderNews, *, now: datetime) -> Arrival:
    row_id = new_id()
    ignored = news.subject == IGNORED
    async with transaction():
        stored = await fetch_value(
            "INSERT INTO provider_events (id, provider_event_id, type, object_id, subject_kind, subject_id, payload,"
            " signed_at, received_at, applied_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            " ON CONFLICT (provider_event_id) DO UPDATE SET signed_at = provider_events.signed_at || EXCLUDED.signed_at"
            " WHERE NOT provider_events.signed_at @> EXCLUDED.signed_at RETURNING id",
            row_id,
            news.event_id,
            news.type,
            news.object_id,
            news.subject.kind,
            news.subject.id,
            vault().seal(news.body, table="provider_events", column="payload", row=row_id),
            [news.signed_at] if news.signed_at is not None else [],
            now,
            now if ignored else None,
        )
        if stored == row_id and not ignored:
            job = ApplyPayeeEvent if news.subject.kind in PAYEES else ApplyProviderEvent
            await publish(job(event_id=row_id), now=now)
    if stored is None:
        return "seen"
    return "new" if stored == row_id else "again"
