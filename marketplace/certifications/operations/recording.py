"""How every change of a certification is made: lock it for a competent officer, write it, remember it, tell it."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.certifications.events import CertificationEvent
from marketplace.certifications.queries import CERTIFICATIONS, as_certification
from marketplace.certifications.rules import Certification
from marketplace.certifications.states import Event
from marketplace.identity.rules import Action, Principal, Resource, can
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, fetch_one, require_transaction
from marketplace.kit.errors import Forbidden, NotFound, invalid
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.places.queries import jurisdiction_chain


async def check_competence(actor: Principal, action: Action, *, jurisdiction_code: str) -> None:
    """Check that the officer's authority is the institution's or one above it, and of a level that may do this.

    Refuses: NotFound outside the officer's jurisdiction, Forbidden within it.
    """
    resource = Resource(jurisdictions=tuple(await jurisdiction_chain(jurisdiction_code)))
    if not can(actor, Action.OVERSEE, resource):
        raise NotFound
    if not can(actor, action, resource):
        raise Forbidden


async def lock(certification_id: UUID) -> Certification:
    """Lock a certification FOR UPDATE: sales under way finish first, later ones see the outcome. Refuses: NotFound."""
    require_transaction()
    row = await fetch_one(f"{CERTIFICATIONS} WHERE c.id = $1 FOR UPDATE OF c", certification_id)
    if row is None:
        raise NotFound
    return as_certification(row)


async def lock_for(actor: Principal, action: Action, certification_id: UUID) -> Certification:
    """Lock a certification for an officer who may do ``action`` to it. Refuses: NotFound, Forbidden."""
    found = await lock(certification_id)
    await check_competence(actor, action, jurisdiction_code=found.jurisdiction_code)
    return found


async def store(  # noqa: PLR0913 - a decision has these facts, and each is named at the call.
    before: Certification,
    after: Certification,
    *,
    event: Event,
    news: CertificationEvent,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Certification:
    """Write a locked certification's next version with its history, audit line and news, and return it."""
    stored = msgspec.structs.replace(after, version=before.version + 1)
    await execute(
        "UPDATE certifications SET status = $2, grade = $3, assessed_on = $4, assessment_due_on = $5,"
        " assessment_overdue = $6, safety_defect = $7, rectify_by_on = $8, restricted_by = $9, version = $10,"
        " grade_method = $11, valid_until_on = $12"
        " WHERE id = $1",
        stored.id,
        stored.status,
        stored.grade,
        stored.assessed_on,
        stored.assessment_due_on,
        stored.assessment_overdue,
        stored.safety_defect,
        stored.rectify_by_on,
        stored.restricted_by,
        stored.version,
        stored.grade_method,
        stored.valid_until_on,
    )
    await remember(stored, event=event, reason=reason, actor=actor, now=now)
    await audit.record(news.kind, actor=actor, subject=stored.id, now=now, why=reason, before=before, after=stored)
    await publish(news, now=now)
    return stored


async def remember(found: Certification, *, event: Event, reason: str, actor: Actor, now: datetime) -> None:
    """Append to the certification's public history: an officer with the level, a deadline or the institution without."""
    officer = actor if isinstance(actor, Principal) and actor.level is not None else None
    await execute(
        "INSERT INTO certification_history (id, certification_id, event, status, grade, reason, decided_by,"
        " decided_level, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        new_id(),
        found.id,
        event,
        found.status,
        found.grade,
        reason,
        officer.id if officer else None,
        officer.level if officer else None,
        now,
    )


async def cancel_open_assessment(certification_id: UUID) -> None:
    """Take back the order to assess a certification that has ended."""
    await execute(
        "UPDATE assessment_orders SET status = 'cancelled' WHERE certification_id = $1 AND status IN ('ordered', 'overdue')",
        certification_id,
    )


def check_assessed_on(assessed_on: date, *, today: date, after: date | None = None) -> None:
    """Check that a visit is not in the future, and later than the one before it. Refuses: Invalid."""
    if assessed_on > today:
        raise invalid("assessed_on", zh="评估日期不能在将来", en="The assessment cannot lie in the future.")
    if after is not None and assessed_on <= after:
        raise invalid("assessed_on", zh=f"评估日期须晚于上次（{after}）", en=f"Must be later than the last ({after}).")
