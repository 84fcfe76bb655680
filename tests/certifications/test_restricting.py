from datetime import date, timedelta

import pytest

from marketplace.certifications import operations, queries
from marketplace.certifications.errors import HigherLevelRequired, InstitutionNotBookable
from marketplace.certifications.states import Status
from marketplace.identity.rules import Level
from marketplace.kit.db import transaction
from marketplace.kit.errors import Forbidden, IllegalTransition, Invalid, NotFound
from marketplace.kit.ids import new_id
from seed import procedure
from tests.certifications.conftest import FUSONG, NOW, TODAY, kinds, officer, trace

STAY = {"check_in": date(2027, 4, 1), "check_out": date(2027, 4, 15), "now": NOW}


async def suspend(certification, actor):
    return await operations.suspend(certification_id=certification.id, reason="发生安全事故", actor=actor, now=NOW)


async def rectify(certification, actor, **facts):
    facts = {"reason": "餐饮许可过期", "safety_defect": False, **facts}
    return await operations.order_rectification(certification_id=certification.id, actor=actor, now=NOW, **facts)


async def accept(certification, actor, *, reported=False):
    if reported:
        await procedure.report(certification, now=NOW)
    return await operations.complete_rectification(
        certification_id=certification.id, reason="复查合格", actor=actor, now=NOW
    )


async def reinstate(certification, actor):
    return await operations.reinstate(certification_id=certification.id, reason="隐患消除", actor=actor, now=NOW)


async def sell(certification):
    async with transaction():
        return await operations.ensure_bookable(institution_id=certification.institution_id, **STAY)


async def refuse_unchanged(refusal, act, certification, actor, **facts):
    before = await trace(certification.id)
    with pytest.raises(refusal) as caught:
        await act(certification, actor, **facts)
    assert await trace(certification.id) == before
    return caught.value


async def test_one_officer_suspends_and_no_stay_is_sold_from_then_on(certified, county):
    assert (await sell(certified)).status == "certified"
    suspended = await suspend(certified, county)
    assert (suspended.status, suspended.restricted_by, suspended.version) == (Status.SUSPENDED, Level.COUNTY, 2)
    with pytest.raises(InstitutionNotBookable) as refusal:
        await sell(certified)
    assert refusal.value.facts == {"certification_status": "suspended"}
    assert await kinds() == ["certification.granted", "certification.suspended"]


async def test_what_happened_is_remembered_in_order(certified, county, prefecture):
    await suspend(certified, county)
    await reinstate(certified, prefecture)
    history = await queries.history(certified.id)
    assert [(entry.event, entry.status, entry.grade, entry.reason, entry.decided_level) for entry in history] == [
        ("certify", "certified", 4, "评估合格，公示无异议", "province"),
        ("suspend", "suspended", 4, "发生安全事故", "county"),
        ("reinstate", "certified", 4, "隐患消除", "prefecture"),
    ]


async def test_a_reinstated_institution_is_sold_again(certified, county, prefecture):
    await suspend(certified, county)
    reinstated = await reinstate(certified, prefecture)
    assert (reinstated.status, reinstated.restricted_by) == (Status.CERTIFIED, None)
    assert (await sell(certified)).grade == 4
    assert (await kinds())[-1] == "certification.reinstated"


async def test_a_defect_that_is_not_of_safety_lowers_the_grade_but_not_the_sale(certified, county):
    ordered = await rectify(certified, county)
    assert (ordered.status, ordered.rectify_by_on) == (Status.UNDER_RECTIFICATION, TODAY + timedelta(days=30))
    shown = await sell(certified)
    assert (shown.status, shown.grade) == ("under_rectification", 2)
    await accept(certified, county, reported=True)
    assert (await sell(certified)).grade == 4


async def test_a_defect_of_safety_stops_the_sale(certified, county):
    await rectify(certified, county, safety_defect=True)
    with pytest.raises(InstitutionNotBookable) as refusal:
        await sell(certified)
    assert refusal.value.facts == {"certification_status": "under_rectification"}


@pytest.mark.parametrize("days", [-1, 0, 91])
async def test_a_deadline_lies_within_the_policy(days, certified, county):
    refusal = await refuse_unchanged(Invalid, rectify, certified, county, rectify_by_on=TODAY + timedelta(days=days))
    assert [field.pointer for field in refusal.fields] == ["/rectify_by"]


async def test_the_longest_deadline_is_possible(certified, county):
    ordered = await rectify(certified, county, rectify_by_on=TODAY + timedelta(days=90))
    assert ordered.rectify_by_on == date(2027, 5, 30)


async def test_a_lower_level_cannot_lift_what_a_higher_one_ordered(certified, county, prefecture, province):
    await rectify(certified, prefecture)
    await refuse_unchanged(HigherLevelRequired, accept, certified, county)
    await accept(certified, prefecture, reported=True)
    await suspend(certified, province)
    await refuse_unchanged(HigherLevelRequired, reinstate, certified, prefecture)
    assert (await reinstate(certified, province)).status is Status.CERTIFIED


async def test_suspending_on_top_of_a_higher_order_does_not_lower_who_must_lift_it(certified, prefecture, province):
    await rectify(certified, province)
    assert (await suspend(certified, prefecture)).restricted_by is Level.PROVINCE
    await refuse_unchanged(HigherLevelRequired, reinstate, certified, prefecture)


async def test_a_failed_rectification_is_judged_above_the_county(certified, county, prefecture):
    await rectify(certified, county)
    await refuse_unchanged(Forbidden, suspend, certified, county)
    assert (await suspend(certified, prefecture)).status is Status.SUSPENDED


async def test_what_the_state_does_not_allow_is_refused_by_name(certified, prefecture):
    for act, event in [(accept, "complete_rectification"), (reinstate, "reinstate")]:
        refusal = await refuse_unchanged(IllegalTransition, act, certified, prefecture)
        assert refusal.facts == {"current": "certified", "event": event}
    await suspend(certified, prefecture)
    for act, event in [(suspend, "suspend"), (rectify, "order_rectification"), (accept, "complete_rectification")]:
        refusal = await refuse_unchanged(IllegalTransition, act, certified, prefecture)
        assert refusal.facts == {"current": "suspended", "event": event}


async def test_outside_the_jurisdiction_the_certification_does_not_exist(certified, stranger):
    nowhere = officer(Level.PROVINCE, "330000")
    for act in (suspend, rectify, accept, reinstate):
        for actor in (stranger, nowhere):
            await refuse_unchanged(NotFound, act, certified, actor)
    with pytest.raises(NotFound):
        await operations.suspend(
            certification_id=new_id(), reason="不存在", actor=officer(Level.COUNTY, FUSONG), now=NOW
        )
