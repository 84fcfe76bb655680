"""A proceeding, step by step: notice, defence, a hearing where it is asked for, and the weighing of what was said."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.certifications.errors import NoticeMissing, ProceedingOpen
from marketplace.certifications.events import CertificationNoticeDismissed, CertificationRevocationNoticed
from marketplace.certifications.operations import casework, timing
from marketplace.certifications.operations.recording import lock_for, store
from marketplace.certifications.operations.restricting import suspend_by_decision
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.queries.timing import latest, timetable
from marketplace.certifications.rules import Certification, Clock, step
from marketplace.certifications.rules.applying import Grounds
from marketplace.certifications.rules.proceeding import Case, CaseKind, CaseStatus, check_heard, check_in_time
from marketplace.certifications.states import CERTIFICATION, Event
from marketplace.identity.rules import Action, Principal
from marketplace.kit import clock
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.errors import IllegalTransition, NotFound, invalid
from marketplace.kit.ids import wire

_NOTICES = {CaseKind.SUSPENSION: Event.NOTICE_SUSPENSION, CaseKind.REVOCATION: Event.NOTICE_REVOCATION}


async def notice(*, certification_id: UUID, kind: CaseKind, grounds: Grounds, actor: Principal, now: datetime) -> Case:
    """Tell an institution of an intended suspension or revocation: facts, basis, rights (处罚法 44).

    Its time to answer runs from here; a notice of revocation is public, since nothing may be sold meanwhile.
    Refuses: NotFound, Forbidden, IllegalTransition, ProceedingOpen. Publishes: certification.revocation_noticed.
    """
    event = _NOTICES[kind]
    async with transaction():
        before = await lock_for(actor, Action.OVERSEE, certification_id)
        status = step(before.status, event, level=actor.level)
        pending: UUID | None = await fetch_value(
            "SELECT id FROM certification_cases WHERE certification_id = $1 AND status IN ('noticed', 'concluded')",
            before.id,
        )
        if pending is not None:
            raise ProceedingOpen(case_id=wire("cse", pending))
        case = await casework.open_case(before, kind, facts=grounds.facts, grounds=grounds, actor=actor, now=now)
        await timing.start(Clock.DEFENCE, subject_id=case.id, now=now)
        if kind is CaseKind.REVOCATION:
            await timing.start(Clock.HEARING_REQUEST, subject_id=case.id, now=now)
            after = msgspec.structs.replace(before, status=status)
            news = CertificationRevocationNoticed(certification_id=before.id, institution_id=before.institution_id)
            await store(before, after, event=event, news=news, reason=grounds.facts, actor=actor, now=now)
    return case


async def defend(*, case_id: UUID, statement: str | None, asks_hearing: bool, actor: Principal, now: datetime) -> Case:
    """Answer a notice as the institution: with a statement, by asking for a hearing, or by waiving both.

    Refuses: NotFound, IllegalTransition, PeriodOver.
    """
    async with transaction():
        before, case = await casework.lock_case(case_id, actor=actor)
        if actor.institution_id != before.institution_id:
            raise NotFound
        _check_noticed(before, case, Event.DEFEND)
        check_in_time(await latest(case.id, Clock.DEFENCE), now=now)
        if asks_hearing:
            CERTIFICATION.target(before.status, Event.REQUEST_HEARING)
            check_in_time(await latest(case.id, Clock.HEARING_REQUEST), now=now)
            await timing.stop(case.id, Clock.HEARING_REQUEST, now=now)
            case = msgspec.structs.replace(case, hearing_requested_at=case.hearing_requested_at or now)
        if statement is not None:
            case = msgspec.structs.replace(case, defence=statement, defended_at=now)
        waived = statement is None and not asks_hearing
        if waived or statement is not None:
            await timing.stop(case.id, Clock.DEFENCE, now=now)
        if waived:
            await timing.stop(case.id, Clock.HEARING_REQUEST, now=now)
        case = msgspec.structs.replace(case, waived=waived)
        return await casework.put(case, event=Event.DEFEND, actor=actor, now=now)


async def call_hearing(*, case_id: UUID, hearing_on: date, actor: Principal, now: datetime) -> Case:
    """Call the hearing that was asked for, no sooner than the notice allows (处罚法 64).

    Refuses: NotFound, Forbidden, IllegalTransition, Invalid.
    """
    async with transaction():
        before, case = await casework.lock_case(case_id, actor=actor)
        _check_noticed(before, case, Event.CALL_HEARING)
        step(before.status, Event.CALL_HEARING, level=actor.level)
        if case.hearing_requested_at is None:
            raise IllegalTransition(current=case.status.value, event=Event.CALL_HEARING.value)
        earliest = (await timetable()).deadline(Clock.HEARING_NOTICE, start=now).due_on
        # A hearing that is called for some far day would keep an institution closed without a decision.
        latest_on = earliest + timedelta(days=(await policy_on(clock.local_date(now))).hearing_within_days)
        if not earliest <= hearing_on <= latest_on:
            raise invalid(
                "hearing_on", zh=f"须在 {earliest} 至 {latest_on} 之间", en=f"Between {earliest} and {latest_on}."
            )
        await timing.cancel(case.id, Clock.HEARING_NOTICE, now=now)
        await timing.start(Clock.HEARING_NOTICE, subject_id=case.id, now=now, due_on=hearing_on)
        called = msgspec.structs.replace(case, hearing_called_at=now, hearing_on=hearing_on)
        return await casework.put(called, event=Event.CALL_HEARING, actor=actor, now=now)


async def hold_hearing(*, case_id: UUID, record: str, actor: Principal, now: datetime) -> Case:
    """Put the record of a hearing on file, on its day or later.

    Refuses: NotFound, Forbidden, IllegalTransition, Invalid.
    """
    async with transaction():
        before, case = await casework.lock_case(case_id, actor=actor)
        _check_noticed(before, case, Event.HOLD_HEARING)
        step(before.status, Event.HOLD_HEARING, level=actor.level)
        if case.hearing_on is None:
            raise IllegalTransition(current=case.status.value, event=Event.HOLD_HEARING.value)
        if clock.local_date(now) < case.hearing_on:
            raise invalid("record", zh=f"听证定于 {case.hearing_on}", en=f"The hearing is on {case.hearing_on}.")
        await timing.stop(case.id, Clock.HEARING_NOTICE, now=now)
        held = msgspec.structs.replace(case, hearing_record=record, heard_at=now)
        return await casework.put(held, event=Event.HOLD_HEARING, actor=actor, now=now)


async def conclude(*, case_id: UUID, proceed: bool, defence_outcome: str, actor: Principal, now: datetime) -> Case:
    """Weigh what the institution said, once it was heard, and go on or not (处罚法 45: never harder for having answered).

    An intended suspension takes effect; an intended revocation still waits for two officers. What is not pursued is
    dismissed. Refuses: NotFound, Forbidden, IllegalTransition, DefencePending, HearingOutstanding, NoticeMissing.
    Publishes: certification.suspended, certification.notice_dismissed.
    """
    async with transaction():
        before, case = await casework.lock_case(case_id, actor=actor)
        _check_noticed(before, case, Event.WEIGH_DEFENCE)
        _check_level(before, case, actor=actor, proceed=proceed)
        check_heard(
            case,
            defence=await latest(case.id, Clock.DEFENCE),
            hearing=await latest(case.id, Clock.HEARING_REQUEST),
            now=now,
        )
        await timing.stop(case.id, Clock.DEFENCE, Clock.HEARING_REQUEST, now=now)
        weighed = msgspec.structs.replace(
            case, defence_outcome=defence_outcome, concluded_by=actor.id, concluded_at=now
        )
        concluded = await _follow(before, weighed, proceed=proceed, actor=actor, now=now)
        return await casework.put(concluded, event=Event.WEIGH_DEFENCE, actor=actor, now=now, why=defence_outcome)


async def _follow(before: Certification, case: Case, *, proceed: bool, actor: Principal, now: datetime) -> Case:
    if not proceed:
        if case.kind is CaseKind.REVOCATION:
            after = msgspec.structs.replace(before, status=CERTIFICATION.target(before.status, Event.DISMISS_NOTICE))
            news = CertificationNoticeDismissed(certification_id=before.id, institution_id=before.institution_id)
            why = case.defence_outcome or ""
            await store(before, after, event=Event.DISMISS_NOTICE, news=news, reason=why, actor=actor, now=now)
        return msgspec.structs.replace(case, status=CaseStatus.DISMISSED)
    if case.kind is CaseKind.REVOCATION:
        return msgspec.structs.replace(case, status=CaseStatus.CONCLUDED)
    await suspend_by_decision(case, before, actor=actor, now=now)
    return msgspec.structs.replace(case, status=CaseStatus.DECIDED, decided_at=now)


def _check_noticed(before: Certification, case: Case, event: Event) -> None:
    if case.kind is CaseKind.EMERGENCY_SUSPENSION:
        raise NoticeMissing
    if case.status is not CaseStatus.NOTICED:
        raise IllegalTransition(current=case.status.value, event=event.value)
    if event is Event.DEFEND:
        CERTIFICATION.target(before.status, event)


def _check_level(before: Certification, case: Case, *, actor: Principal, proceed: bool) -> None:
    """Check that this level decides: the table says which."""
    if case.kind is CaseKind.SUSPENSION:
        event = Event.SUSPEND_BY_DECISION if proceed else Event.NOTICE_SUSPENSION
    else:
        event = Event.WEIGH_DEFENCE if proceed else Event.DISMISS_NOTICE
    step(before.status, event, level=actor.level)
