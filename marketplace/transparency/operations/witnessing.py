"""Handing checkpoints out: what others keep is what makes a rewritten log show."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from marketplace.kit import audit, clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.outbox import publish
from marketplace.transparency import queries
from marketplace.transparency.events import CheckpointPublished

CHECKPOINTS = uuid5(NAMESPACE_URL, "houniao:audit-checkpoints")


async def publish_checkpoint(*, now: datetime) -> bool:
    """Publish the newest checkpoint as today's, once a day: partners get it in their feed, officers by mail.

    Returns whether it was published. Publishes: audit.checkpoint_published.
    """
    try:
        newest = await queries.latest()
    except NotFound:
        return False
    async with transaction():
        is_new = await execute(
            "INSERT INTO audit_publications (published_on, size, published_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (published_on) DO NOTHING",
            clock.local_date(now),
            newest.size,
            now,
        )
        if not is_new:
            return False
        await audit.record(
            CheckpointPublished.kind, actor=SYSTEM, subject=CHECKPOINTS, now=now, after=[newest.size, newest.root.hex()]
        )
        await publish(CheckpointPublished(size=newest.size, root_hash=newest.root.hex(), note=newest.note), now=now)
    return True
