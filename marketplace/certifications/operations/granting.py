"""Granting a certification."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import AlreadyCertified, NotCertifiable
from marketplace.certifications.events import CertificationGranted
from marketplace.certifications.operations.recording import check_assessed_on, check_competence, remember
from marketplace.certifications.rules import (
    Certification,
    Scores,
    assessment_due,
    certificate_number,
    check_scores,
    grade_of,
    months_after,
    policy_on,
    rubric_on,
    step,
    valid_until,
)
from marketplace.certifications.states import ENDED, Event, Status
from marketplace.identity.rules import Action, Principal
from marketplace.institutions.queries import get as institution
from marketplace.kit import audit, clock
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.errors import invalid
from marketplace.kit.ids import new_id, wire
from marketplace.kit.outbox import publish

BEGINS_MONTHS_MAX = 12


async def certify(  # noqa: PLR0913 - a certificate has these facts, and each is named at the call.
    *,
    institution_id: UUID,
    scores: Scores,
    assessed_on: date,
    reason: str,
    valid_from_on: date | None = None,
    actor: Principal,
    now: datetime,
) -> Certification:
    """Certify an institution from today or ``valid_from_on``, graded by the scores of its assessment.

    The reviews and the publicity before it happen on paper today, so the certification enters at their end.
    Refuses: NotFound, Forbidden, Invalid, NotCertifiable, AlreadyCertified. Publishes: certification.granted.
    """
    today = clock.local_date(now)
    found = await institution(institution_id)
    await check_competence(actor, Action.CERTIFY, jurisdiction_code=found.jurisdiction_code)
    check_assessed_on(assessed_on, today=today)
    begins = valid_from_on or today
    _check_term(begins, assessed_on=assessed_on, today=today)
    grade = _certifiable_grade(scores, assessed_on=assessed_on)
    async with transaction():
        await _retire_ended(institution_id)
        serial: int = await fetch_value("SELECT nextval('certificate_serials')")
        granted = Certification(
            id=new_id(),
            institution_id=institution_id,
            institution_name=found.name,
            jurisdiction_code=found.jurisdiction_code,
            number=certificate_number(today.year, serial),
            status=step(Status.PUBLICITY, Event.CERTIFY, level=actor.level),
            grade=grade,
            valid_from_on=begins,
            valid_until_on=valid_until(begins),
            assessed_on=assessed_on,
            assessment_due_on=assessment_due(assessed_on, grade=grade),
            granted_at=now,
        )
        await _insert(granted)
        await _keep_scores(granted, scores, actor=actor, now=now)
        await remember(granted, event=Event.CERTIFY, reason=reason, actor=actor, now=now)
        await audit.record("certification.granted", actor=actor, subject=granted.id, now=now, why=reason, after=granted)
        await publish(CertificationGranted(certification_id=granted.id, institution_id=institution_id), now=now)
    return granted


def _check_term(begins: date, *, assessed_on: date, today: date) -> None:
    """Check that a certificate begins soon, has not ended, and rests on a visit no older than a certificate may be."""
    if begins > months_after(today, BEGINS_MONTHS_MAX):
        raise invalid("valid_from", zh="证书最迟须在一年内生效", en="A certificate begins within a year at the latest.")
    if valid_until(begins) < today:
        raise invalid("valid_from", zh="证书在今天之前已到期", en="The certificate would have ended before today.")
    if valid_until(assessed_on) < today:
        raise invalid("assessed_on", zh="评估年代过久，须重新评估", en="The assessment is too old; assess again.")


def _certifiable_grade(scores: Scores, *, assessed_on: date) -> int:
    rubric = rubric_on(assessed_on)
    check_scores(scores, rubric=rubric)
    grade = grade_of(scores, rubric=rubric)
    if grade is None or grade < policy_on(assessed_on).certifiable_grade:
        raise NotCertifiable(score=scores.total)
    return grade


async def _retire_ended(institution_id: UUID) -> None:
    row = await fetch_one(
        "SELECT id, status FROM certifications WHERE institution_id = $1 AND is_current FOR UPDATE", institution_id
    )
    if row is None:
        return
    if row["status"] not in ENDED:
        raise AlreadyCertified(certification_id=wire("crt", row["id"]))
    await execute("UPDATE certifications SET is_current = false WHERE id = $1", row["id"])


async def _insert(granted: Certification) -> None:
    inserted = await fetch_value(
        "INSERT INTO certifications (id, institution_id, number, status, grade, valid_from_on, valid_until_on, assessed_on,"
        " assessment_due_on, assessment_overdue, safety_defect, is_current, version, granted_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, false, false, true, $10, $11)"
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
    )
    if inserted is None:  # Another officer was a moment faster.
        other: UUID = await fetch_value(
            "SELECT id FROM certifications WHERE institution_id = $1 AND is_current", granted.institution_id
        )
        raise AlreadyCertified(certification_id=wire("crt", other))


async def _keep_scores(granted: Certification, scores: Scores, *, actor: Principal, now: datetime) -> None:
    """Write the first assessment as an order already carried out, so that every grade can be explained."""
    await execute(
        "INSERT INTO assessment_orders (id, certification_id, status, due_on, ordered_at, rubric, scores, score, grade,"
        " assessed_on, assessed_by, completed_at) VALUES ($1, $2, 'done', $3, $4, $5, $6, $7, $8, $3, $9, $4)",
        new_id(),
        granted.id,
        granted.assessed_on,
        now,
        rubric_on(granted.assessed_on).version,
        msgspec.json.encode(scores).decode(),
        scores.total,
        granted.grade,
        actor.id,
    )
