"""What brings an assessment forward, who hears when nobody makes it, and grades that have grown too old."""

from datetime import UTC, date, datetime, timedelta

import asyncpg
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.certifications import operations, queries
from marketplace.certifications.rules import (
    SignalKind,
    assessment_due,
    called_for,
    escalation,
    public_grade,
)
from marketplace.certifications.rules.inspecting import Outcome
from marketplace.identity.rules import Level
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, transaction
from marketplace.kit.ids import new_id
from tests.certifications.conftest import BAISHAN, NOW, TODAY, kinds, officer, trace
from tests.certifications.policy import POLICY
from tests.certifications.sheets import sheet_of
from tests.certifications.test_inspecting import add_officer, drawn, inspectors, record  # noqa: F401 - fixtures.
from tests.certifications.test_scoring import at


async def raise_signal(certified, kind, *, subject=None, now=NOW):
    return await operations.signal(
        institution_id=certified.institution_id, kind=kind, subject_id=subject or new_id(), now=now
    )


async def open_order(certified):
    return await fetch_one(
        "SELECT id, status, due_on, reason, escalated_to FROM assessment_orders WHERE certification_id = $1"
        " AND status IN ('ordered', 'overdue')",
        certified.id,
    )


async def test_an_incident_orders_an_assessment_at_once_and_once(certified, province):
    incident = new_id()
    order_id = await raise_signal(certified, SignalKind.INCIDENT, subject=incident)
    order = await open_order(certified)
    assert (order["id"], order["status"], order["due_on"], order["reason"]) == (
        order_id,
        "ordered",
        date(2027, 3, 11),
        "incident",
    )
    assert (await kinds())[-1] == "assessment.ordered"
    found = await queries.certification(principal=province, certification_id=certified.id)
    assert found.assessment_due_on == date(2027, 3, 11)
    before = await trace(certified.id)
    assert await raise_signal(certified, SignalKind.INCIDENT, subject=incident) is None
    assert await trace(certified.id) == before
    # The calendar finds the order that is there, and its day when it has passed.
    assert await operations.order_due_assessments(now=NOW) == 0
    assert await operations.order_due_assessments(now=at(date(2027, 3, 12))) == 0
    assert (await open_order(certified))["status"] == "overdue"


async def test_complaints_count_within_their_window(certified):
    for days in (0, 95, 100):
        assert await raise_signal(certified, SignalKind.COMPLAINT, now=NOW + timedelta(days=days)) is None
    assert await raise_signal(certified, SignalKind.COMPLAINT, now=NOW + timedelta(days=184)) is not None
    order = await open_order(certified)
    assert (order["due_on"], order["reason"]) == (TODAY + timedelta(days=214), "complaint")


async def test_a_sooner_signal_brings_the_open_order_forward_and_a_later_one_leaves_it(certified):
    for _ in range(2):
        last = await raise_signal(certified, SignalKind.INSTITUTION_CANCELLATION)
    assert (await open_order(certified))["due_on"] == date(2027, 3, 31)
    assert await raise_signal(certified, SignalKind.INCIDENT) == last
    assert (await open_order(certified))["due_on"] == date(2027, 3, 11)
    assert await raise_signal(certified, SignalKind.INSPECTION) is None
    order = await open_order(certified)
    assert (order["due_on"], order["reason"]) == (date(2027, 3, 11), "incident")
    assert await fetch_value("SELECT count(*) FROM certification_signals") == 4


async def test_who_is_not_certified_any_more_is_only_remembered(certified, prefecture, add_institution):
    await operations.expire_due(now=at(certified.valid_until_on + timedelta(days=1)))
    later = at(certified.valid_until_on + timedelta(days=2))
    assert await raise_signal(certified, SignalKind.INCIDENT, now=later) is None
    assert await open_order(certified) is None
    assert await fetch_value("SELECT count(*) FROM certification_signals") == 1
    never = await add_institution("丁（示例）")
    assert await operations.signal(institution_id=never, kind=SignalKind.INCIDENT, subject_id=new_id(), now=NOW) is None


async def test_a_rectification_that_is_late_calls_for_a_visit(certified, county):
    await operations.order_rectification(
        certification_id=certified.id, reason="价目未公示", safety_defect=False, actor=county, now=NOW
    )
    last_day = TODAY + timedelta(days=30)
    assert await operations.signal_overdue_rectifications(now=at(last_day)) == 0
    late = at(last_day + timedelta(days=1))
    assert await operations.signal_overdue_rectifications(now=late) == 1
    assert await operations.signal_overdue_rectifications(now=late) == 0
    order = await open_order(certified)
    assert (order["reason"], order["due_on"]) == ("overdue_rectification", last_day + timedelta(days=11))


@pytest.mark.parametrize(("outcome", "orders"), [("passed", 0), ("problems", 1), ("obstructed", 1)])
async def test_an_inspection_that_finds_problems_calls_for_a_visit(drawn, inspectors, outcome, orders):  # noqa: F811
    await record(drawn, next(iter(inspectors.values())), outcome=Outcome(outcome))
    for _ in range(2):
        await operations.follow_inspection(inspection_id=drawn.id, now=NOW + timedelta(days=9))
    found = await fetch("SELECT reason FROM assessment_orders WHERE status = 'ordered'")
    assert [row["reason"] for row in found] == ["inspection"] * orders


async def test_institutions_at_risk_are_seen_twice_a_year(certified, prefecture):
    for kind in (SignalKind.COMPLAINT, SignalKind.COMPLAINT, SignalKind.INCIDENT):
        order_id = await raise_signal(certified, kind)
    day = TODAY + timedelta(days=4)
    entered = await operations.enter_result(
        assessment_id=order_id, sheet=sheet_of(), assessed_on=day, actor=prefecture, now=at(day)
    )
    assert entered.grade == 4
    colleague = officer(Level.PREFECTURE, BAISHAN)
    confirmed = await operations.confirm_result(assessment_id=order_id, revision=1, actor=colleague, now=at(day))
    found = await queries.certification(principal=prefecture, certification_id=certified.id)
    assert found.assessment_due_on == date(2027, 9, 5)
    # A signal during the preview orders another visit, which publication does not put off.
    await raise_signal(certified, SignalKind.INCIDENT, now=at(day))
    assert await operations.publish_assessment(assessment_id=order_id, now=confirmed.preview_until_at) is True
    found = await queries.certification(principal=prefecture, certification_id=certified.id)
    assert found.assessment_due_on == day + timedelta(days=10)
    assert (await open_order(certified))["due_on"] == day + timedelta(days=10)


async def test_signals_that_reach_no_trigger_bring_the_scheduled_visit_forward(certified):
    due = "SELECT assessment_due_on FROM certifications"
    for kind in (SignalKind.COMPLAINT, SignalKind.INSTITUTION_CANCELLATION):
        assert await raise_signal(certified, kind) is None
    assert await fetch_value(due) == certified.assessment_due_on == date(2028, 3, 1)
    assert await raise_signal(certified, SignalKind.COMPLAINT) is None
    assert await fetch_value(due) == date(2027, 9, 1)
    # Whoever comes to be at risk later is given the notice of every scheduled visit.
    await execute("UPDATE certifications SET assessed_on = '2026-10-01', assessment_due_on = '2027-10-01'")
    await raise_signal(certified, SignalKind.COMPLAINT, now=at(date(2027, 8, 1)))
    assert await fetch_value(due) == date(2027, 8, 31)
    assert await fetch_value("SELECT count(*) FROM audit_events WHERE action = 'assessment.brought_forward'") == 2


async def test_an_overdue_assessment_climbs_the_levels(certified, prefecture):
    await raise_signal(certified, SignalKind.INCIDENT)
    due_on = date(2027, 3, 11)
    reached = []
    for days in (0, 1, 2, 15, 16, 17):
        await operations.escalate_overdue(now=at(due_on + timedelta(days=days)))
        reached.append((await open_order(certified))["escalated_to"])
    assert reached == [None, "prefecture", "prefecture", "prefecture", "province", "province"]
    assert (await kinds()).count("assessment.escalated") == 2
    shown = await queries.list_assessments(principal=prefecture, status="ordered", limit=5)
    assert [(order.reason, order.escalated_to) for order in shown] == [("incident", "province")]


async def test_a_grade_that_grows_too_old_is_told_once_and_shown_no_more(certified, prefecture):
    fresh, lapsed = at(date(2028, 3, 1)), at(date(2028, 3, 2))
    assert await operations.flag_lapsed_grades(now=fresh) == 0
    assert (await queries.snapshot(institution_id=certified.institution_id, now=fresh)).grade == 4
    assert await operations.flag_lapsed_grades(now=lapsed) == 1
    assert await operations.flag_lapsed_grades(now=lapsed) == 0
    assert (await kinds()).count("certification.grade_lapsed") == 1
    shown = await queries.snapshot(institution_id=certified.institution_id, now=lapsed)
    assert (shown.grade, shown.grade_cap, shown.grade_as_of) == (None, "stale_data", TODAY)
    # Told again only when a newer grade has lapsed too.
    await operations.order_due_assessments(now=lapsed)
    [order] = await queries.list_assessments(principal=prefecture, status="overdue", limit=5)
    day = date(2028, 3, 2)
    await operations.enter_result(
        assessment_id=order.id, sheet=sheet_of(), assessed_on=day, actor=prefecture, now=lapsed
    )
    colleague = officer(Level.PREFECTURE, BAISHAN)
    confirmed = await operations.confirm_result(assessment_id=order.id, revision=1, actor=colleague, now=lapsed)
    await operations.publish_assessment(assessment_id=order.id, now=confirmed.preview_until_at)
    assert await operations.flag_lapsed_grades(now=confirmed.preview_until_at) == 0
    assert await operations.flag_lapsed_grades(now=datetime(2029, 3, 4, tzinfo=UTC)) == 1


async def test_confirmed_abuse_caps_the_public_grade_at_once_and_for_three_years(certified, province):
    await raise_signal(certified, SignalKind.CONFIRMED_ABUSE)
    shown = await queries.snapshot(institution_id=certified.institution_id, now=NOW)
    assert (shown.grade, shown.grade_cap) == (1, "confirmed_abuse")
    assert (await open_order(certified))["due_on"] == date(2027, 3, 6)
    async with transaction():
        sold = await operations.ensure_bookable(
            institution_id=certified.institution_id, check_in=TODAY, check_out=TODAY + timedelta(days=3), now=NOW
        )
    assert (sold.grade, sold.grade_cap) == (1, "confirmed_abuse")
    found = await queries.certification(principal=province, certification_id=certified.id)
    visited = msgspec.structs.replace(found, assessed_on=date(2030, 2, 1))
    shown = {day: public_grade(visited, policy=POLICY, today=day).grade for day in (date(2030, 3, 1), date(2030, 3, 2))}
    assert shown == {date(2030, 3, 1): 1, date(2030, 3, 2): 4}


async def test_signals_stay_as_they_are(certified):
    await raise_signal(certified, SignalKind.COMPLAINT)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await execute("DELETE FROM certification_signals")


@given(st.sampled_from(list(SignalKind)), st.lists(st.integers(-400, 400), max_size=8), st.integers(-400, 0))
def test_one_more_signal_never_calls_off_a_visit(kind, days, another):
    raised = [TODAY + timedelta(days=day) for day in days]
    before = called_for(POLICY.triggers[kind], raised, today=TODAY)
    after = called_for(POLICY.triggers[kind], [*raised, TODAY + timedelta(days=another)], today=TODAY)
    assert before is None or after == before == TODAY + timedelta(days=POLICY.triggers[kind].due_days)
    # What is in the future has not happened.
    past = [day for day in raised if day <= TODAY]
    assert called_for(POLICY.triggers[kind], past, today=TODAY) == before


@given(st.dates(date(2027, 1, 1), date(2029, 1, 1)), st.integers(-400, 400), st.integers(0, 400))
def test_escalation_only_climbs(due_on, days, more):
    rank = {None: 0, Level.PREFECTURE: 1, Level.PROVINCE: 2}
    one, later = due_on + timedelta(days=days), due_on + timedelta(days=days + more)
    assert rank[escalation(due_on, policy=POLICY, today=one)] <= rank[escalation(due_on, policy=POLICY, today=later)]
    assert (escalation(due_on, policy=POLICY, today=one) is None) == (days <= 0)


@given(st.dates(date(2027, 1, 1), date(2029, 1, 1)), st.sampled_from([None, 1, 2, 3, 4, 5]))
def test_risk_never_puts_a_visit_off(assessed_on, grade):
    at_risk, otherwise = (
        assessment_due(assessed_on, grade=grade, policy=POLICY, at_risk=at_risk) for at_risk in (True, False)
    )
    assert at_risk <= otherwise
