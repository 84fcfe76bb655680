"""Renewal: the same certificate for another term, decided by the province before the old one ends."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.certifications.errors import NotCertifiable
from marketplace.certifications.events import CertificationRenewed
from marketplace.certifications.operations import timing
from marketplace.certifications.operations.filing import file, lock_for_review
from marketplace.certifications.operations.recording import lock, store
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import Certification, valid_until
from marketplace.certifications.rules.applying import Application
from marketplace.certifications.rules.standing import is_fresh
from marketplace.certifications.states import CERTIFICATION, Event
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM, Actor
from marketplace.kit.db import transaction
from marketplace.kit.errors import NotFound


async def renew(*, application_id: UUID, reason: str, actor: Principal, now: datetime) -> Certification:
    """Renew a certificate for another term, on an assessment that is fresh and good enough.

    Lock order: application → certification. Refuses: NotFound, Forbidden, IllegalTransition, NotCertifiable.
    Publishes: certification.renewed.
    """
    today = clock.local_date(now)
    async with transaction():
        application = await lock_for_review(application_id, Event.RENEW, actor=actor)
        before = await _certificate_of(application)
        policy = await policy_on(today)
        good = before.grade is not None and before.grade >= policy.certifiable_grade
        if not good or not is_fresh(before, policy=policy, today=today):
            raise NotCertifiable(score=None)
        return await _extend(application, before, event=Event.RENEW, reason=reason, actor=actor, now=now)


async def renew_by_silence(application: Application, *, now: datetime) -> None:
    """Renew because nobody decided in time (许可法 50); a certificate that was suspended meanwhile is not renewed.

    Publishes: certification.renewed.
    """
    before = await _certificate_of(application)
    if CERTIFICATION.allows(before.status, Event.RENEW_BY_SILENCE):
        renewed = msgspec.structs.replace(
            application, status=CERTIFICATION.target(application.status, Event.RENEW_BY_SILENCE)
        )
        await _extend(
            renewed, before, event=Event.RENEW_BY_SILENCE, reason="逾期未作决定，视为准予延续", actor=SYSTEM, now=now
        )


async def _certificate_of(application: Application) -> Certification:
    if application.certification_id is None:
        raise NotFound
    return await lock(application.certification_id)


async def _extend(  # noqa: PLR0913 - a renewal has these facts.
    application: Application, before: Certification, *, event: Event, reason: str, actor: Actor, now: datetime
) -> Certification:
    # The next term begins when this one ends.
    begins, policy = before.valid_until_on + timedelta(days=1), await policy_on(clock.local_date(now))
    after = msgspec.structs.replace(
        before,
        status=CERTIFICATION.target(before.status, event),
        valid_until_on=valid_until(begins, policy=policy),
    )
    news = CertificationRenewed(certification_id=before.id, institution_id=before.institution_id)
    renewed = await store(before, after, event=event, news=news, reason=reason, actor=actor, now=now)
    await timing.stop(application.id, now=now)
    decided = msgspec.structs.replace(application, decided_at=now)
    await file(decided, event=event, actor=actor, now=now, reason=reason)
    return renewed
