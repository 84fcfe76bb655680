"""Objections during the publicity: anyone who has signed in may raise one, the province answers all."""

from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.certifications.errors import PublicityOver
from marketplace.certifications.operations import timing
from marketplace.certifications.operations.filing import file, lock
from marketplace.certifications.rules import Clock
from marketplace.certifications.rules.applying import Application, Objection
from marketplace.certifications.states import CERTIFICATION, Event, Status
from marketplace.identity.rules import Principal
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id

_SHOWN = frozenset({Status.PUBLICITY, Status.OBJECTION_REVIEW})


async def raise_objection(*, application_id: UUID, statement: str, actor: Principal, now: datetime) -> Objection:
    """Object to an intended certification while its publicity runs; nothing is certified until it is answered.

    Refuses: NotFound, PublicityOver.
    """
    async with transaction():
        before = await lock(application_id)
        if before.publicity_ends_at is None or before.status not in _SHOWN:
            raise NotFound
        if now >= before.publicity_ends_at:
            raise PublicityOver(until=before.publicity_until_on)
        raised = Objection(id=new_id(), statement=statement, raised_at=now)
        await execute(
            "INSERT INTO certification_objections (id, application_id, statement, raised_kind, raised_by, raised_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            raised.id,
            before.id,
            statement,
            actor.kind,
            actor.id,
            now,
        )
        await _begin_review(before, actor=actor, now=now)
    return raised


async def _begin_review(before: Application, *, actor: Principal, now: datetime) -> None:
    if before.status is Status.PUBLICITY:
        await timing.start(Clock.OBJECTION_REVIEW, subject_id=before.id, now=now)
    after = msgspec.structs.replace(before, status=CERTIFICATION.target(before.status, Event.RAISE_OBJECTION))
    await file(after, event=Event.RAISE_OBJECTION, actor=actor, now=now)


async def answer_objections(
    application_id: UUID, *, outcome: str, answer: str, actor: Principal, now: datetime
) -> None:
    """Answer every objection that is open."""
    await execute(
        "UPDATE certification_objections SET outcome = $2, answer = $3, answered_by = $4, answered_at = $5"
        " WHERE application_id = $1 AND outcome IS NULL",
        application_id,
        outcome,
        answer,
        actor.id,
        now,
    )
