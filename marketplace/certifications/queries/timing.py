"""Reads of the procedure's clocks and of the deadlines that run."""

from collections.abc import Collection
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.rules import Clock, ClockPolicy, Deadline, Timetable
from marketplace.identity.rules import Level
from marketplace.kit.db import fetch, fetch_one, once_per_transaction
from marketplace.kit.errors import NotFound
from marketplace.places.queries import calendar

COLUMNS = "clock, started_on, due_on, due_at, policy_from, silence, calendar_version, is_tentative"


@once_per_transaction
async def timetable() -> Timetable:
    """Return every clock with the calendar that it runs by."""
    rows = await fetch(
        "SELECT clock, effective_from, length, unit, silence, basis, status FROM certification_clocks ORDER BY clock, effective_from"
    )
    return Timetable(await calendar(), tuple(msgspec.convert(dict(row), ClockPolicy) for row in rows))


async def running(subject_ids: Collection[UUID]) -> dict[UUID, list[Deadline]]:
    """Return the deadlines that run for these subjects, the nearest first, in one query."""
    rows = await fetch(
        f"SELECT subject_id, {COLUMNS} FROM certification_deadlines"
        " WHERE subject_id = ANY($1) AND status = 'running' ORDER BY due_at, id",
        list(subject_ids),
    )
    found: dict[UUID, list[Deadline]] = {subject_id: [] for subject_id in subject_ids}
    for row in rows:
        found[row["subject_id"]].append(as_deadline(row))
    return found


async def latest(subject_id: UUID, clock: Clock) -> Deadline | None:
    """Return the last deadline of one clock that the subject had, running or not."""
    row = await fetch_one(
        f"SELECT {COLUMNS} FROM certification_deadlines WHERE subject_id = $1 AND clock = $2 ORDER BY id DESC LIMIT 1",
        subject_id,
        clock,
    )
    return as_deadline(row) if row else None


class Concerned(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline with the institution whose matter it is of, and the level that was last told that it has passed.

    What is of a first assessment is the province's.
    """

    deadline: Deadline
    institution_id: UUID
    institution_name: str
    jurisdiction_code: str
    escalated_to: Level | None
    is_of_first_assessment: bool


async def concerned(deadline_id: UUID) -> Concerned:
    """Return whom a deadline concerns, whatever it is of. Refuses: NotFound."""
    row = await fetch_one(
        f"SELECT {COLUMNS}, escalated_to, i.id AS institution_id, i.name AS institution_name, i.jurisdiction_code,"
        " EXISTS (SELECT FROM assessment_orders WHERE id = d.subject_id AND certification_id IS NULL) AS is_first"
        "  FROM certification_deadlines d JOIN institutions i ON i.id = coalesce("
        "   (SELECT institution_id FROM certification_applications WHERE id = d.subject_id),"
        "   (SELECT institution_id FROM certifications WHERE id = d.subject_id),"
        "   (SELECT institution_id FROM assessment_orders WHERE id = d.subject_id),"
        "   (SELECT institution_id FROM certification_appeals WHERE id = d.subject_id),"
        "   (SELECT c.institution_id FROM certification_cases k JOIN certifications c ON c.id = k.certification_id"
        "     WHERE k.id = d.subject_id)) WHERE d.id = $1",
        deadline_id,
    )
    if row is None:
        raise NotFound
    return Concerned(
        deadline=as_deadline(row),
        institution_id=row["institution_id"],
        institution_name=row["institution_name"],
        jurisdiction_code=row["jurisdiction_code"],
        escalated_to=Level(row["escalated_to"]) if row["escalated_to"] else None,
        is_of_first_assessment=row["is_first"],
    )


def as_deadline(row: asyncpg.Record) -> Deadline:
    """Make a deadline of a row that has ``COLUMNS``."""
    return msgspec.convert({name: row[name] for name in Deadline.__struct_fields__}, Deadline)
