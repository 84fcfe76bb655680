"""Suspension: at once where life is in danger, with reasons within a day; otherwise after notice and defence."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import HigherLevelRequired, NoticeMissing
from marketplace.certifications.events import CertificationReinstated, CertificationSuspended
from marketplace.certifications.operations import casework, timing
from marketplace.certifications.operations.recording import lock_for, store
from marketplace.certifications.operations.rectifying import end_rectification
from marketplace.certifications.rules import Certification, Clock, higher, may_lift, step
from marketplace.certifications.rules.applying import Grounds
from marketplace.certifications.rules.proceeding import Case, CaseKind, CaseStatus
from marketplace.certifications.states import Event
from marketplace.identity.rules import Action, Principal
from marketplace.kit.db import transaction


async def suspend(*, certification_id: UUID, reason: str, actor: Principal, now: datetime) -> Certification:
    """Stop new sales at once because life or safety is in danger: one officer is enough, since it can be undone.

    ``reason`` states the facts; legal basis and rights follow within 24 hours through ``state_reasons``.
    Refuses: NotFound, Forbidden, IllegalTransition. Publishes: certification.suspended.
    """
    async with transaction():
        before = await lock_for(actor, Action.SUSPEND, certification_id)
        status = step(before.status, Event.SUSPEND, level=actor.level)
        case = await casework.open_case(before, CaseKind.EMERGENCY_SUSPENSION, facts=reason, actor=actor, now=now)
        await timing.start(Clock.EMERGENCY_REASONS, subject_id=before.id, now=now)
        await timing.start(Clock.APPEAL_RIGHTS_NOT_TOLD, subject_id=case.id, now=now)
        return await _suspend(before, Event.SUSPEND, msgspec.structs.replace(before, status=status), reason, actor, now)


async def state_reasons(*, certification_id: UUID, grounds: Grounds, actor: Principal, now: datetime) -> Case:
    """Reason an emergency suspension: facts, legal basis, rights. The institution's time to appeal runs from here.

    Late reasons count, but their lateness is on record. Refuses: NotFound, Forbidden, IllegalTransition, NoticeMissing.
    """
    async with transaction():
        before = await lock_for(actor, Action.SUSPEND, certification_id)
        step(before.status, Event.STATE_REASONS, level=actor.level)
        case = await casework.latest_case(before.id, CaseKind.EMERGENCY_SUSPENSION)
        if case is None or case.status is not CaseStatus.OPEN:
            raise NoticeMissing
        reasoned = msgspec.structs.replace(
            case,
            status=CaseStatus.DECIDED,
            facts=grounds.facts,
            legal_basis=grounds.legal_basis,
            rights=grounds.rights,
            noticed_at=now,
            decided_at=now,
        )
        await timing.stop(before.id, Clock.EMERGENCY_REASONS, now=now)
        await timing.cancel(case.id, Clock.APPEAL_RIGHTS_NOT_TOLD, now=now)
        await timing.start(Clock.APPEAL, subject_id=case.id, now=now)
        return await casework.put(reasoned, event=Event.STATE_REASONS, actor=actor, now=now)


async def suspend_by_decision(case: Case, before: Certification, *, actor: Principal, now: datetime) -> Certification:
    """Suspend after notice and defence, as the last step of a proceeding; the certification is locked.

    Refuses: Forbidden, IllegalTransition. Publishes: certification.suspended.
    """
    status = step(before.status, Event.SUSPEND_BY_DECISION, level=actor.level)
    await timing.start(Clock.APPEAL, subject_id=case.id, now=now)
    after = msgspec.structs.replace(before, status=status)
    return await _suspend(before, Event.SUSPEND_BY_DECISION, after, case.facts, actor, now)


async def _suspend(  # noqa: PLR0913, PLR0917 - a suspension has these facts.
    before: Certification, event: Event, after: Certification, reason: str, actor: Principal, now: datetime
) -> Certification:
    await end_rectification(before.id, now=now)
    suspended = msgspec.structs.replace(
        after, safety_defect=False, rectify_by_on=None, restricted_by=higher(before.restricted_by, actor.level)
    )
    news = CertificationSuspended(certification_id=before.id, institution_id=before.institution_id)
    return await store(before, suspended, event=event, news=news, reason=reason, actor=actor, now=now)


async def reinstate(*, certification_id: UUID, reason: str, actor: Principal, now: datetime) -> Certification:
    """Lift a suspension; only the level that ordered it or one above may.

    Refuses: NotFound, Forbidden, IllegalTransition, HigherLevelRequired. Publishes: certification.reinstated.
    """
    async with transaction():
        before = await lock_for(actor, Action.REINSTATE, certification_id)
        target = step(before.status, Event.REINSTATE, level=actor.level)
        if not may_lift(before.restricted_by, level=actor.level):
            raise HigherLevelRequired(restricted_by=before.restricted_by)
        return await lift(before, msgspec.structs.replace(before, status=target), Event.REINSTATE, reason, actor, now)


async def lift(  # noqa: PLR0913, PLR0917 - lifting has these facts.
    before: Certification, after: Certification, event: Event, reason: str, actor: Principal, now: datetime
) -> Certification:
    """Write a certification free of every restriction. Publishes: certification.reinstated."""
    await timing.cancel(before.id, Clock.EMERGENCY_REASONS, now=now)
    free = msgspec.structs.replace(after, safety_defect=False, rectify_by_on=None, restricted_by=None)
    news = CertificationReinstated(certification_id=before.id, institution_id=before.institution_id)
    return await store(before, free, event=event, news=news, reason=reason, actor=actor, now=now)
