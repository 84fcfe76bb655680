"""Deadlines as rows: opened when a period begins, closed when what it waited for happens, fired when nothing did.

Where something follows from silence, a message of the outbox is due at the instant the period has passed.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from marketplace.certifications.jobs import DeadlinePassed
from marketplace.certifications.queries.timing import timetable
from marketplace.certifications.rules import Clock, ClockPolicy, Deadline, Silence
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, fetch_one, forget_reads, require_transaction, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish

CLOCKS = uuid5(NAMESPACE_URL, "houniao:certification-clocks")
# Nobody's silence means anything on these: a missed one is shown as overdue, and nothing happens by itself.
FIRING = frozenset(
    {
        Clock.COMPLETENESS,
        Clock.CORRECTION,
        Clock.RECTIFICATION,
        Clock.EMERGENCY_REASONS,
        Clock.WITHDRAWAL_NOTICE,
        Clock.RENEWAL_REVIEW,
        Clock.APPEAL_REVIEW,
    }
)


async def plant_clocks(*, policies: Sequence[ClockPolicy], actor: Actor, now: datetime) -> None:
    """Write rows of the clocks, replacing those of the same clock and day; deadlines that run keep theirs."""
    async with transaction():
        await execute(
            "INSERT INTO certification_clocks (clock, effective_from, length, unit, silence, basis, status)"
            " SELECT * FROM unnest($1::text[], $2::date[], $3::smallint[], $4::text[], $5::text[], $6::text[],"
            " $7::text[])"
            " ON CONFLICT (clock, effective_from) DO UPDATE SET length = excluded.length, unit = excluded.unit,"
            " silence = excluded.silence, basis = excluded.basis, status = excluded.status",
            [row.clock for row in policies],
            [row.effective_from for row in policies],
            [row.length for row in policies],
            [row.unit for row in policies],
            [row.silence for row in policies],
            [row.basis for row in policies],
            [row.status for row in policies],
        )
        forget_reads()
        await audit.record("certification.clocks_planted", actor=actor, subject=CLOCKS, now=now, after=list(policies))


async def start(
    clock: Clock, *, subject_id: UUID, now: datetime, begins: datetime | None = None, due_on: date | None = None
) -> Deadline:
    """Open the deadline of a period that begins now, or later; it ends by the policy or on the day that was set."""
    require_transaction()
    table = await timetable()
    first = begins or now
    found = table.deadline(clock, start=first)
    is_set = False
    if due_on is not None and due_on != found.due_on:
        found, is_set = table.until(clock, start=first, due_on=due_on), True
    deadline_id = new_id()
    await execute(
        "INSERT INTO certification_deadlines (id, subject_id, clock, started_on, due_on, due_at, policy_from, silence,"
        " calendar_version, is_tentative, status, is_set) VALUES ($1, $2, $4, $5, $6, $7, $8, $9, $10, $11, 'running', $3)",
        deadline_id,
        subject_id,
        is_set,
        *(getattr(found, name) for name in Deadline.__struct_fields__),
    )
    if clock in FIRING:
        await publish(DeadlinePassed(deadline_id=deadline_id), now=now, due_at=found.due_at)
    return found


async def stop(subject_id: UUID, *clocks: Clock, now: datetime) -> None:
    """Close the running deadlines of these clocks, or all of the subject's: what they waited for has happened."""
    await _close(subject_id, clocks, status="met", now=now)


async def cancel(subject_id: UUID, *clocks: Clock, now: datetime) -> None:
    """Close the running deadlines of these clocks, or all of the subject's: nothing is waited for any more."""
    await _close(subject_id, clocks, status="cancelled", now=now)


async def _close(subject_id: UUID, clocks: Collection[Clock], *, status: str, now: datetime) -> None:
    await execute(
        "UPDATE certification_deadlines SET closed_at = $3, status = CASE WHEN $4 = 'met' AND due_at <= $3"
        " THEN 'missed' ELSE $4 END"
        " WHERE subject_id = $1 AND status = 'running' AND (cardinality($2::text[]) = 0 OR clock = ANY($2))",
        subject_id,
        list(clocks),
        now,
        status,
    )


async def take_missed(deadline_id: UUID, *, now: datetime) -> Silence | Literal["nothing"] | None:
    """Close a deadline as missed and say what its policy makes of silence; None when it was met or still runs."""
    row = await fetch_one(
        "UPDATE certification_deadlines SET status = 'missed', closed_at = $2"
        " WHERE id = $1 AND status = 'running' AND due_at <= $2 RETURNING silence",
        deadline_id,
        now,
    )
    if row is None:
        return None
    return Silence(row["silence"]) if row["silence"] else "nothing"
