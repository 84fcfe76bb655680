"""What follows when a period passes and nobody acted: the only place where silence means anything."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec

from marketplace.certifications.events import (
    CertificationEvent,
    CertificationReasonsOverdue,
    CertificationRectificationOverdue,
)
from marketplace.certifications.operations import filing, recording, timing
from marketplace.certifications.operations.appealing import accept_by_silence
from marketplace.certifications.operations.renewing import renew_by_silence
from marketplace.certifications.rules import Clock, Silence
from marketplace.certifications.states import CERTIFICATION, Event
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_one, transaction

Handler = Callable[[UUID, UUID, datetime], Awaitable[None]]


async def fire_deadline(*, deadline_id: UUID, now: datetime) -> None:
    """Do what follows from a deadline that has passed; one that was met, or still runs, is left alone.

    The subject is locked before the deadline, as everywhere. Publishes: certification.rectification_overdue,
    certification.reasons_overdue, certification.renewed.
    """
    row = await fetch_one(
        "SELECT subject_id, clock FROM certification_deadlines WHERE id = $1 AND status = 'running'", deadline_id
    )
    handler = _HANDLERS.get(Clock(row["clock"])) if row else None
    if row is None or handler is None:
        return
    async with transaction():
        await handler(row["subject_id"], deadline_id, now)


async def _accept(application_id: UUID, deadline_id: UUID, now: datetime) -> None:
    before = await filing.lock(application_id)
    missed = await timing.take_missed(deadline_id, now=now)
    if missed is not Silence.ACCEPTED:
        return
    await timing.start(Clock.COUNTY_REVIEW, subject_id=before.id, now=now)
    accepted = msgspec.structs.replace(before, status=CERTIFICATION.target(before.status, Event.ACCEPT_BY_SILENCE))
    await filing.file(accepted, event=Event.ACCEPT_BY_SILENCE, actor=SYSTEM, now=now, reason="逾期未告知，视为受理")


async def _lapse(application_id: UUID, deadline_id: UUID, now: datetime) -> None:
    before = await filing.lock(application_id)
    missed = await timing.take_missed(deadline_id, now=now)
    if missed is Silence.LAPSED:
        status = CERTIFICATION.target(before.status, Event.LAPSE)
        lapsed = msgspec.structs.replace(before, status=status, decided_at=now)
        await filing.file(lapsed, event=Event.LAPSE, actor=SYSTEM, now=now, reason="逾期未补正，视为放弃申请")


async def _renew(application_id: UUID, deadline_id: UUID, now: datetime) -> None:
    application = await filing.lock(application_id)
    if await timing.take_missed(deadline_id, now=now) is Silence.RENEWED:
        await renew_by_silence(application, now=now)


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """A miss that changes nothing but is put on record and told."""

    event: Event
    news: type[CertificationEvent]
    reason: str


async def _raise_flag(certification_id: UUID, deadline_id: UUID, now: datetime, *, flag: Flag) -> None:
    before = await recording.lock(certification_id)
    if await timing.take_missed(deadline_id, now=now) is None or not CERTIFICATION.allows(before.status, flag.event):
        return
    news = flag.news(certification_id=before.id, institution_id=before.institution_id)
    await recording.store(before, before, event=flag.event, news=news, reason=flag.reason, actor=SYSTEM, now=now)


_RECTIFICATION = Flag(
    event=Event.RECTIFICATION_OVERDUE, news=CertificationRectificationOverdue, reason="逾期未提交整改报告"
)
_REASONS = Flag(event=Event.REASONS_OVERDUE, news=CertificationReasonsOverdue, reason="紧急暂停后逾期未说明理由")


async def _accept_appeal(appeal_id: UUID, deadline_id: UUID, now: datetime) -> None:
    await accept_by_silence(appeal_id, deadline_id, now=now)


_HANDLERS: dict[Clock, Handler] = {
    Clock.COMPLETENESS: _accept,
    Clock.CORRECTION: _lapse,
    Clock.RENEWAL_REVIEW: _renew,
    Clock.RECTIFICATION: partial(_raise_flag, flag=_RECTIFICATION),
    Clock.EMERGENCY_REASONS: partial(_raise_flag, flag=_REASONS),
    Clock.APPEAL_REVIEW: _accept_appeal,
}
