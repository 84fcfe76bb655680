"""How every step of an application is made: lock it for who may take it, write it, remember it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.certifications.queries.applying import APPLICATIONS, as_application
from marketplace.certifications.rules.applying import Application, review
from marketplace.certifications.states import Event, Status
from marketplace.identity.rules import Action, Level, Principal, Resource, can
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, fetch_one, leave_for_the_end, require_transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id
from marketplace.places.queries import jurisdiction_levels

_KEPT = (
    "certification_id", "status", "defects", "corrected", "extended", "publicity_from_on", "publicity_until_on",
    "publicity_ends_at", "facts", "legal_basis", "rights", "locked_until_on", "submitted_at", "decided_at", "version",
)  # fmt: skip
_SET = ", ".join(f"{name} = ${place}" for place, name in enumerate(_KEPT, start=2))


async def lock(application_id: UUID) -> Application:
    """Lock an application FOR UPDATE; applications are locked before certifications. Refuses: NotFound."""
    require_transaction()
    row = await fetch_one(f"{APPLICATIONS} WHERE a.id = $1 FOR UPDATE OF a", application_id)
    if row is None:
        raise NotFound
    return as_application(row)


async def lock_own(application_id: UUID, *, actor: Principal) -> Application:
    """Lock an application of the caller's own institution. Refuses: NotFound."""
    found = await lock(application_id)
    if not can(actor, Action.HOST, Resource(institution_id=found.institution_id)):
        raise NotFound
    return found


async def lock_for_review(application_id: UUID, event: Event, *, actor: Principal) -> Application:
    """Lock an application that is before the officer's authority; returns it in the state after ``event``.

    Refuses: NotFound outside the officer's jurisdiction, Forbidden for another level, IllegalTransition.
    """
    before = await lock(application_id)
    levels = await jurisdiction_levels(before.jurisdiction_code)
    if before.submitted_at is None or not _oversees(actor, levels):
        raise NotFound
    return msgspec.structs.replace(before, status=review(before.status, event, officer=actor, levels=levels))


def _oversees(actor: Principal, levels: Mapping[str, str]) -> bool:
    return can(actor, Action.OVERSEE, Resource(jurisdictions=tuple(levels)))


async def file(
    after: Application, *, event: Event, actor: Actor, now: datetime, reason: str | None = None
) -> Application:
    """Write a locked application's next version with its history and audit line, and return it."""
    stored = msgspec.structs.replace(after, version=after.version + 1)
    await execute(
        f"UPDATE certification_applications SET {_SET} WHERE id = $1",
        stored.id,
        *(getattr(stored, name) for name in _KEPT),
    )
    await remember(stored, event=event, actor=actor, now=now, reason=reason)
    return stored


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``certification_application_history``."""

    id: UUID
    application_id: UUID
    event: Event
    status: Status
    reason: str | None
    actor_kind: str
    decided_by: UUID | None
    decided_level: Level | None
    decided_at: datetime


async def remember(found: Application, *, event: Event, actor: Actor, now: datetime, reason: str | None = None) -> None:
    """Append a step to the application's history and to the audit log, as the present transaction ends."""
    officer = actor if isinstance(actor, Principal) else None
    step = _Step(
        id=new_id(),
        application_id=found.id,
        event=event,
        status=found.status,
        reason=reason,
        actor_kind=actor.kind,
        decided_by=officer.id if officer else None,
        decided_level=officer.level if officer else None,
        decided_at=now,
    )
    leave_for_the_end(_write_steps, step)
    await audit.record(f"application.{event}", actor=actor, subject=found.id, now=now, why=reason, after=found)


async def _write_steps(steps: list[_Step]) -> None:
    await execute(
        f"INSERT INTO certification_application_history ({', '.join(_Step.__struct_fields__)}) SELECT * FROM"
        " unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[],"
        " $9::timestamptz[])",
        *([getattr(step, name) for step in steps] for name in _Step.__struct_fields__),
    )
