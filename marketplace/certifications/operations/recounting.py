"""Publishing the calendar of a year, and counting anew the deadlines that were counted before it was known.

The State Council publishes each year's holidays late in the year before; until then only what the law itself names is
known, and deadlines that reach into that year say that they are tentative. A period that runs already is never made
shorter: who was told a day may rely on it. What an officer has set by hand stays as it was set.
"""

from datetime import datetime
from uuid import UUID

from marketplace.certifications.events import DeadlineMoved
from marketplace.certifications.jobs import DeadlinePassed, PublishAssessment
from marketplace.certifications.operations.timing import FIRING
from marketplace.certifications.queries.timing import COLUMNS, as_deadline, timetable
from marketplace.certifications.rules import Clock, Deadline, Timetable
from marketplace.kit import audit
from marketplace.kit.audit import SYSTEM, Actor
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, transaction
from marketplace.kit.errors import invalid
from marketplace.kit.outbox import publish
from marketplace.places.operations import plant_calendar
from marketplace.places.rules import HolidayYear

# The second officer approves what the first has sealed, with its last day.
_SEALED = (Clock.SECOND_OFFICER,)


async def publish_calendar(*, year: HolidayYear, actor: Actor, now: datetime) -> int:
    """Write the calendar of a year as it was published, and count every open deadline anew; returns how many moved.

    Repeating it changes nothing; a run that breaks off is finished by the next. Refuses: Invalid for a calendar that is
    tentative itself. Publishes: certification.deadline_moved.
    """
    if year.is_tentative:
        raise invalid("is_tentative", zh="只能公布正式日历", en="Only a published calendar can be published.")
    await plant_calendar(years=[year], actor=actor, now=now)
    return await recount_deadlines(now=now)


async def recount_deadlines(*, now: datetime) -> int:
    """Count anew every tentative deadline whose calendar has changed since; returns how many moved.

    Each is its own transaction. Publishes: certification.deadline_moved.
    """
    clocks = await timetable()
    rows = await fetch(
        f"SELECT id, {COLUMNS} FROM certification_deadlines"
        " WHERE status = 'running' AND is_tentative AND clock <> ALL($1) ORDER BY started_on, id",
        list(_SEALED),
    )
    changed = [row["id"] for row in rows if not clocks.is_current(as_deadline(row))]
    return len([found for found in changed if await _recount(found, clocks, now=now)])


async def _recount(deadline_id: UUID, clocks: Timetable, *, now: datetime) -> bool:
    """Count one deadline anew; the day that it is counted from is that on which its period began."""
    async with transaction():
        subject_id: UUID = await fetch_value(
            "SELECT subject_id FROM certification_deadlines WHERE id = $1", deadline_id
        )
        await _lock_subject(subject_id)
        row = await fetch_one(
            "SELECT * FROM certification_deadlines WHERE id = $1 AND status = 'running' FOR UPDATE", deadline_id
        )
        if row is None:
            return False
        before = as_deadline(row)
        after = clocks.recounted(before, is_set=row["is_set"])
        await execute(
            "UPDATE certification_deadlines SET due_on = $2, due_at = $3, calendar_version = $4, is_tentative = $5"
            " WHERE id = $1",
            deadline_id,
            after.due_on,
            after.due_at,
            after.calendar_version,
            after.is_tentative,
        )
        moved = after.due_on != before.due_on
        if moved:
            await _follow(subject_id, before, after, clocks, now=now)
            if after.clock in FIRING:
                await publish(DeadlinePassed(deadline_id=deadline_id), now=now, due_at=after.due_at)
            await publish(DeadlineMoved(deadline_id=deadline_id), now=now)
        await audit.record(
            "certification.deadline_recounted", actor=SYSTEM, subject=deadline_id, now=now, before=before, after=after
        )
    return moved


async def _follow(subject_id: UUID, before: Deadline, after: Deadline, clocks: Timetable, *, now: datetime) -> None:
    """Move what shows the same day elsewhere, and what begins when this period ends."""
    match after.clock:
        case Clock.PUBLICITY:
            await execute(
                "UPDATE certification_applications SET publicity_until_on = $2, publicity_ends_at = $3 WHERE id = $1",
                subject_id,
                after.due_on,
                after.due_at,
            )
            issue = clocks.deadline(Clock.CERTIFICATE, start=after.last_instant)
            await execute(
                "UPDATE certification_deadlines SET started_on = $3, due_on = $4, due_at = $5, calendar_version = $6,"
                " is_tentative = $7 WHERE subject_id = $1 AND clock = $2 AND status = 'running'",
                subject_id,
                issue.clock,
                issue.started_on,
                issue.due_on,
                issue.due_at,
                issue.calendar_version,
                issue.is_tentative,
            )
        case Clock.PREVIEW:
            await execute("UPDATE assessment_orders SET preview_until_at = $2 WHERE id = $1", subject_id, after.due_at)
            await publish(PublishAssessment(assessment_id=subject_id), now=now, due_at=after.due_at)
        case Clock.RECTIFICATION:
            await execute("UPDATE certifications SET rectify_by_on = $2 WHERE id = $1", subject_id, after.due_on)
            await execute(
                "UPDATE certification_rectifications SET due_on = $2 WHERE certification_id = $1 AND due_on = $3",
                subject_id,
                after.due_on,
                before.due_on,
            )
        case Clock.WITHDRAWAL_NOTICE:
            await execute(
                "UPDATE certifications SET valid_until_on = $2 WHERE id = $1 AND valid_until_on = $3",
                subject_id,
                after.due_on,
                before.due_on,
            )
        case _:
            pass


async def _lock_subject(subject_id: UUID) -> None:
    """Lock what a deadline is of, in the order of all who do: application, then certification."""
    await execute(
        "SELECT FROM certification_applications WHERE id = $1"
        " OR id IN (SELECT application_id FROM assessment_orders WHERE id = $1) FOR UPDATE",
        subject_id,
    )
    await execute(
        "SELECT FROM certifications WHERE id = $1 OR id IN (SELECT certification_id FROM certification_cases WHERE id = $1"
        " UNION ALL SELECT certification_id FROM certification_appeals WHERE id = $1"
        " UNION ALL SELECT certification_id FROM assessment_orders WHERE id = $1) FOR UPDATE",
        subject_id,
    )
