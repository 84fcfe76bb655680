"""How a proceeding is kept: opened, locked, written, with an audit line for every step."""

from datetime import datetime
from uuid import UUID

from marketplace.certifications.operations.recording import check_competence, lock
from marketplace.certifications.queries.proceeding import CASES, as_case
from marketplace.certifications.rules import Certification
from marketplace.certifications.rules.applying import Grounds
from marketplace.certifications.rules.proceeding import Case, CaseKind, CaseStatus
from marketplace.certifications.states import Event
from marketplace.identity.rules import Action, Principal, Resource, can
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, fetch_one, fetch_value
from marketplace.kit.errors import Forbidden, NotFound
from marketplace.kit.ids import new_id

_KEPT = (
    "status", "facts", "legal_basis", "rights", "noticed_at", "defence", "waived", "defended_at", "hearing_requested_at",
    "hearing_called_at", "hearing_on", "hearing_record", "heard_at", "defence_outcome", "concluded_by", "concluded_at",
    "decided_at",
)  # fmt: skip
_SET = ", ".join(f"{name} = ${place}" for place, name in enumerate(_KEPT, start=2))


async def open_case(  # noqa: PLR0913 - a proceeding begins with these facts.
    before: Certification,
    kind: CaseKind,
    *,
    facts: str,
    grounds: Grounds | None = None,
    actor: Principal,
    now: datetime,
) -> Case:
    """Open a proceeding against a certification that is locked: with a notice, or in an emergency without one."""
    if actor.level is None:
        raise Forbidden
    case = Case(
        id=new_id(),
        certification_id=before.id,
        institution_id=before.institution_id,
        jurisdiction_code=before.jurisdiction_code,
        kind=kind,
        status=CaseStatus.NOTICED if grounds else CaseStatus.OPEN,
        facts=facts,
        legal_basis=grounds.legal_basis if grounds else None,
        rights=grounds.rights if grounds else None,
        noticed_at=now if grounds else None,
        opened_by=actor.id,
        opened_level=actor.level,
        opened_at=now,
    )
    await execute(
        "INSERT INTO certification_cases (id, certification_id, kind, status, facts, legal_basis, rights, noticed_at,"
        " waived, opened_by, opened_level, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false, $9, $10, $11)",
        case.id,
        case.certification_id,
        case.kind,
        case.status,
        case.facts,
        case.legal_basis,
        case.rights,
        case.noticed_at,
        case.opened_by,
        case.opened_level,
        case.opened_at,
    )
    await audit.record(f"case.{kind}_opened", actor=actor, subject=case.id, now=now, why=facts, after=case)
    return case


async def latest_case(certification_id: UUID, kind: CaseKind) -> Case | None:
    """Return the newest proceeding of a kind, locked."""
    row = await fetch_one(
        f"{CASES} WHERE k.certification_id = $1 AND k.kind = $2 ORDER BY k.id DESC LIMIT 1 FOR UPDATE OF k",
        certification_id,
        kind,
    )
    return as_case(row) if row else None


async def lock_case(case_id: UUID, *, actor: Principal) -> tuple[Certification, Case]:
    """Lock a certification and then its proceeding, for its institution or a competent officer.

    Refuses: NotFound.
    """
    certification_id: UUID | None = await fetch_value(
        "SELECT certification_id FROM certification_cases WHERE id = $1", case_id
    )
    if certification_id is None:
        raise NotFound
    before = await lock(certification_id)
    if not can(actor, Action.HOST, Resource(institution_id=before.institution_id)):
        await check_competence(actor, Action.OVERSEE, jurisdiction_code=before.jurisdiction_code)
    row = await fetch_one(f"{CASES} WHERE k.id = $1 FOR UPDATE OF k", case_id)
    if row is None:
        raise NotFound
    return before, as_case(row)


async def put(case: Case, *, event: Event, actor: Actor, now: datetime, why: str | None = None) -> Case:
    """Write a locked proceeding, with its audit line."""
    await execute(
        f"UPDATE certification_cases SET {_SET} WHERE id = $1", case.id, *(getattr(case, name) for name in _KEPT)
    )
    await audit.record(f"case.{event}", actor=actor, subject=case.id, now=now, why=why, after=case)
    return case
