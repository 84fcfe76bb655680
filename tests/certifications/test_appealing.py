"""Emergency suspensions and their reasons; appeals, which change nothing unless a stay is recorded (R05, R06)."""

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from marketplace.certifications import operations, queries
from marketplace.certifications.errors import NoticeMissing, PeriodOver, StayedByAppeal
from marketplace.certifications.queries.proceeding import list_cases
from marketplace.certifications.queries.timing import latest
from marketplace.certifications.rules import Clock
from marketplace.certifications.rules.proceeding import CaseStatus
from marketplace.certifications.states import Status
from marketplace.certifications.states.appeals import AppealEvent, AppealStatus
from marketplace.identity.rules import Level
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.errors import Forbidden, IllegalTransition, NotFound
from seed import procedure
from tests.certifications.conftest import NOW, kinds, reread, trace

DAY = timedelta(days=1)


@pytest.fixture
async def staff(certified):
    return procedure.staff_of(certified.institution_id)


@pytest.fixture
async def suspended(certified, county, staff):
    """The proceeding of an emergency suspension that has not been reasoned."""
    await operations.suspend(certification_id=certified.id, reason="燃气泄漏", actor=county, now=NOW)
    (case,) = await list_cases(principal=staff, limit=5)
    return case


async def status_of(certified):
    return (await reread(certified)).status


async def file(case, staff, now=NOW):
    return await operations.file_appeal(grounds="事实不清", case_id=case.id, actor=staff, now=now)


async def decide(appeal, event, actor, now=NOW):
    return await operations.decide_appeal(appeal_id=appeal.id, event=event, reason="复议机关决定", actor=actor, now=now)


async def fire(clock, *, now):
    deadline_id = await fetch_value(
        "SELECT id FROM certification_deadlines WHERE clock = $1 AND status = 'running'", clock
    )
    await operations.fire_deadline(deadline_id=deadline_id, now=now)


async def test_who_was_not_told_of_the_rights_has_a_year(suspended):
    assert (suspended.status, suspended.legal_basis, suspended.rights) == (CaseStatus.OPEN, None, None)
    # Twelve months from 1 March 2027.
    assert (await latest(suspended.id, Clock.APPEAL_RIGHTS_NOT_TOLD)).due_on == date(2028, 3, 1)


async def test_reasons_come_within_a_day_and_start_the_sixty_days(certified, suspended, county):
    assert (await latest(certified.id, Clock.EMERGENCY_REASONS)).due_at == NOW + DAY
    told = await operations.state_reasons(
        certification_id=certified.id, grounds=procedure.GROUNDS, actor=county, now=NOW + DAY / 2
    )
    assert (told.status, told.rights) == (CaseStatus.DECIDED, procedure.GROUNDS.rights)
    # In Jilin it is 2 March by then; sixty calendar days end on Labour Day and roll over its weekend.
    assert (await latest(told.id, Clock.APPEAL)).due_on == date(2027, 5, 3)
    with pytest.raises(NoticeMissing):
        await operations.state_reasons(
            certification_id=certified.id, grounds=procedure.GROUNDS, actor=county, now=NOW + DAY
        )


async def test_missing_reasons_are_put_on_record_and_lift_nothing(certified, suspended):
    await fire(Clock.EMERGENCY_REASONS, now=NOW + DAY - timedelta(seconds=1))
    assert (await queries.history(certified.id))[-1].event == "suspend"
    await fire(Clock.EMERGENCY_REASONS, now=NOW + DAY)
    entry = (await queries.history(certified.id))[-1]
    assert (entry.event, entry.status, entry.decided_level) == ("reasons_overdue", "suspended", None)
    assert (await kinds())[-1] == "certification.reasons_overdue"


async def test_an_appeal_leaves_everything_as_it_was(certified, suspended, staff, province):
    appeal = await file(suspended, staff)
    assert (appeal.status, await status_of(certified)) == (AppealStatus.FILED, Status.SUSPENDED)
    accepted = await decide(appeal, AppealEvent.ACCEPT, province)
    assert (accepted.status, await status_of(certified)) == (AppealStatus.ACCEPTED, Status.SUSPENDED)
    upheld = await decide(appeal, AppealEvent.UPHOLD, province)
    assert (upheld.status, await status_of(certified)) == (AppealStatus.UPHELD, Status.SUSPENDED)
    with pytest.raises(IllegalTransition):
        await decide(appeal, AppealEvent.ANNUL, province)


async def test_a_stay_lifts_the_suspension_until_the_appeal_fails(certified, suspended, staff, province):
    appeal = await file(suspended, staff)
    with pytest.raises(IllegalTransition):
        await decide(appeal, AppealEvent.STAY, province)
    await decide(appeal, AppealEvent.ACCEPT, province)
    stayed = await decide(appeal, AppealEvent.STAY, province)
    assert (stayed.stayed_at, await status_of(certified)) == (NOW, Status.CERTIFIED)
    await decide(appeal, AppealEvent.UPHOLD, province)
    found = await queries.certification(principal=province, certification_id=certified.id)
    assert (found.status, found.restricted_by) == (Status.SUSPENDED, Level.COUNTY)
    assert [entry.event for entry in await queries.history(certified.id)][-2:] == ["stay", "end_stay"]


async def test_an_appeal_taken_back_ends_its_stay(certified, suspended, staff, province):
    appeal = await file(suspended, staff)
    await decide(appeal, AppealEvent.ACCEPT, province)
    await decide(appeal, AppealEvent.STAY, province)
    withdrawn = await operations.withdraw_appeal(appeal_id=appeal.id, actor=staff, now=NOW)
    assert (withdrawn.status, await status_of(certified)) == (AppealStatus.WITHDRAWN, Status.SUSPENDED)


async def test_an_appeal_that_succeeds_lifts_the_suspension(certified, suspended, staff, province):
    appeal = await file(suspended, staff)
    await decide(appeal, AppealEvent.ACCEPT, province)
    annulled = await decide(appeal, AppealEvent.ANNUL, province)
    assert (annulled.status, annulled.decided_by, await status_of(certified)) == (
        AppealStatus.ANNULLED,
        province.id,
        Status.CERTIFIED,
    )


async def test_a_stay_holds_up_a_revocation(certified, province, second, staff):
    await operations.suspend(certification_id=certified.id, reason="事故", actor=province, now=NOW)
    (case,) = await list_cases(principal=staff, limit=5)
    found = await queries.certification(principal=province, certification_id=certified.id)
    await procedure.conclude_notice(found, actor=province, now=NOW)
    decision = await operations.request_revocation(
        certification_id=certified.id, reason="查证属实", actor=province, now=NOW
    )
    appeal = await file(case, staff)
    await decide(appeal, AppealEvent.ACCEPT, province)
    await decide(appeal, AppealEvent.STAY, province)
    before = await trace(certified.id)
    with pytest.raises(StayedByAppeal):
        async with transaction():
            await operations.revoke(decision_id=decision.id, actor=second, now=NOW)
    assert await trace(certified.id) == before


async def test_an_annulled_revocation_gives_back_the_right_to_apply_not_the_certificate(
    certified, province, second, staff
):
    case = await procedure.conclude_revocation(certified, actor=province, now=NOW)
    decision = await operations.request_revocation(
        certification_id=certified.id, reason="查证属实", actor=province, now=NOW
    )
    async with transaction():
        await operations.revoke(decision_id=decision.id, actor=second, now=NOW)
    locked = "SELECT locked_until_on FROM certifications WHERE id = $1"
    assert await fetch_value(locked, certified.id) == date(2030, 3, 1)
    appeal = await file(case, staff)
    await decide(appeal, AppealEvent.ACCEPT, province)
    await decide(appeal, AppealEvent.ANNUL, province)
    assert (await status_of(certified), await fetch_value(locked, certified.id)) == (Status.REVOKED, None)


async def test_an_appeal_is_filed_in_time_and_once(suspended, staff):
    late = datetime(2028, 3, 1, 16, tzinfo=UTC)  # Midnight in Jilin ends the last day.
    with pytest.raises(PeriodOver):
        await file(suspended, staff, now=late)
    await file(suspended, staff, now=late - timedelta(seconds=1))
    with pytest.raises(PeriodOver):
        await file(suspended, staff)
    assert await fetch_value("SELECT count(*) FROM certification_appeals") == 1


async def test_only_the_institution_appeals_and_only_the_province_records(suspended, staff, province, county):
    with pytest.raises(NotFound):
        await file(suspended, procedure.staff_of(suspended.id))
    appeal = await file(suspended, staff)
    with pytest.raises(Forbidden):
        await decide(appeal, AppealEvent.ACCEPT, county)
    with pytest.raises(NotFound):
        await decide(appeal, AppealEvent.ACCEPT, procedure.officer_of("province", "330000"))
    assert await fetch_value("SELECT status FROM certification_appeals") == "filed"


@pytest.mark.parametrize("paper", ["facts", "legal_basis", "rights", "noticed_at", "defence_outcome"])
async def test_the_database_itself_refuses_a_proceeding_without_its_papers(paper, certified, province):
    case = await procedure.conclude_revocation(certified, actor=province, now=NOW)
    with pytest.raises((asyncpg.CheckViolationError, asyncpg.NotNullViolationError)):
        async with transaction():
            await execute(f"UPDATE certification_cases SET status = 'decided', {paper} = NULL WHERE id = $1", case.id)
