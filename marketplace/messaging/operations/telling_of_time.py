"""Who is told of deadlines that an authority has missed, or that a new calendar has moved."""

from datetime import datetime
from uuid import UUID

from marketplace.certifications.queries.timing import Concerned, concerned
from marketplace.identity import queries as identities
from marketplace.identity.rules import Level
from marketplace.institutions import queries as institutions
from marketplace.kit.clock import local_date
from marketplace.messaging.operations.telling_staff import officers_near, reader_of
from marketplace.messaging.operations.writing import write
from marketplace.messaging.rules import Fact


async def tell_of_overdue_step(*, deadline_id: UUID, now: datetime) -> None:
    """Write to the officers of the level whose turn it is, or that it has come to, that a step is overdue."""
    found = await concerned(deadline_id)
    officers = await officers_near(found.jurisdiction_code)
    reached = [officer for officer in officers if officer.level == found.escalated_to]
    for officer in reached or officers:
        await write(
            template="step_overdue",
            to=officer.email,
            facts=_facts(found),
            dedupe=f"step_overdue:{deadline_id}:{found.escalated_to}:{officer.id}",
            now=now,
        )


async def tell_of_moved_deadline(*, deadline_id: UUID, now: datetime) -> None:
    """Write to the institution, and to the officers nearest to it, on which day a period ends after all."""
    found = await concerned(deadline_id)
    emails = await identities.institution_emails(institution_id=found.institution_id)
    officers = await officers_near(found.jurisdiction_code)
    nearest = [officer.email for officer in officers if officer.level != Level.PROVINCE]
    for email in [*emails, *(nearest or [officer.email for officer in officers])]:
        await write(
            template="deadline_moved",
            to=email,
            facts=_facts(found),
            dedupe=f"deadline_moved:{deadline_id}:{found.deadline.due_on}:{reader_of(email)}",
            now=now,
        )


async def tell_of_overdue_rectification(*, certification_id: UUID, institution_id: UUID, now: datetime) -> None:
    """Write to the levels above the county that a rectification was not reported in time: they judge what follows."""
    await _tell_above("rectification_overdue", certification_id, institution_id, now=now)


async def tell_of_overdue_reasons(*, certification_id: UUID, institution_id: UUID, now: datetime) -> None:
    """Write to the levels above the county that an emergency suspension was not reasoned within its day."""
    await _tell_above("reasons_overdue", certification_id, institution_id, now=now)


async def _tell_above(template: str, certification_id: UUID, institution_id: UUID, *, now: datetime) -> None:
    institution = await institutions.get(institution_id)
    for officer in await officers_near(institution.jurisdiction_code):
        if officer.level == Level.COUNTY:
            continue
        await write(
            template=template,
            to=officer.email,
            facts={"institution": institution.name},
            dedupe=f"{template}:{certification_id}:{local_date(now)}:{officer.id}",
            now=now,
        )


def _facts(found: Concerned) -> dict[str, Fact]:
    return {
        "institution": found.institution_name,
        "due_on": found.deadline.due_on,
        "step": found.deadline.clock.value,
    }
