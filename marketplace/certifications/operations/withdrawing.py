"""Leaving the register by one's own will, after a public notice; bookings beyond the last day are moved first."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.certifications.events import CertificationWithdrawalNoticed, CertificationWithdrawn
from marketplace.certifications.operations import timing
from marketplace.certifications.operations.recording import cancel_open_assessment, lock, store
from marketplace.certifications.operations.rectifying import end_rectification
from marketplace.certifications.queries.timing import running
from marketplace.certifications.rules import Certification, Clock, Revoked, ended
from marketplace.certifications.states import CERTIFICATION, Event
from marketplace.identity.rules import Action, Principal, Resource, can
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_one, require_transaction, transaction
from marketplace.kit.errors import IllegalTransition, NotFound


async def notice_withdrawal(*, certification_id: UUID, reason: str, actor: Principal, now: datetime) -> Certification:
    """Announce, as the institution, that it leaves; from here no stay beyond its last day is sold (老年法 46).

    Refuses: NotFound, IllegalTransition. Publishes: certification.withdrawal_noticed.
    """
    async with transaction():
        before = await lock(certification_id)
        if not can(actor, Action.HOST, Resource(institution_id=before.institution_id)):
            raise NotFound
        status = CERTIFICATION.target(before.status, Event.NOTICE_WITHDRAWAL)
        if any(deadline.clock is Clock.WITHDRAWAL_NOTICE for deadline in (await running([before.id]))[before.id]):
            raise IllegalTransition(current=before.status.value, event=Event.NOTICE_WITHDRAWAL.value)
        period = await timing.start(Clock.WITHDRAWAL_NOTICE, subject_id=before.id, now=now)
        after = msgspec.structs.replace(before, status=status, valid_until_on=min(before.valid_until_on, period.due_on))
        news = CertificationWithdrawalNoticed(certification_id=before.id, institution_id=before.institution_id)
        return await store(before, after, event=Event.NOTICE_WITHDRAWAL, news=news, reason=reason, actor=actor, now=now)


async def withdraw(*, deadline_id: UUID, now: datetime) -> Revoked | None:
    """End a certification whose notice of withdrawal has passed, inside the caller's transaction.

    Returns whose bookings must move, or None when the deadline is of something else or not over; the caller goes on to
    inventory, quotes and bookings. Publishes: certification.withdrawn.
    """
    require_transaction()
    row = await fetch_one(
        "SELECT subject_id FROM certification_deadlines WHERE id = $1 AND clock = $2 AND status = 'running'",
        deadline_id,
        Clock.WITHDRAWAL_NOTICE,
    )
    if row is None:
        return None
    before = await lock(row["subject_id"])
    if await timing.take_missed(deadline_id, now=now) is None or not CERTIFICATION.allows(
        before.status, Event.WITHDRAW
    ):
        return None
    await end_rectification(before.id, now=now)
    await timing.cancel(before.id, now=now)
    after = ended(before, CERTIFICATION.target(before.status, Event.WITHDRAW))
    news = CertificationWithdrawn(certification_id=before.id, institution_id=before.institution_id)
    await store(before, after, event=Event.WITHDRAW, news=news, reason="退出公告期满", actor=SYSTEM, now=now)
    await cancel_open_assessment(before.id)
    return Revoked(decision_id=deadline_id, certification_id=before.id, institution_id=before.institution_id)
