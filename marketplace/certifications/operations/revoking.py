"""Revocation: one provincial officer asks, another approves, and nothing in between can be altered."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import DecisionPending, DefenceNotWeighed, NoticeMissing, StayedByAppeal
from marketplace.certifications.events import CertificationRevoked
from marketplace.certifications.operations import casework, timing
from marketplace.certifications.operations.recording import cancel_open_assessment, lock_for, store
from marketplace.certifications.queries import as_decision
from marketplace.certifications.queries.timing import timetable
from marketplace.certifications.rules import Clock, Decision, RevocationRequest, Revoked, ended, step
from marketplace.certifications.rules.proceeding import Case, CaseKind, CaseStatus
from marketplace.certifications.states import DECISION, DecisionEvent, DecisionStatus, Event
from marketplace.identity.errors import DecisionAltered, DecisionExpired, DecisionNotPending, SecondOfficerRequired
from marketplace.identity.rules import Action, Principal
from marketplace.kit import audit, clock
from marketplace.kit.db import execute, fetch_one, fetch_value, require_transaction, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id, wire

REVOCATION = "revocation"


async def request_revocation(*, certification_id: UUID, reason: str, actor: Principal, now: datetime) -> Decision:
    """Ask for a certification to be revoked, once its proceeding is concluded; a second provincial officer decides.

    Refuses: NotFound, Forbidden, IllegalTransition, NoticeMissing, DefenceNotWeighed, StayedByAppeal, DecisionPending.
    """
    async with transaction():
        found = await lock_for(actor, Action.REVOKE, certification_id)
        step(found.status, Event.REVOKE, level=actor.level)
        case = await _concluded_case(found.id)
        await _lapse(found.id, now=now)
        await _check_none_pending(found.id)
        await timing.cancel(case.id, Clock.SECOND_OFFICER, now=now)
        period = await timing.start(Clock.SECOND_OFFICER, subject_id=case.id, now=now)
        request = RevocationRequest(
            certification_id=found.id,
            institution_id=found.institution_id,
            number=found.number,
            reason=reason,
            requested_by=actor.id,
            expires_at=period.due_at,
            case_id=case.id,
            case_hash=_case_hash(case),
        )
        payload = msgspec.to_builtins(request)
        decision = Decision(
            id=new_id(),
            certification_id=found.id,
            kind=REVOCATION,
            status=DecisionStatus.PENDING,
            payload=payload,
            payload_hash=_hash(payload),
            requested_by=actor.id,
            requested_at=now,
            expires_at=request.expires_at,
        )
        await _insert(decision)
        await audit.record(
            "certification.revocation_requested", actor=actor, subject=found.id, now=now, why=reason, after=decision
        )
    return decision


async def revoke(*, decision_id: UUID, actor: Principal, now: datetime) -> Revoked:
    """Approve a requested revocation as the second officer, inside the caller's transaction, and carry it out.

    What is carried out is exactly what was asked for: the stored request is hashed again and compared with its row.
    Lock order: certification (FOR UPDATE) → decision; the caller goes on to inventory, quotes and bookings.
    Refuses: NotFound, Forbidden, DecisionNotPending, DecisionExpired, SecondOfficerRequired, DecisionAltered,
    IllegalTransition. Publishes: certification.revoked.
    """
    require_transaction()
    certification_id: UUID | None = await fetch_value(
        "SELECT certification_id FROM certification_decisions WHERE id = $1", decision_id
    )
    if certification_id is None:
        raise NotFound
    before = await lock_for(actor, Action.REVOKE, certification_id)
    decision = await _lock_decision(decision_id)
    request = _check_approval(decision, approver=actor.id, now=now)
    case = await _concluded_case(before.id)
    if request.case_id != case.id or request.case_hash != _case_hash(case):
        raise DecisionAltered
    status = step(before.status, Event.REVOKE, level=actor.level)
    await execute(
        "UPDATE certification_decisions SET status = $2, approved_by = $3, approved_at = $4 WHERE id = $1",
        decision.id,
        DECISION.target(decision.status, DecisionEvent.APPROVE),
        actor.id,
        now,
    )
    news = CertificationRevoked(
        certification_id=before.id, institution_id=before.institution_id, decision_id=decision.id
    )
    await timing.stop(case.id, Clock.SECOND_OFFICER, now=now)
    await timing.cancel(before.id, now=now)
    await timing.start(Clock.APPEAL, subject_id=case.id, now=now)
    decided = msgspec.structs.replace(case, status=CaseStatus.DECIDED, decided_at=now)
    await casework.put(decided, event=Event.REVOKE, actor=actor, now=now)
    await _lock_out(before.id, now=now)
    after = ended(before, status)
    await store(before, after, event=Event.REVOKE, news=news, reason=request.reason, actor=actor, now=now)
    await cancel_open_assessment(before.id)
    return Revoked(decision_id=decision.id, certification_id=before.id, institution_id=before.institution_id)


async def _concluded_case(certification_id: UUID) -> Case:
    """Return the proceeding that a revocation rests on (R04). Refuses: NoticeMissing, DefenceNotWeighed, StayedByAppeal."""
    case = await casework.latest_case(certification_id, CaseKind.REVOCATION)
    if case is None or case.status in {CaseStatus.DISMISSED, CaseStatus.DECIDED}:
        raise NoticeMissing
    if case.status is not CaseStatus.CONCLUDED:
        raise DefenceNotWeighed
    stayed = await fetch_value(
        "SELECT EXISTS (SELECT FROM certification_appeals WHERE certification_id = $1 AND status = 'accepted'"
        " AND stayed_at IS NOT NULL AND stay_ended_at IS NULL)",
        certification_id,
    )
    if stayed:
        raise StayedByAppeal
    return case


async def _lock_out(certification_id: UUID, *, now: datetime) -> None:
    today, table = clock.local_date(now), await timetable()
    until = table.plain_end(Clock.LOCKOUT_REVOKED, start=today)
    await execute("UPDATE certifications SET locked_until_on = $2 WHERE id = $1", certification_id, until)


def _case_hash(case: Case) -> str:
    digest = audit.digest(case)
    assert digest is not None
    return digest


def _check_approval(decision: Decision, *, approver: UUID, now: datetime) -> RevocationRequest:
    if decision.status is not DecisionStatus.PENDING:
        raise DecisionNotPending(decision_status=decision.status)
    if decision.expires_at <= now:
        raise DecisionExpired
    if approver == decision.requested_by:
        raise SecondOfficerRequired
    request = decision.request
    as_requested = (request.certification_id, request.requested_by, request.expires_at)
    if _hash(decision.payload) != decision.payload_hash or as_requested != (
        decision.certification_id,
        decision.requested_by,
        decision.expires_at,
    ):
        raise DecisionAltered
    return request


def _hash(payload: dict[str, object]) -> str:
    digest = audit.digest(payload)
    assert digest is not None
    return digest


async def _lock_decision(decision_id: UUID) -> Decision:
    row = await fetch_one("SELECT * FROM certification_decisions WHERE id = $1 FOR UPDATE", decision_id)
    if row is None:
        raise NotFound
    return as_decision(row)


async def _lapse(certification_id: UUID, *, now: datetime) -> None:
    """Write down that a request nobody approved in time has lapsed, so that it stands in nobody's way."""
    await execute(
        "UPDATE certification_decisions SET status = $3"
        " WHERE certification_id = $1 AND status = 'pending' AND expires_at <= $2",
        certification_id,
        now,
        DECISION.target(DecisionStatus.PENDING, DecisionEvent.EXPIRE),
    )


async def _check_none_pending(certification_id: UUID) -> None:
    # The certification is locked, so no other request can come in between.
    pending: UUID | None = await fetch_value(
        "SELECT id FROM certification_decisions WHERE certification_id = $1 AND status = 'pending'", certification_id
    )
    if pending is not None:
        raise DecisionPending(decision_id=wire("dec", pending))


async def _insert(decision: Decision) -> None:
    await execute(
        "INSERT INTO certification_decisions (id, certification_id, kind, status, payload, payload_hash, requested_by,"
        " requested_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        decision.id,
        decision.certification_id,
        decision.kind,
        decision.status,
        msgspec.json.encode(decision.payload).decode(),
        decision.payload_hash,
        decision.requested_by,
        decision.requested_at,
        decision.expires_at,
    )
