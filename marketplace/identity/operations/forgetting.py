"""Letting go of what has served its purpose."""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from marketplace.identity.rules import CODE_WINDOW, FAILURES_FORGOTTEN_AFTER
from marketplace.kit import audit
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, transaction

SESSIONS_KEPT = timedelta(days=30)
SIGNING_IN = uuid5(NAMESPACE_URL, "houniao:signing-in")


async def forget(*, now: datetime) -> int:
    """Delete codes, assertions and failure counts that no rule looks at any more, and long-ended sessions.

    Returns how many rows went. Run hourly; repeating it is harmless.
    """
    async with transaction():
        count = (
            await execute("DELETE FROM session_codes WHERE expires_at < $1", now - CODE_WINDOW)
            + await execute("DELETE FROM partner_assertions WHERE expires_at < $1", now)
            + await execute("DELETE FROM sign_in_failures WHERE last_failed_at < $1", now - FAILURES_FORGOTTEN_AFTER)
            + await execute("DELETE FROM sessions WHERE expires_at < $1", now - SESSIONS_KEPT)
        )
        if count:
            await audit.record("identity.forgotten", actor=SYSTEM, subject=SIGNING_IN, now=now, why=f"{count} rows")
    return count
