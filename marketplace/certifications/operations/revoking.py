"""Revocation: one provincial officer asks, another approves, and nothing in between can be altered."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.certifications.errors import (
    DecisionAltered,
    DecisionExpired,
    DecisionNotPending,
    DecisionPending,
    SecondOfficerRequired,
)
from marketplace.certifications.events import CertificationRevoked
from marketplace.certifications.operations.recording import cancel_open_assessment, lock_for, store
from marketplace.certifications.queries import as_decision
from marketplace.certifications.rules import Decision, RevocationRequest, Revoked, ended, policy_on, step
from marketplace.certifications.states import DECISION, DecisionEvent, DecisionStatus, Event
from marketplace.identity.rules import Action, Principal
from marketplace.kit import audit, clock
from marketplace.kit.db import execute, fetch_one, fetch_value, require_transaction, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id, wire

REVOCATION = "revocation"


async def request_revocation(*, certification_id: UUID, reason: str, actor: Principal, now: datetime) -> Decision:
    """Ask for a certification to be revoked; nothing changes until a second provincial officer approves.

    Refuses: NotFound, Forbidden, IllegalTransition, DecisionPending.
    """
    async with transaction():
        found = await lock_for(actor, Action.REVOKE, certification_id)
        step(found.status, Event.REVOKE, level=actor.level)
        request = RevocationRequest(
            certification_id=found.id,
            institution_id=found.institution_id,
            number=found.number,
            reason=reason,
            requested_by=actor.id,
            expires_at=now + timedelta(days=policy_on(clock.local_date(now)).decision_days),
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
        await _lapse(found.id, now=now)
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
    after = ended(before, status)
    await store(before, after, event=Event.REVOKE, news=news, reason=request.reason, actor=actor, now=now)
    await cancel_open_assessment(before.id)
    return Revoked(decision_id=decision.id, certification_id=before.id, institution_id=before.institution_id)


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


async def _insert(decision: Decision) -> None:
    inserted = await fetch_value(
        "INSERT INTO certification_decisions (id, certification_id, kind, status, payload, payload_hash, requested_by,"
        " requested_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " ON CONFLICT (certification_id, kind) WHERE status = 'pending' DO NOTHING RETURNING id",
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
    if inserted is None:
        pending: UUID = await fetch_value(
            "SELECT id FROM certification_decisions WHERE certification_id = $1 AND status = 'pending'",
            decision.certification_id,
        )
        raise DecisionPending(decision_id=wire("dec", pending))
