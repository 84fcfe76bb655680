"""Keeping what a verification found, for monitoring."""

from datetime import datetime, timedelta

from marketplace.kit.db import execute, transaction
from marketplace.kit.ids import new_id

_KEEP = timedelta(days=90)


async def note_verification(*, drift_count: int, now: datetime) -> None:
    """Keep how many drifts were found, and forget what was found a season ago."""
    async with transaction():
        await execute("DELETE FROM inventory_verifications WHERE verified_at < $1", now - _KEEP)
        await execute(
            "INSERT INTO inventory_verifications (id, verified_at, drift_count) VALUES ($1, $2, $3)",
            new_id(),
            now,
            drift_count,
        )
