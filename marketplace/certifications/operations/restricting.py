"""Rectification and suspension: what one officer may order, and what lifts it."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.certifications.errors import HigherLevelRequired
from marketplace.certifications.events import (
    CertificationReinstated,
    CertificationSuspended,
    CertificationUnderRectification,
)
from marketplace.certifications.operations.recording import lock_for, store
from marketplace.certifications.rules import Certification, higher, may_lift, policy_on, step
from marketplace.certifications.states import Event
from marketplace.identity.rules import Action, Principal
from marketplace.kit import clock
from marketplace.kit.db import transaction
from marketplace.kit.errors import invalid


async def order_rectification(  # noqa: PLR0913 - an order has these facts, and each is named at the call.
    *,
    certification_id: UUID,
    reason: str,
    safety_defect: bool,
    rectify_by_on: date | None = None,
    actor: Principal,
    now: datetime,
) -> Certification:
    """Order a defect to be put right by a day; one of safety stops sale until then (老年人权益保障法 45).

    Refuses: NotFound, Forbidden, IllegalTransition, Invalid. Publishes: certification.under_rectification.
    """
    today = clock.local_date(now)
    policy = policy_on(today)
    deadline = rectify_by_on or today + timedelta(days=policy.rectification_days)
    latest = today + timedelta(days=policy.rectification_days_max)
    if not today < deadline <= latest:
        raise invalid("rectify_by", zh=f"须在今天之后、{latest} 之前", en=f"Must be after today, by {latest}.")
    async with transaction():
        before = await lock_for(actor, Action.RECTIFY, certification_id)
        after = msgspec.structs.replace(
            before,
            status=step(before.status, Event.ORDER_RECTIFICATION, level=actor.level),
            safety_defect=safety_defect,
            rectify_by_on=deadline,
            restricted_by=actor.level,
        )
        news = CertificationUnderRectification(certification_id=before.id, institution_id=before.institution_id)
        return await store(
            before, after, event=Event.ORDER_RECTIFICATION, news=news, reason=reason, actor=actor, now=now
        )


async def complete_rectification(
    *, certification_id: UUID, reason: str, actor: Principal, now: datetime
) -> Certification:
    """Accept, after inspecting again, that the defect is gone; only the level that ordered it or one above may.

    Refuses: NotFound, Forbidden, IllegalTransition, HigherLevelRequired. Publishes: certification.reinstated.
    """
    async with transaction():
        before = await lock_for(actor, Action.RECTIFY, certification_id)
        return await _lift(before, Event.COMPLETE_RECTIFICATION, reason=reason, actor=actor, now=now)


async def suspend(*, certification_id: UUID, reason: str, actor: Principal, now: datetime) -> Certification:
    """Stop new sales at once: one officer is enough, since it can be undone.

    Refuses: NotFound, Forbidden, IllegalTransition. Publishes: certification.suspended.
    """
    async with transaction():
        before = await lock_for(actor, Action.SUSPEND, certification_id)
        after = msgspec.structs.replace(
            before,
            status=step(before.status, Event.SUSPEND, level=actor.level),
            safety_defect=False,
            rectify_by_on=None,
            restricted_by=higher(before.restricted_by, actor.level),
        )
        news = CertificationSuspended(certification_id=before.id, institution_id=before.institution_id)
        return await store(before, after, event=Event.SUSPEND, news=news, reason=reason, actor=actor, now=now)


async def reinstate(*, certification_id: UUID, reason: str, actor: Principal, now: datetime) -> Certification:
    """Lift a suspension; only the level that ordered it or one above may.

    Refuses: NotFound, Forbidden, IllegalTransition, HigherLevelRequired. Publishes: certification.reinstated.
    """
    async with transaction():
        before = await lock_for(actor, Action.REINSTATE, certification_id)
        return await _lift(before, Event.REINSTATE, reason=reason, actor=actor, now=now)


async def _lift(before: Certification, event: Event, *, reason: str, actor: Principal, now: datetime) -> Certification:
    target = step(before.status, event, level=actor.level)
    if not may_lift(before.restricted_by, level=actor.level):
        raise HigherLevelRequired(restricted_by=before.restricted_by)
    after = msgspec.structs.replace(before, status=target, safety_defect=False, rectify_by_on=None, restricted_by=None)
    news = CertificationReinstated(certification_id=before.id, institution_id=before.institution_id)
    return await store(before, after, event=event, news=news, reason=reason, actor=actor, now=now)
