from datetime import UTC, date, datetime, timedelta

import pytest

from marketplace.certifications import operations, queries
from marketplace.certifications.rules import Scores
from marketplace.certifications.states import AssessmentStatus
from marketplace.kit.db import fetch_value
from marketplace.kit.errors import Forbidden, IllegalTransition, Invalid, NotFound
from marketplace.kit.ids import new_id
from tests.certifications.conftest import NOW, PASSING, TODAY, VISITED, kinds, officer, trace

DUE = date(2028, 2, 15)
NOTICE = DUE - timedelta(days=30)


def at(day):
    """Ten in the morning of ``day`` in Jilin."""
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


async def complete(assessment, actor, *, day, scores=PASSING, assessed_on=None):
    return await operations.complete_assessment(
        assessment_id=assessment.id, scores=scores, assessed_on=assessed_on or day, actor=actor, now=at(day)
    )


@pytest.fixture
async def ordered(certified, province):
    """The order that fell due for ``certified``."""
    assert await operations.order_due_assessments(now=at(NOTICE)) == 1
    [found] = await queries.list_assessments(principal=province, status=AssessmentStatus.ORDERED, limit=5)
    return found


async def test_nothing_is_ordered_before_the_notice_period(certified):
    assert await operations.order_due_assessments(now=at(NOTICE - timedelta(days=1))) == 0
    assert await kinds() == ["certification.granted"]


async def test_an_assessment_is_ordered_once_a_month_before_it_is_due(ordered, certified):
    assert (ordered.certification_id, ordered.due_on, ordered.ordered_at) == (certified.id, DUE, at(NOTICE))
    assert await kinds() == ["certification.granted", "assessment.ordered"]
    assert await operations.order_due_assessments(now=at(NOTICE)) == 0
    assert await operations.order_due_assessments(now=at(DUE)) == 0
    assert await kinds() == ["certification.granted", "assessment.ordered"]


async def test_an_overdue_assessment_is_flagged_for_the_public_once(ordered, certified, province):
    late = at(DUE + timedelta(days=1))
    assert await operations.order_due_assessments(now=late) == 0
    shown = await queries.snapshot(institution_id=certified.institution_id, now=late)
    # The data is older than a year by now, so no grade is shown either.
    assert (shown.status, shown.assessment_overdue, shown.grade) == ("certified", True, None)
    [order] = await queries.list_assessments(principal=province, status=AssessmentStatus.OVERDUE, limit=5)
    assert order.id == ordered.id
    assert (await kinds())[-1] == "certification.assessment_overdue"
    assert await operations.flag_overdue_assessments(now=late) == 0
    assert (await kinds()).count("certification.assessment_overdue") == 1


async def test_after_a_long_silence_one_run_orders_and_flags(certified, province):
    assert await operations.order_due_assessments(now=at(date(2028, 6, 1))) == 1
    [order] = await queries.list_assessments(principal=province, status=AssessmentStatus.OVERDUE, limit=5)
    assert order.due_on == DUE
    assert await kinds() == ["certification.granted", "assessment.ordered", "certification.assessment_overdue"]


async def test_a_result_sets_the_grade_and_the_next_date_and_lifts_the_flag(ordered, certified, prefecture):
    day = DUE + timedelta(days=5)
    await operations.order_due_assessments(now=at(day))
    weak = Scores(environment=60, facilities=70, operations=80, services=320)
    done = await complete(ordered, prefecture, day=day, scores=weak)
    assert (done.status, done.score, done.grade, done.scores) == ("done", 530, 2, weak)
    found = await queries.certification(principal=prefecture, certification_id=certified.id)
    assert (found.grade, found.assessed_on, found.assessment_due_on) == (2, day, date(2028, 8, 20))
    assert (found.status, found.assessment_overdue) == ("certified", False)
    entry = (await queries.history(certified.id))[-1]
    assert (entry.event, entry.grade, entry.reason) == ("reassess", 2, "质量评估 530 分")
    assert (await kinds())[-1] == "certification.regraded"
    assert await queries.assessment(ordered.id) == done


async def test_a_score_below_every_level_leaves_no_grade(ordered, certified, prefecture):
    lowest = Scores(environment=10, facilities=10, operations=10, services=10)
    assert (await complete(ordered, prefecture, day=NOTICE, scores=lowest)).grade is None
    assert (await queries.snapshot(institution_id=certified.institution_id, now=at(NOTICE))).grade is None


async def test_a_result_is_entered_once(ordered, certified, prefecture):
    await complete(ordered, prefecture, day=NOTICE)
    before = await trace(certified.id)
    with pytest.raises(IllegalTransition) as refusal:
        await complete(ordered, prefecture, day=NOTICE + timedelta(days=1))
    assert refusal.value.facts == {"current": "done", "event": "complete"}
    assert await trace(certified.id) == before


async def test_a_result_that_cannot_be_is_refused_by_name(ordered, certified, prefecture):
    before = await trace(certified.id)
    tomorrow = NOTICE + timedelta(days=1)
    too_many = Scores(environment=121, facilities=1, operations=1, services=1)
    for pointer, facts in [
        ("/assessed_on", {"assessed_on": tomorrow}),
        ("/assessed_on", {"assessed_on": VISITED}),
        ("/scores/environment", {"scores": too_many}),
    ]:
        with pytest.raises(Invalid) as refusal:
            await complete(ordered, prefecture, day=NOTICE, **facts)
        assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert await trace(certified.id) == before


async def test_only_competent_officers_enter_results(ordered, certified, county, stranger):
    before = await trace(certified.id)
    for actor, refusal in [(county, Forbidden), (stranger, NotFound), (officer("prefecture", "222400"), NotFound)]:
        with pytest.raises(refusal):
            await complete(ordered, actor, day=NOTICE)
    with pytest.raises(NotFound):
        await operations.complete_assessment(
            assessment_id=new_id(), scores=PASSING, assessed_on=NOTICE, actor=county, now=at(NOTICE)
        )
    assert await trace(certified.id) == before


async def test_a_suspended_institution_is_assessed_and_stays_suspended(certified, ordered, prefecture):
    await operations.suspend(certification_id=certified.id, reason="停业整顿", actor=prefecture, now=at(NOTICE))
    await complete(ordered, prefecture, day=NOTICE)
    shown = await queries.snapshot(institution_id=certified.institution_id, now=at(NOTICE))
    assert (shown.status, shown.grade) == ("suspended", 1)


async def test_a_certificate_ends_after_its_last_day_and_takes_its_orders_along(certified, province):
    last = certified.valid_until_on
    await operations.order_due_assessments(now=at(last))
    assert await operations.expire_due(now=at(last)) == 0
    assert await operations.expire_due(now=at(last + timedelta(days=1))) == 1
    assert await operations.expire_due(now=at(last + timedelta(days=1))) == 0
    found = await queries.certification(principal=province, certification_id=certified.id)
    assert (found.status, found.version) == ("expired", 3)
    entry = (await queries.history(certified.id))[-1]
    assert (entry.event, entry.reason, entry.decided_level) == ("expire", "证书有效期届满", None)
    assert (await kinds())[-1] == "certification.expired"
    statuses = await queries.list_assessments(principal=province, limit=5)
    assert sorted(order.status for order in statuses) == ["cancelled", "done"]
    assert await operations.order_due_assessments(now=at(last + timedelta(days=400))) == 0


async def test_what_is_due_comes_first(certify, province):
    late = await certify(name="甲（示例）", assessed_on=TODAY - timedelta(days=340))
    soon = await certify(name="乙（示例）", assessed_on=TODAY - timedelta(days=350))
    assert await operations.order_due_assessments(now=NOW) == 2
    listed = await queries.list_assessments(principal=province, status=AssessmentStatus.ORDERED, limit=1)
    assert [order.certification_id for order in listed] == [soon.id, late.id]
    [rest] = await queries.list_assessments(
        principal=province, status=AssessmentStatus.ORDERED, after=(listed[0].due_on, listed[0].id), limit=1
    )
    assert rest.certification_id == late.id
    assert await fetch_value("SELECT count(*) FROM assessment_orders WHERE status = 'ordered'") == 2
