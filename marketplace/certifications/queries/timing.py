"""Reads of the procedure's clocks and of the deadlines that run."""

from collections.abc import Collection
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.rules import Clock, ClockPolicy, Deadline, Timetable
from marketplace.kit.db import fetch, fetch_one
from marketplace.places.queries import calendar

COLUMNS = "clock, started_on, due_on, due_at, policy_from, silence, calendar_version, is_tentative"


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


def as_deadline(row: asyncpg.Record) -> Deadline:
    """Make a deadline of a row that has ``COLUMNS``."""
    return msgspec.convert({name: row[name] for name in Deadline.__struct_fields__}, Deadline)
