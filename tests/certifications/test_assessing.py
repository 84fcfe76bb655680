from datetime import UTC, date, datetime, timedelta

import pytest

from marketplace.certifications import operations, queries
from marketplace.certifications.states import AssessmentStatus
from marketplace.kit.db import fetch_value
from tests.certifications.conftest import NOW, TODAY, kinds

DUE = date(2028, 3, 1)
NOTICE = DUE - timedelta(days=30)


def at(day):
    """Ten in the morning of ``day`` in Jilin."""
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


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
