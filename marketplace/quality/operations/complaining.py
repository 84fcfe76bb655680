"""Complaints: a guest writes, civil affairs asks the institution, the institution replies, civil affairs answers."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.certifications.operations.recording import check_competence
from marketplace.identity.rules import Action, Principal
from marketplace.kit import audit
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch_one, fetch_value, require_transaction, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.quality.errors import ComplaintOpen, StayNotConfirmed
from marketplace.quality.events import ComplaintAnswered, ComplaintReceived, ComplaintReferred
from marketplace.quality.queries import COMPLAINTS, as_complaint, complaint_of, own_stay
from marketplace.quality.rules import Complaint, ComplaintOutcome, Subject, confirms_abuse
from marketplace.quality.states import COMPLAINT, ComplaintEvent, ComplaintStatus


async def complain(*, booking_id: UUID, subject: Subject, statement: str, actor: Principal, now: datetime) -> Complaint:
    """Complain about a stay of one's own, however it went, once it was confirmed.

    Refuses: NotFound, StayNotConfirmed, ComplaintOpen. Publishes: complaint.received.
    """
    async with transaction():
        stay = await own_stay(principal=actor, booking_id=booking_id)
        if stay.first_paid_at is None:
            raise StayNotConfirmed
        complaint_id = new_id()
        written = await fetch_value(
            "INSERT INTO complaints (id, booking_id, institution_id, complainant_kind, complainant_id, subject, status,"
            " statement, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " ON CONFLICT (booking_id) WHERE status <> 'answered' DO NOTHING RETURNING id",
            complaint_id,
            booking_id,
            stay.institution_id,
            actor.kind,
            actor.id,
            subject,
            ComplaintStatus.RECEIVED,
            _sealed(statement, "statement", complaint_id),
            now,
        )
        if written is None:
            raise ComplaintOpen
        await audit.record("complaint.received", actor=actor, subject=complaint_id, now=now, why=subject)
        await publish(ComplaintReceived(complaint_id=complaint_id), now=now)
        return await complaint_of(complaint_id)


async def refer(*, complaint_id: UUID, note: str, actor: Principal, now: datetime) -> Complaint:
    """Ask the institution what it says; it sees the officer's note, not what the guest wrote.

    Refuses: NotFound, IllegalTransition. Publishes: complaint.referred.
    """
    async with transaction():
        before = await _lock(complaint_id)
        await check_competence(actor, Action.OVERSEE, jurisdiction_code=before.jurisdiction_code)
        after = await _step(before, ComplaintEvent.REFER, actor=actor, now=now)
        await execute(
            "UPDATE complaints SET status = $2, referral = $3, referred_by = $4, referred_at = $5 WHERE id = $1",
            after.id,
            after.status,
            _sealed(note, "referral", after.id),
            actor.id,
            now,
        )
        await publish(ComplaintReferred(complaint_id=after.id), now=now)
        return await complaint_of(after.id)


async def reply(*, complaint_id: UUID, statement: str, actor: Principal, now: datetime) -> Complaint:
    """Say, as the institution, what there is to say to a complaint that was referred. Refuses: NotFound, IllegalTransition."""
    async with transaction():
        before = await _lock(complaint_id)
        if before.institution_id != actor.institution_id or before.referred_at is None:
            raise NotFound
        after = await _step(before, ComplaintEvent.REPLY, actor=actor, now=now)
        await execute(
            "UPDATE complaints SET status = $2, reply = $3, replied_by = $4, replied_at = $5 WHERE id = $1",
            after.id,
            after.status,
            _sealed(statement, "reply", after.id),
            actor.id,
            now,
        )
        return await complaint_of(after.id)


async def answer(
    *, complaint_id: UUID, outcome: ComplaintOutcome, statement: str, actor: Principal, now: datetime
) -> Complaint:
    """Answer whoever complained; that elders were abused is found by the prefecture or the province, for it caps a grade.

    Refuses: NotFound, Forbidden, IllegalTransition. Publishes: complaint.answered.
    """
    async with transaction():
        before = await _lock(complaint_id)
        found = msgspec.structs.replace(before, outcome=outcome)
        action = Action.ASSESS if confirms_abuse(found) else Action.OVERSEE
        await check_competence(actor, action, jurisdiction_code=before.jurisdiction_code)
        after = await _step(before, ComplaintEvent.ANSWER, actor=actor, now=now, why=outcome)
        await execute(
            "UPDATE complaints SET status = $2, outcome = $3, answer = $4, answered_by = $5, answered_at = $6"
            " WHERE id = $1",
            after.id,
            after.status,
            outcome,
            _sealed(statement, "answer", after.id),
            actor.id,
            now,
        )
        partner_id = after.complainant_id if after.complainant_kind == "partner" else None
        news = ComplaintAnswered(complaint_id=after.id, booking_id=after.booking_id, partner_id=partner_id)
        await publish(news, now=now)
        return await complaint_of(after.id)


async def _lock(complaint_id: UUID) -> Complaint:
    require_transaction()
    row = await fetch_one(f"{COMPLAINTS} WHERE q.id = $1 FOR UPDATE OF q", complaint_id)
    if row is None:
        raise NotFound
    return as_complaint(row)


async def _step(
    before: Complaint, event: ComplaintEvent, *, actor: Principal, now: datetime, why: str | None = None
) -> Complaint:
    """Return the complaint in its next state, with its audit line; what was said stays out of the log."""
    status = COMPLAINT.target(before.status, event)
    await audit.record(
        f"complaint.{status}", actor=actor, subject=before.id, now=now, why=why, before=before.status, after=status
    )
    return msgspec.structs.replace(before, status=status)


def _sealed(text: str, column: str, row: UUID) -> bytes:
    return vault().seal(text, table="complaints", column=column, row=row)
