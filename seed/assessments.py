"""Visits of the made-up institutions: one that everybody can read, one in its preview, and this quarter's inspections."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.certifications import operations
from marketplace.certifications.queries.inspections import list_inspections
from marketplace.certifications.rules import SignalKind
from marketplace.certifications.rules.inspecting import Outcome
from marketplace.identity.rules import Principal
from marketplace.kit.clock import local_date
from marketplace.kit.ids import new_id
from seed.institutions import PlantedInstitution
from seed.people import People
from seed.sheets import sheet_for


async def plant_assessments(planted: Sequence[PlantedInstitution], *, people: People, now: datetime) -> None:
    """Assess two institutions by the rubric after an incident, and draw this quarter's inspections."""
    # Of these two stand number 0, where somebody of the demo works, and one that was certified weeks before.
    await _assess(planted[6], officers=people.province, reported=now - timedelta(days=20), now=now)
    await _assess(planted[0], officers=people.province, reported=now - timedelta(days=9), now=now)
    await operations.draw_inspections(now=now - timedelta(days=8))
    await operations.draw_inspections(now=now - timedelta(days=1))
    await _inspect(people.officers, now=now)


async def _assess(
    institution: PlantedInstitution, *, officers: tuple[Principal, Principal], reported: datetime, now: datetime
) -> None:
    """Report an incident, have two officers there three days later, and publish the result if its preview is over."""
    assessment_id = await operations.signal(
        institution_id=institution.id, kind=SignalKind.INCIDENT, subject_id=new_id(), now=reported
    )
    assert assessment_id is not None
    visited = reported + timedelta(days=3)
    await operations.enter_result(
        assessment_id=assessment_id,
        sheet=sheet_for(institution.plan.grade),
        assessed_on=local_date(visited),
        actor=officers[0],
        now=visited,
    )
    await operations.confirm_result(assessment_id=assessment_id, revision=1, actor=officers[1], now=visited)
    await operations.publish_assessment(assessment_id=assessment_id, now=now)


async def _inspect(officers: Sequence[Principal], *, now: datetime) -> None:
    """Have the first institution that was drawn inspected by the first of its inspectors."""
    by_id: dict[UUID, Principal] = {officer.id: officer for officer in officers}
    for drawn in reversed(await list_inspections(viewer=officers[0], limit=100, now=now)):
        if drawn.first_inspector in by_id:
            await operations.record_inspection(
                inspection_id=drawn.id,
                outcome=Outcome.PASSED,
                summary="未发现问题（示例）",
                inspected_on=local_date(now),
                actor=by_id[drawn.first_inspector],
                now=now,
            )
            return
