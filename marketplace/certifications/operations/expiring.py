"""What the calendar ends: certificates past their validity, and requests nobody approved."""

from datetime import datetime
from uuid import UUID

from marketplace.certifications.events import CertificationExpired
from marketplace.certifications.operations import timing
from marketplace.certifications.operations.recording import cancel_open_assessment, lock, store
from marketplace.certifications.operations.rectifying import end_rectification
from marketplace.certifications.rules import ended
from marketplace.certifications.states import CERTIFICATION, STANDING, Event
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch, transaction


async def expire_due(*, now: datetime) -> int:
    """End every certification whose last day is past, and every decision whose time ran out; returns the former.

    No sale depends on it: a stay never runs past ``valid_until``. Publishes: certification.expired.
    """
    # A renewal that nobody decided in time is renewed by silence, which its own deadline does.
    rows = await fetch(
        "SELECT id FROM certifications c WHERE status = ANY($1) AND valid_until_on < $2 AND NOT EXISTS (SELECT"
        " FROM certification_applications a JOIN certification_deadlines d ON d.subject_id = a.id AND d.status = 'running'"
        " WHERE a.certification_id = c.id AND a.status = 'renewal_review' AND d.silence = 'renewed')"
        " AND NOT EXISTS (SELECT FROM certification_deadlines d WHERE d.subject_id = c.id AND d.status = 'running'"
        " AND d.clock = 'withdrawal_notice') ORDER BY valid_until_on, id",
        sorted(STANDING),
        clock.local_date(now),
    )
    expired = [row["id"] for row in rows if await _expire(row["id"], now=now)]
    async with transaction():
        await execute(
            "UPDATE certification_decisions SET status = 'expired' WHERE status = 'pending' AND expires_at <= $1", now
        )
    return len(expired)


async def _expire(certification_id: UUID, *, now: datetime) -> bool:
    async with transaction():
        before = await lock(certification_id)
        if not CERTIFICATION.allows(before.status, Event.EXPIRE) or before.valid_until_on >= clock.local_date(now):
            return False
        after = ended(before, CERTIFICATION.target(before.status, Event.EXPIRE))
        news = CertificationExpired(certification_id=before.id, institution_id=before.institution_id)
        await store(before, after, event=Event.EXPIRE, news=news, reason="证书有效期届满", actor=SYSTEM, now=now)
        await cancel_open_assessment(before.id)
        await end_rectification(before.id, now=now)
        await timing.cancel(before.id, now=now)
    return True
