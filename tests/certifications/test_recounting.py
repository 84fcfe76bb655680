"""A year's calendar is published, and what was counted before it was known is counted anew, by hand here.

By the law alone the Spring Festival of 2027 is off from 5 to 8 February; the arrangement made up here adds 9 to 12, works
Sunday 14 and Saturday 27 February, and is no other than the law's otherwise.
"""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from marketplace.certifications import operations, queries
from marketplace.certifications.queries import applying
from marketplace.certifications.queries.timing import latest
from marketplace.certifications.rules import Clock, SignalKind
from marketplace.certifications.rules.applying import REQUIRED, ApplicationKind
from marketplace.certifications.rules.proceeding import CaseKind
from marketplace.certifications.states import Status
from marketplace.identity.rules import Level
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.errors import Invalid
from marketplace.places.rules import Holiday
from seed import procedure
from seed.holidays import HOLIDAY_YEARS
from tests.certifications.conftest import FUSONG, VISITED, reread
from tests.certifications.sheets import sheet_of
from workers.handling import drain

BY_LAW = next(year for year in HOLIDAY_YEARS if year.year == 2027)
PUBLISHED = msgspec.structs.replace(
    BY_LAW,
    version="2027 published",
    source="国办发明电（示例）",
    is_tentative=False,
    days=(
        *BY_LAW.days,
        *(Holiday(day=date(2027, 2, day), name_zh="春节", is_off=True) for day in (9, 10, 11, 12)),
        *(Holiday(day=date(2027, 2, day), name_zh="调休上班", is_off=False) for day in (14, 27)),
    ),
)


def at(month, day, hour=10):
    return datetime(2027, month, day, tzinfo=UTC) + timedelta(hours=hour - 8)


async def publish(now):
    return await operations.publish_calendar(year=PUBLISHED, actor=SYSTEM, now=now)


async def due(subject_id, clock):
    found = await latest(subject_id, clock)
    return found.due_on, found.is_tentative, found.calendar_version


@pytest.fixture
async def submitted(add_institution):
    """An application that was submitted on 29 January."""
    staff = procedure.staff_of(await add_institution())
    draft = await operations.open_application(kind=ApplicationKind.INITIAL, actor=staff, now=at(1, 28))
    pieces = [procedure.piece(kind) for kind in sorted(REQUIRED[ApplicationKind.INITIAL])]
    await operations.add_evidence(application_id=draft.id, pieces=pieces, actor=staff, now=at(1, 28))
    return await operations.submit(application_id=draft.id, actor=staff, now=at(1, 29))


async def test_silence_accepts_by_the_published_calendar_and_whom_it_concerns_is_told(submitted, sign_in):
    await sign_in(Level.COUNTY, FUSONG)
    # 1, 2, 3, 4 February, and after the days of the law 9.
    assert await due(submitted.id, Clock.COMPLETENESS) == (date(2027, 2, 9), True, "2027 by law, tentative")
    assert await publish(at(2, 1)) == 1
    # As published, the fifth working day is Sunday 14 February.
    assert await due(submitted.id, Clock.COMPLETENESS) == (date(2027, 2, 14), False, "2027 published")
    assert await publish(at(2, 1)) == 0
    told = await fetch_value("SELECT count(*) FROM messages WHERE template = 'deadline_moved'")
    await drain(now=at(2, 1))
    assert (told, await fetch_value("SELECT count(*) FROM messages WHERE template = 'deadline_moved'")) == (0, 1)
    # What was due by the old calendar comes to nothing.
    await drain(now=at(2, 10))
    staff = procedure.staff_of(submitted.institution_id)
    assert (await applying.application(principal=staff, application_id=submitted.id)).status is Status.SUBMITTED
    await drain(now=at(2, 15))
    assert (await applying.application(principal=staff, application_id=submitted.id)).status is Status.ACCEPTED
    lines = await fetch("SELECT action FROM audit_events WHERE action IN ('calendar.planted', $1)", RECOUNTED)
    assert [line["action"] for line in lines].count(RECOUNTED) == 1


RECOUNTED = "certification.deadline_recounted"


async def test_a_publicity_ends_later_everywhere_and_the_certificate_after_it(add_institution, province):
    shown = await procedure.publicise(
        institution_id=await add_institution(), sheet=sheet_of(), actor=province, visited_at=at(1, 4), now=at(2, 3)
    )
    # 4, 9, 10, 11, 12 February; ten more until 26.
    assert shown.publicity_until_on == date(2027, 2, 12)
    assert (await due(shown.id, Clock.CERTIFICATE))[0] == date(2027, 2, 26)
    assert await publish(at(2, 4)) == 1
    again = await applying.application(principal=province, application_id=shown.id)
    # 4, 14, 15, 16, 17 February; ten more: 18, 19, 22–27 (8), 1, 2 March.
    assert (again.publicity_until_on, again.publicity_ends_at) == (date(2027, 2, 17), at(2, 18, 0))
    certificate = await latest(shown.id, Clock.CERTIFICATE)
    assert (certificate.started_on, certificate.due_on) == (date(2027, 2, 17), date(2027, 3, 2))


async def test_a_preview_goes_on_and_is_published_when_it_is_over(certify, province, second):
    certified = await certify(assessed_on=date(2026, 9, 1), now=datetime(2026, 11, 20, tzinfo=UTC))
    order_id = await operations.signal(
        institution_id=certified.institution_id, kind=SignalKind.INCIDENT, subject_id=certified.id, now=at(1, 26)
    )
    facts = {"assessment_id": order_id, "now": at(1, 26)}
    await operations.enter_result(sheet=sheet_of(), assessed_on=date(2027, 1, 26), actor=province, **facts)
    confirmed = await operations.confirm_result(revision=1, actor=second, **facts)
    # Fourteen days end on 9 February, a working day by law alone.
    assert confirmed.preview_until_at == at(2, 10, 0)
    await publish(at(2, 1))
    assert (await queries.assessment(order_id)).preview_until_at == at(2, 15, 0)
    await drain(now=at(2, 14))
    assert (await queries.assessment(order_id)).published_at is None
    await drain(now=at(2, 15))
    assert (await queries.assessment(order_id)).published_at is not None


async def test_what_an_officer_has_set_stays_and_no_period_becomes_shorter(certified, county, province, prefecture):
    set_on = date(2027, 4, 5)
    await operations.order_rectification(
        certification_id=certified.id, reason="价目表不全", safety_defect=False, rectify_by_on=set_on, actor=county,
        now=at(2, 22),
    )  # fmt: skip
    case = await operations.notice(
        certification_id=certified.id,
        kind=CaseKind.SUSPENSION,
        grounds=procedure.GROUNDS,
        actor=prefecture,
        now=at(2, 22),
    )
    # 23, 24, 25, 26 February and 1 March; with Saturday 27 worked it would be shorter.
    assert await due(case.id, Clock.DEFENCE) == (date(2027, 3, 1), True, "2027 by law, tentative")
    assert await publish(at(2, 23)) == 0
    assert await due(case.id, Clock.DEFENCE) == (date(2027, 3, 1), False, "2027 published")
    assert (await reread(certified)).rectify_by_on == set_on
    assert await due(certified.id, Clock.RECTIFICATION) == (set_on, False, "2027 published")


async def test_a_counted_rectification_moves_with_its_order(certified, county):
    # Thirty calendar days from 10 January end on 9 February.
    before = await operations.order_rectification(
        certification_id=certified.id, reason="价目表不全", safety_defect=False, actor=county, now=at(1, 10)
    )
    assert before.rectify_by_on == date(2027, 2, 9)
    assert await publish(at(1, 20)) == 1
    assert (await reread(certified)).rectify_by_on == date(2027, 2, 14)
    assert await fetch_value("SELECT due_on FROM certification_rectifications") == date(2027, 2, 14)


async def test_what_is_itself_tentative_is_not_published(gazetteer):
    before = await fetch("SELECT * FROM holiday_years ORDER BY year")
    with pytest.raises(Invalid):
        await operations.publish_calendar(year=BY_LAW, actor=SYSTEM, now=at(1, 1))
    assert await fetch("SELECT * FROM holiday_years ORDER BY year") == before


async def test_a_review_that_nobody_makes_is_called_for_level_by_level(submitted, sign_in):
    for level, jurisdiction in ((Level.COUNTY, FUSONG), (Level.PREFECTURE, "220600"), (Level.PROVINCE, "220000")):
        await sign_in(level, jurisdiction)
    await drain(now=at(2, 10))  # Accepted by silence; twenty working days from then end on 11 March.
    last, _, _ = await due(submitted.id, Clock.COUNTY_REVIEW)
    assert last == date(2027, 3, 10)
    over = at(3, 11)
    assert await operations.call_attention(now=at(3, 10, 23)) == 0
    for later, level, new in ((0, "county", 1), (1, "county", 0), (5, "prefecture", 1), (10, "province", 1)):
        now = over + timedelta(days=later)
        assert await operations.call_attention(now=now) == new
        await drain(now=now)
        assert await fetch_value("SELECT escalated_to FROM certification_deadlines WHERE status = 'running'") == level
    assert await operations.call_attention(now=over + timedelta(days=60)) == 0
    assert await fetch_value("SELECT count(*) FROM messages WHERE template = 'step_overdue'") == 3


async def test_an_unanswered_correction_is_called_for(certify, province, second):
    certified = await certify(assessed_on=VISITED)
    order_id = await operations.signal(
        institution_id=certified.institution_id, kind=SignalKind.INCIDENT, subject_id=certified.id, now=at(3, 1)
    )
    facts = {"assessment_id": order_id, "now": at(3, 1)}
    await operations.enter_result(sheet=sheet_of(), assessed_on=date(2027, 3, 1), actor=province, **facts)
    await operations.confirm_result(revision=1, actor=second, **facts)
    asked = await operations.request_correction(
        codes=["S6"], statement="未计入", actor=procedure.staff_of(certified.institution_id), **facts
    )
    # Ten working days from Monday 1 March end on 15 March.
    assert (await due(order_id, Clock.CORRECTION_ANSWER))[0] == date(2027, 3, 15)
    assert await operations.call_attention(now=at(3, 16)) == 1
    await operations.answer_correction(
        assessment_id=order_id, correction_id=asked.id, answer="不予采信", corrected=None, actor=second, now=at(3, 17)
    )
    assert await operations.call_attention(now=at(4, 20)) == 0
