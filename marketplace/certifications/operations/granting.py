"""Issuing a certificate at the end of its application."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import AlreadyCertified
from marketplace.certifications.events import CertificationGranted
from marketplace.certifications.operations import timing
from marketplace.certifications.operations.filing import file, lock_for_review
from marketplace.certifications.operations.recording import remember
from marketplace.certifications.operations.reviewing import check_certifiable
from marketplace.certifications.queries.applying import open_objections
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import (
    Certification,
    Policy,
    assessment_due,
    certificate_number,
    months_after,
    valid_until,
)
from marketplace.certifications.rules.applying import Application, check_publicity
from marketplace.certifications.states import ENDED, Event
from marketplace.identity.rules import Principal
from marketplace.kit import audit, clock
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.errors import invalid
from marketplace.kit.ids import new_id, wire
from marketplace.kit.outbox import publish


async def certify(
    *, application_id: UUID, reason: str, valid_from_on: date | None = None, actor: Principal, now: datetime
) -> Certification:
    """Issue the certificate of an application whose publicity has ended without an open objection.

    It begins today or on ``valid_from_on`` and is graded by the scores of the visit. Lock order: application →
    certification. Refuses: NotFound, Forbidden, IllegalTransition, PublicityRunning, ObjectionsOpen, Invalid,
    NotCertifiable, AlreadyCertified. Publishes: certification.granted.
    """
    today = clock.local_date(now)
    begins = valid_from_on or today
    policy = await policy_on(today)
    async with transaction():
        application = await lock_for_review(application_id, Event.CERTIFY, actor=actor)
        check_publicity(application, open_objections=await open_objections(application.id), now=now)
        check_certifiable(application, policy=policy)
        _check_term(begins, assessed_on=application.assessed_on, policy=policy, today=today)
        await _retire_ended(application.institution_id)
        granted = await _granted(application, begins=begins, policy=policy, now=now)
        await _insert(granted, application_id=application.id)
        # From here on the assessment is of the certification: its grade is explained by it, point by point.
        await execute(
            "UPDATE assessment_orders SET certification_id = $2 WHERE id = $1", application.assessment_id, granted.id
        )
        await remember(granted, event=Event.CERTIFY, reason=reason, actor=actor, now=now)
        await audit.record("certification.granted", actor=actor, subject=granted.id, now=now, why=reason, after=granted)
        await timing.stop(application.id, now=now)
        done = msgspec.structs.replace(application, certification_id=granted.id, decided_at=now)
        await file(done, event=Event.CERTIFY, actor=actor, now=now, reason=reason)
        await publish(CertificationGranted(certification_id=granted.id, institution_id=granted.institution_id), now=now)
    return granted


async def _granted(application: Application, *, begins: date, policy: Policy, now: datetime) -> Certification:
    assert application.assessed_on is not None
    assert application.rubric is not None
    serial: int = await fetch_value("SELECT nextval('certificate_serials')")
    return Certification(
        id=new_id(),
        institution_id=application.institution_id,
        institution_name=application.institution_name,
        jurisdiction_code=application.jurisdiction_code,
        number=certificate_number(clock.local_date(now).year, serial),
        status=application.status,
        grade=application.grade,
        valid_from_on=begins,
        valid_until_on=valid_until(begins, policy=policy),
        assessed_on=application.assessed_on,
        assessment_due_on=assessment_due(application.assessed_on, grade=application.grade, policy=policy),
        grade_method=application.rubric,
        plaque_text=policy.plaque_text,
        granted_at=now,
    )


def _check_term(begins: date, *, assessed_on: date | None, policy: Policy, today: date) -> None:
    """Check that a certificate begins soon, has not ended, and rests on a visit no older than a certificate may be."""
    if begins > (latest := months_after(today, policy.begins_months_max)):
        raise invalid(
            "valid_from", zh=f"证书最迟于 {latest} 生效", en=f"A certificate begins by {latest} at the latest."
        )
    if valid_until(begins, policy=policy) < today:
        raise invalid("valid_from", zh="证书在今天之前已到期", en="The certificate would have ended before today.")
    if assessed_on is None or valid_until(assessed_on, policy=policy) < today:
        raise invalid("assessed_on", zh="评估年代过久，须重新评估", en="The assessment is too old; assess again.")


async def _retire_ended(institution_id: UUID) -> None:
    row = await fetch_one(
        "SELECT id, status FROM certifications WHERE institution_id = $1 AND is_current FOR UPDATE", institution_id
    )
    if row is None:
        return
    if row["status"] not in ENDED:
        raise AlreadyCertified(certification_id=wire("crt", row["id"]))
    await execute("UPDATE certifications SET is_current = false WHERE id = $1", row["id"])


async def _insert(granted: Certification, *, application_id: UUID) -> None:
    inserted = await fetch_value(
        "INSERT INTO certifications (id, institution_id, number, status, grade, valid_from_on, valid_until_on, assessed_on,"
        " assessment_due_on, assessment_overdue, safety_defect, is_current, version, granted_at, application_id,"
        " grade_method, plaque_text)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, false, false, true, $10, $11, $12, $13, $14)"
        " ON CONFLICT (institution_id) WHERE is_current DO NOTHING RETURNING id",
        granted.id,
        granted.institution_id,
        granted.number,
        granted.status,
        granted.grade,
        granted.valid_from_on,
        granted.valid_until_on,
        granted.assessed_on,
        granted.assessment_due_on,
        granted.version,
        granted.granted_at,
        application_id,
        granted.grade_method,
        granted.plaque_text,
    )
    if inserted is None:  # Another officer was a moment faster.
        other: UUID = await fetch_value(
            "SELECT id FROM certifications WHERE institution_id = $1 AND is_current", granted.institution_id
        )
        raise AlreadyCertified(certification_id=wire("crt", other))
