"""The assessment of an application: ordered, disputed, corrected, confirmed, published with what is intended."""

from datetime import UTC, date, datetime

import asyncpg
import pytest

from marketplace.certifications import operations, queries
from marketplace.certifications.errors import ConflictOfInterest, CorrectionOpen, PreviewRunning
from marketplace.certifications.queries import applying
from marketplace.certifications.rules import Clock, Stage
from marketplace.certifications.states import AssessmentStatus, Status
from marketplace.identity.rules import Level
from marketplace.kit.db import execute, fetch, fetch_value
from marketplace.kit.errors import Forbidden, IllegalTransition, NotFound
from seed import procedure
from tests.certifications.conftest import BAISHAN, FUSONG, PROVINCE, VISITED, officer
from tests.certifications.sheets import sheet_of
from workers.handling import drain


def at(month, day, hour=10):
    return datetime(2027, month, day, hour - 8, tzinfo=UTC)


@pytest.fixture
async def ordered(add_institution, province):
    """An application that has passed county and prefecture, so that its visit is ordered."""
    application_id = await procedure.pass_reviews(institution_id=await add_institution(), ends_at=at(1, 25))
    return await applying.application(principal=province, application_id=application_id)


async def test_what_the_reviews_pass_is_to_be_visited_by_the_province(ordered, province, prefecture, county, sign_in):
    for level, jurisdiction in ((Level.COUNTY, FUSONG), (Level.PREFECTURE, BAISHAN), (Level.PROVINCE, PROVINCE)):
        await sign_in(level, jurisdiction)
    [order] = await queries.list_assessments(principal=prefecture, limit=5)
    assert (order.id, order.reason, order.status) == (ordered.assessment_id, "application", AssessmentStatus.ORDERED)
    assert (order.certification_id, order.application_id) == (None, ordered.id)
    # Thirty working days from 19 January, when the prefecture passed it on, over 春节 (5–8 February by law).
    assert order.due_on == date(2027, 3, 4)
    await drain(now=at(1, 19))
    assert await fetch_value("SELECT count(*) FROM messages WHERE template = 'assessment_ordered'") == 1
    facts = {"assessment_id": order.id, "sheet": sheet_of(), "assessed_on": VISITED, "now": at(1, 25)}
    for other, refusal in ((prefecture, Forbidden), (county, Forbidden), (officer(Level.PROVINCE, "330000"), NotFound)):
        with pytest.raises(refusal):
            await operations.enter_result(actor=other, **facts)
    await operations.declare_conflict(
        institution_id=ordered.institution_id, reason="亲属任职", actor=province, now=at(1, 24)
    )
    with pytest.raises(ConflictOfInterest):
        await operations.enter_result(actor=province, **facts)
    assert (await queries.assessment(order.id)).revision == 0


async def test_nothing_is_decided_on_a_result_that_is_disputed_or_not_confirmed_again(ordered, province, second):
    order_id, staff = ordered.assessment_id, procedure.staff_of(ordered.institution_id)
    steps = {
        "publicise": lambda now: operations.publicise(
            application_id=ordered.id, reason="拟认定", actor=province, now=now
        ),
        "reject": lambda now: operations.reject(
            application_id=ordered.id, grounds=procedure.GROUNDS, actor=province, now=now
        ),
    }

    async def refused(refusal, now):
        before = await fetch("SELECT * FROM certification_applications")
        for step in steps.values():
            with pytest.raises(refusal):
                await step(now)
        assert await fetch("SELECT * FROM certification_applications") == before

    await procedure.assess(ordered.id, sheet=sheet_of(), actor=province, visited_at=at(1, 25))
    await refused(PreviewRunning, at(2, 9, 23))
    asked = await operations.request_correction(
        assessment_id=order_id, codes=["S6"], statement="值守记录未计入", actor=staff, now=at(2, 9, 23)
    )
    await refused(CorrectionOpen, at(2, 10))
    await operations.answer_correction(
        assessment_id=order_id, correction_id=asked.id, answer="属实", corrected=sheet_of(S6=40), actor=second,
        now=at(2, 10),
    )  # fmt: skip
    # Only what two agree on is a result: until then there is none.
    assert (await applying.application(principal=province, application_id=ordered.id)).score is None
    await refused(IllegalTransition, at(2, 28))
    confirmed = await operations.confirm_result(assessment_id=order_id, revision=2, actor=province, now=at(2, 11))
    assert (confirmed.stage, confirmed.revision) == (Stage.PREVIEW, 2)
    await refused(PreviewRunning, at(2, 25, 23))
    shown = await steps["publicise"](at(2, 26))
    assert (shown.status, shown.score) == (Status.PUBLICITY, confirmed.score)
    assert (await queries.assessment(order_id)).published_at == at(2, 26)
    # The authority's time to decide began when two agreed for the first time.
    started = "SELECT started_on FROM certification_deadlines WHERE subject_id = $1 AND clock = $2"
    assert await fetch_value(started, ordered.id, Clock.DECISION) == VISITED


async def test_an_application_that_ends_before_its_visit_takes_the_order_along(ordered, province):
    staff = procedure.staff_of(ordered.institution_id)
    await operations.take_back(application_id=ordered.id, actor=staff, now=at(1, 26))
    assert (await queries.assessment(ordered.assessment_id)).status is AssessmentStatus.CANCELLED
    with pytest.raises(IllegalTransition):
        await operations.enter_result(
            assessment_id=ordered.assessment_id, sheet=sheet_of(), assessed_on=VISITED, actor=province, now=at(1, 27)
        )


async def test_not_even_raw_sql_shows_what_was_not_published(ordered):
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="no published assessment"):
        await execute(
            "UPDATE certification_applications SET status = 'publicity', publicity_from_on = '2027-02-01',"
            " publicity_until_on = '2027-02-08', publicity_ends_at = now() WHERE id = $1",
            ordered.id,
        )


async def test_not_even_raw_sql_refuses_without_saying_why(ordered):
    with pytest.raises(asyncpg.CheckViolationError, match="certification_applications_said"):
        await execute(
            "UPDATE certification_applications SET status = 'rejected', decided_at = now(), facts = '不合格',"
            " legal_basis = '认定办法', rights = ' ' WHERE id = $1",
            ordered.id,
        )
