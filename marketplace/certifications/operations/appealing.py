"""Appeals (行政复议): filed in time, accepted by silence, decided by their own clock, changing nothing meanwhile (R05).

Only a stay that is recorded holds up a decision: a suspension is lifted while it lasts, and no pending revocation is
carried out. What has been revoked stays revoked; an appeal that succeeds ends the lock-out, so that the institution may
apply anew.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import ExtensionSpent, PeriodOver, ProceedingOpen
from marketplace.certifications.events import CertificationSuspended
from marketplace.certifications.operations import timing
from marketplace.certifications.operations.recording import check_competence, lock, store
from marketplace.certifications.operations.restricting import lift
from marketplace.certifications.queries.proceeding import APPEALS, CASES, as_appeal, as_case
from marketplace.certifications.queries.timing import latest
from marketplace.certifications.rules import Clock, Silence, step
from marketplace.certifications.rules.proceeding import Appeal
from marketplace.certifications.states import CERTIFICATION, Event, Status
from marketplace.certifications.states.appeals import APPEAL, AppealEvent
from marketplace.identity.rules import Action, Principal
from marketplace.kit import audit
from marketplace.kit.audit import SYSTEM, Actor
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.errors import Forbidden, IllegalTransition, NotFound
from marketplace.kit.ids import new_id, wire

_KEPT = (
    "status", "accepted_at", "stay_reason", "stayed_at", "stayed_level", "stay_ended_at", "extended", "decision",
    "decided_by", "decided_at",
)  # fmt: skip
_SET = ", ".join(f"{name} = ${place}" for place, name in enumerate(_KEPT, start=2))


async def file_appeal(
    *, grounds: str, case_id: UUID | None = None, application_id: UUID | None = None, actor: Principal, now: datetime
) -> Appeal:
    """Appeal, as the institution, against a decision in a proceeding or against the refusal of an application.

    The period is sixty days, or a year where the institution was not told its rights (复议法 20, R06).
    Refuses: NotFound, PeriodOver, ProceedingOpen.
    """
    async with transaction():
        against = case_id or application_id
        certification_id = await _check_own(case_id=case_id, application_id=application_id, actor=actor)
        if against is None or actor.institution_id is None:
            raise NotFound
        if not await _in_time(against, now=now):
            last = await latest(against, Clock.APPEAL)
            raise PeriodOver(until=last.due_on if last else None)
        pending: UUID | None = await fetch_value(
            "SELECT id FROM certification_appeals WHERE (case_id = $1 OR application_id = $1)"
            " AND status IN ('filed', 'accepted')",
            against,
        )
        if pending is not None:
            raise ProceedingOpen(case_id=wire("apl", pending))
        appeal_id = new_id()
        await execute(
            "INSERT INTO certification_appeals (id, institution_id, certification_id, case_id, application_id, status,"
            " grounds, filed_at, extended) VALUES ($1, $2, $3, $4, $5, 'filed', $6, $7, false)",
            appeal_id,
            actor.institution_id,
            certification_id,
            case_id,
            application_id,
            grounds,
            now,
        )
        await timing.stop(against, Clock.APPEAL, Clock.APPEAL_RIGHTS_NOT_TOLD, now=now)
        await timing.start(Clock.APPEAL_REVIEW, subject_id=appeal_id, now=now)
        found = await _locked(appeal_id)
        await audit.record("appeal.filed", actor=actor, subject=appeal_id, now=now, why=grounds, after=found)
    return found


async def _check_own(*, case_id: UUID | None, application_id: UUID | None, actor: Principal) -> UUID | None:
    """Lock what is appealed against and return the certification that it concerns. Refuses: NotFound."""
    if case_id is not None:
        row = await fetch_one(f"{CASES} WHERE k.id = $1 FOR UPDATE OF k", case_id)
        if row is None or as_case(row).institution_id != actor.institution_id:
            raise NotFound
        return as_case(row).certification_id
    row = await fetch_one(
        "SELECT certification_id FROM certification_applications WHERE id = $1 AND institution_id = $2 FOR UPDATE",
        application_id,
        actor.institution_id,
    )
    if row is None:
        raise NotFound
    found: UUID | None = row["certification_id"]
    return found


async def _in_time(against: UUID, *, now: datetime) -> bool:
    found: bool = await fetch_value(
        "SELECT EXISTS (SELECT FROM certification_deadlines WHERE subject_id = $1 AND status = 'running'"
        " AND clock IN ('appeal', 'appeal_rights_not_told') AND due_at > $2)",
        against,
        now,
    )
    return found


async def accept_by_silence(appeal_id: UUID, deadline_id: UUID, *, now: datetime) -> None:
    """Accept an appeal that nobody looked at in time (复议法 30)."""
    before = await _locked(appeal_id)
    if await timing.take_missed(deadline_id, now=now) is not Silence.ACCEPTED:
        return
    await _accept(before, AppealEvent.ACCEPT_BY_SILENCE, actor=SYSTEM, now=now)


async def decide_appeal(*, appeal_id: UUID, event: AppealEvent, reason: str, actor: Principal, now: datetime) -> Appeal:
    """Take the next step of an appeal on behalf of the authority that hears it: accept, refuse, stay, extend, decide.

    Lock order: certification → appeal. Refuses: NotFound, Forbidden, IllegalTransition, ExtensionSpent.
    Publishes: certification.reinstated, certification.suspended.
    """
    async with transaction():
        before = await _lock_for(appeal_id, event, actor=actor)
        match event:
            case AppealEvent.ACCEPT:
                return await _accept(before, event, actor=actor, now=now)
            case AppealEvent.EXTEND:
                return await _extend(before, reason=reason, actor=actor, now=now)
            case AppealEvent.STAY:
                return await _stay(before, reason=reason, actor=actor, now=now)
            case _:
                return await _decide(before, event, reason=reason, actor=actor, now=now)


async def withdraw_appeal(*, appeal_id: UUID, actor: Principal, now: datetime) -> Appeal:
    """Take an appeal back, as the institution; a stay ends with it. Refuses: NotFound, IllegalTransition."""
    async with transaction():
        certification_id = await fetch_value(
            "SELECT certification_id FROM certification_appeals WHERE id = $1 AND institution_id = $2",
            appeal_id,
            actor.institution_id,
        )
        if certification_id is not None:
            await lock(certification_id)
        before = await _locked(appeal_id)
        if before.institution_id != actor.institution_id:
            raise NotFound
        status = APPEAL.target(before.status, AppealEvent.WITHDRAW)
        await timing.cancel(before.id, now=now)
        ended = await _end_stay(before, actor=SYSTEM, now=now)
        return await _put(
            msgspec.structs.replace(ended, status=status), event=AppealEvent.WITHDRAW, actor=actor, now=now
        )


async def _lock_for(appeal_id: UUID, event: AppealEvent, *, actor: Principal) -> Appeal:
    row = await fetch_one(f"{APPEALS} WHERE p.id = $1", appeal_id)
    if row is None:
        raise NotFound
    await check_competence(actor, Action.OVERSEE, jurisdiction_code=row["jurisdiction_code"])
    if row["certification_id"] is not None:
        await lock(row["certification_id"])
    before = await _locked(appeal_id)
    APPEAL.target(before.status, event)
    if actor.level is None or event not in APPEAL.valid_transitions(before.status, actor=actor.level):
        raise Forbidden
    return before


async def _locked(appeal_id: UUID) -> Appeal:
    row = await fetch_one(f"{APPEALS} WHERE p.id = $1 FOR UPDATE OF p", appeal_id)
    if row is None:
        raise NotFound
    return as_appeal(row)


async def _accept(before: Appeal, event: AppealEvent, *, actor: Actor, now: datetime) -> Appeal:
    await timing.stop(before.id, now=now)
    await timing.start(Clock.APPEAL_DECISION, subject_id=before.id, now=now)
    after = msgspec.structs.replace(before, status=APPEAL.target(before.status, event), accepted_at=now)
    return await _put(after, event=event, actor=actor, now=now)


async def _extend(before: Appeal, *, reason: str, actor: Actor, now: datetime) -> Appeal:
    first = await latest(before.id, Clock.APPEAL_DECISION)
    if before.extended or first is None:
        raise ExtensionSpent
    await timing.cancel(before.id, now=now)
    await timing.start(Clock.APPEAL_EXTENSION, subject_id=before.id, now=now, begins=first.last_instant)
    after = msgspec.structs.replace(before, extended=True)
    return await _put(after, event=AppealEvent.EXTEND, actor=actor, now=now, why=reason)


async def _decide(before: Appeal, event: AppealEvent, *, reason: str, actor: Principal, now: datetime) -> Appeal:
    await timing.stop(before.id, now=now)
    after = msgspec.structs.replace(before, status=APPEAL.target(before.status, event), decision=reason, decided_at=now)
    if event is AppealEvent.ANNUL:
        await _undo(before, reason=reason, actor=actor, now=now)
    else:
        after = await _end_stay(after, actor=actor, now=now)
    return await _put(
        msgspec.structs.replace(after, decided_by=actor.id), event=event, actor=actor, now=now, why=reason
    )


async def _stay(before: Appeal, *, reason: str, actor: Principal, now: datetime) -> Appeal:
    """Record a stay (复议法 42): a suspension is lifted while it lasts, and nothing is revoked."""
    if before.stayed_at is not None:
        raise IllegalTransition(current="stayed", event=AppealEvent.STAY.value)
    stayed = msgspec.structs.replace(before, stay_reason=reason, stayed_at=now)
    found = await lock(before.certification_id) if before.certification_id else None
    if found is not None and found.status is Status.SUSPENDED:
        stayed = msgspec.structs.replace(stayed, stayed_level=found.restricted_by)
        after = msgspec.structs.replace(found, status=step(found.status, Event.STAY, level=actor.level))
        await lift(found, after, Event.STAY, reason, actor, now)
    return await _put(stayed, event=AppealEvent.STAY, actor=actor, now=now, why=reason)


async def _end_stay(appeal: Appeal, *, actor: Actor, now: datetime) -> Appeal:
    """Put a suspension back that an appeal had stayed and has not changed."""
    if appeal.stayed_at is None or appeal.stay_ended_at is not None:
        return appeal
    found = await lock(appeal.certification_id) if appeal.certification_id else None
    if found is not None and appeal.stayed_level and found.status is Status.CERTIFIED:
        after = msgspec.structs.replace(
            found,
            status=CERTIFICATION.target(found.status, Event.END_STAY),
            restricted_by=appeal.stayed_level,
        )
        news = CertificationSuspended(certification_id=found.id, institution_id=found.institution_id)
        why = "行政复议结束，停止执行解除"
        await store(found, after, event=Event.END_STAY, news=news, reason=why, actor=actor, now=now)
    return msgspec.structs.replace(appeal, stay_ended_at=now)


async def _undo(appeal: Appeal, *, reason: str, actor: Principal, now: datetime) -> None:
    """Set aside what was appealed against: a suspension is lifted, and whatever kept the institution from applying ends."""
    found = await lock(appeal.certification_id) if appeal.certification_id else None
    if found is not None and found.status is Status.SUSPENDED:
        after = msgspec.structs.replace(found, status=step(found.status, Event.REINSTATE, level=actor.level))
        await lift(found, after, Event.REINSTATE, reason, actor, now)
    await execute("UPDATE certifications SET locked_until_on = NULL WHERE id = $1", appeal.certification_id)
    await execute("UPDATE certification_applications SET locked_until_on = NULL WHERE id = $1", appeal.application_id)


async def _put(after: Appeal, *, event: AppealEvent, actor: Actor, now: datetime, why: str | None = None) -> Appeal:
    await execute(
        f"UPDATE certification_appeals SET {_SET} WHERE id = $1", after.id, *(getattr(after, name) for name in _KEPT)
    )
    await audit.record(f"appeal.{event}", actor=actor, subject=after.id, now=now, why=why, after=after)
    return after
