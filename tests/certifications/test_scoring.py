"""A result from its first assessor to the public register."""

from datetime import UTC, date, datetime, timedelta

import asyncpg
import msgspec
import pytest

from marketplace.certifications import operations, queries
from marketplace.certifications.errors import CorrectionOpen, ResultChanged, RubricAltered, SecondAssessorRequired
from marketplace.certifications.jobs import PublishAssessment
from marketplace.certifications.queries import assessments
from marketplace.certifications.rules import Scores, Stage
from marketplace.certifications.states import AssessmentStatus
from marketplace.identity.rules import Kind, Level, Principal
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_one, fetch_value
from marketplace.kit.errors import Forbidden, IllegalTransition, Invalid, NotFound
from marketplace.kit.ids import new_id
from seed.rubric import BEFORE, RUBRIC, plant_rubrics
from tests.certifications.conftest import BAISHAN, NOW, TODAY, kinds, officer, trace
from tests.certifications.sheets import FULL, SEEN, sheet_of, sheet_with

DUE = date(2028, 3, 1)
DAY = DUE - timedelta(days=20)
# Confirmed on 10 February 2028: the first day does not count, and the fourteenth ends with 24 February.
PREVIEW_ENDS = datetime(2028, 2, 24, 16, 0, tzinfo=UTC)


def at(day):
    """Ten in the morning of ``day`` in Jilin."""
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


async def enter(order, actor, *, day=DAY, sheet=None, assessed_on=None):
    return await operations.enter_result(
        assessment_id=order.id, sheet=sheet or sheet_of(), assessed_on=assessed_on or day, actor=actor, now=at(day)
    )


async def confirm(order, actor, *, day=DAY, revision=1):
    return await operations.confirm_result(assessment_id=order.id, revision=revision, actor=actor, now=at(day))


@pytest.fixture
def colleague():
    return officer(Level.PREFECTURE, BAISHAN)


@pytest.fixture
def host(certified):
    return Principal(kind=Kind.INSTITUTION, id=new_id(), session_id=new_id(), institution_id=certified.institution_id)


@pytest.fixture
async def order(certified, province):
    assert await operations.order_due_assessments(now=at(DUE - timedelta(days=30))) == 1
    [found] = await queries.list_assessments(principal=province, status=AssessmentStatus.ORDERED, limit=5)
    return found


@pytest.fixture
async def previewed(order, prefecture, colleague):
    await enter(order, prefecture)
    return await confirm(order, colleague)


async def grade_at(certified, instant):
    return await queries.snapshot(institution_id=certified.institution_id, now=instant)


async def test_two_assessors_then_a_preview_then_the_public_grade(order, certified, prefecture, colleague, host):
    entered = await enter(order, prefecture, sheet=sheet_of(share=0.93))
    assert (entered.status, entered.stage, entered.score, entered.grade) == ("ordered", "awaiting_confirmation", 928, 5)
    assert (entered.rubric, entered.revision) == (RUBRIC.version, 1)
    with pytest.raises(NotFound):
        await assessments.visible_assessment(viewer=host, assessment_id=order.id)
    confirmed = await confirm(order, colleague)
    assert (confirmed.status, confirmed.stage, confirmed.preview_until_at) == ("done", "preview", PREVIEW_ENDS)
    assert (await assessments.visible_assessment(viewer=host, assessment_id=order.id)) == (confirmed, True)
    with pytest.raises(NotFound):
        await assessments.visible_assessment(viewer=None, assessment_id=order.id)
    # The old grade stands until everyone may see the new one.
    shown = await grade_at(certified, at(DAY))
    assert (shown.grade, shown.grade_method, shown.grade_as_of, shown.grade_cap) == (4, RUBRIC.version, TODAY, None)
    job = await fetch_one("SELECT kind, due_at FROM outbox WHERE kind = $1", PublishAssessment.kind)
    assert job["due_at"] == PREVIEW_ENDS
    a_moment_early = PREVIEW_ENDS - timedelta(seconds=1)
    assert await operations.publish_assessment(assessment_id=order.id, now=a_moment_early) is False
    assert await operations.publish_assessment(assessment_id=order.id, now=PREVIEW_ENDS) is True
    assert await operations.publish_assessment(assessment_id=order.id, now=PREVIEW_ENDS) is False
    shown = await grade_at(certified, PREVIEW_ENDS)
    assert (shown.grade, shown.grade_method, shown.grade_as_of, shown.grade_cap) == (5, RUBRIC.version, DAY, None)
    assert (await assessments.visible_assessment(viewer=None, assessment_id=order.id))[1] is False
    found = await queries.certification(principal=prefecture, certification_id=certified.id)
    assert (found.assessed_on, found.assessment_due_on, found.assessment_overdue) == (DAY, date(2029, 2, 10), False)
    entry = (await queries.history(certified.id))[-1]
    assert (entry.event, entry.grade, entry.reason, entry.decided_level) == ("reassess", 5, "质量评估 928 分", None)
    assert (await kinds())[-1] == "certification.regraded"


async def test_every_point_of_a_result_is_kept_with_its_evidence(previewed):
    lines = await assessments.lines(previewed.id, revision=1)
    assert [line.code for line in lines] == [criterion.code for criterion in RUBRIC.criteria]
    assert {line.code: line.points_max for line in lines if line.block} == FULL
    assert sum(line.points or 0 for line in lines) == previewed.score
    assert all(list(line.evidence) == SEEN for line in lines)
    assert all(line.passed is True for line in lines if line.block is None)


async def test_a_low_grade_is_seen_again_in_half_a_year_and_a_failed_gate_leaves_none(
    order, certified, prefecture, colleague
):
    weak = Scores(environment=60, facilities=70, operations=80, services=320)
    assert (await enter(order, prefecture, sheet=sheet_with(weak))).scores == weak
    await confirm(order, colleague)
    found = await queries.certification(principal=prefecture, certification_id=certified.id)
    assert (found.grade, found.assessment_due_on) == (4, date(2028, 8, 10))
    failing = await operations.request_correction(
        assessment_id=order.id,
        codes=["G5"],
        statement="处罚已撤销",
        actor=Principal(
            kind=Kind.INSTITUTION, id=new_id(), session_id=new_id(), institution_id=certified.institution_id
        ),
        now=at(DAY),
    )
    answered = await operations.answer_correction(
        assessment_id=order.id,
        correction_id=failing.id,
        answer="经查，处罚有效",
        corrected=sheet_of(failed=("G5",)),
        actor=prefecture,
        now=at(DAY),
    )
    assert (answered.grade, answered.stage) == (None, Stage.AWAITING_CONFIRMATION)
    await confirm(order, colleague, revision=2)
    assert await operations.publish_assessment(assessment_id=order.id, now=PREVIEW_ENDS) is True
    assert (await grade_at(certified, PREVIEW_ENDS)).grade is None


async def test_nobody_confirms_what_they_entered(order, certified, prefecture):
    await enter(order, prefecture)
    before = await trace(certified.id)
    with pytest.raises(SecondAssessorRequired):
        await confirm(order, prefecture)
    assert await trace(certified.id) == before
    # Nor does any other path through the database.
    with pytest.raises(asyncpg.CheckViolationError, match="two_assessors"):
        await execute(
            "UPDATE assessment_orders SET assessed_with = assessed_by, confirmed_at = $2, preview_until_at = $2,"
            " completed_at = $2, status = 'done' WHERE id = $1",
            order.id,
            at(DAY),
        )


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            "UPDATE assessment_orders SET published_at = preview_until_at - interval '1 second' WHERE id = $1",
            "previewed",
        ),
        (
            (
                "UPDATE assessment_orders SET assessed_with = NULL, confirmed_at = NULL, preview_until_at = NULL,"
                " published_at = now() WHERE id = $1"
            ),
            "previewed",
        ),
        ("UPDATE assessment_findings SET points = 1 WHERE assessment_id = $1 AND points IS NOT NULL", "append-only"),
        (
            (
                "INSERT INTO assessment_findings SELECT gen_random_uuid(), assessment_id, 7, criterion_id, passed,"
                " points + 999, evidence, entered_by, entered_at FROM assessment_findings"
                " WHERE assessment_id = $1 AND points IS NOT NULL"
            ),
            "does not fit",
        ),
    ],
)
async def test_the_database_holds_the_procedure(previewed, statement, constraint):
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=constraint):
        await execute(statement, previewed.id)


async def test_a_second_assessor_confirms_what_was_read(order, certified, prefecture, colleague):
    await enter(order, prefecture)
    again = await enter(order, prefecture, sheet=sheet_of(share=0.5))
    assert again.revision == 2
    before = await trace(certified.id)
    with pytest.raises(ResultChanged) as refusal:
        await confirm(order, colleague, revision=1)
    assert refusal.value.facts == {"revision": 2}
    assert await trace(certified.id) == before
    assert (await confirm(order, colleague, revision=2)).stage is Stage.PREVIEW


async def test_a_result_is_entered_and_confirmed_once(previewed, order, certified, prefecture, province):
    before = await trace(certified.id)
    for attempt, event in ((enter(order, prefecture), "enter"), (confirm(order, province), "confirm")):
        with pytest.raises(IllegalTransition) as refusal:
            await attempt
        assert refusal.value.facts == {"current": "preview", "event": event}
    assert await trace(certified.id) == before


async def test_a_result_that_cannot_be_is_refused_by_name(order, certified, prefecture):
    before = await trace(certified.id)
    for pointer, facts in [
        ("/assessed_on", {"assessed_on": DAY + timedelta(days=1)}),
        ("/assessed_on", {"assessed_on": TODAY}),
        ("/items/0/points", {"sheet": sheet_of(E1=41)}),
        # No rubric was in force yet.
        ("/assessed_on", {"assessed_on": date(2019, 6, 30)}),
    ]:
        with pytest.raises(Invalid) as refusal:
            await enter(order, prefecture, **facts)
        assert [field.pointer for field in refusal.value.fields] == [pointer]
    assert await trace(certified.id) == before


async def test_only_competent_officers_assess(order, certified, prefecture, county, stranger):
    await enter(order, prefecture)
    before = await trace(certified.id)
    for actor, refusal in [(county, Forbidden), (stranger, NotFound), (officer(Level.PREFECTURE, "222400"), NotFound)]:
        with pytest.raises(refusal):
            await enter(order, actor)
        with pytest.raises(refusal):
            await confirm(order, actor)
    assert await trace(certified.id) == before


async def test_a_correction_holds_publication_until_it_is_answered(previewed, certified, host, prefecture):
    asked = await operations.request_correction(
        assessment_id=previewed.id, codes=["S6", "F2"], statement="值守记录未计入", actor=host, now=at(DAY)
    )
    with pytest.raises(CorrectionOpen):
        await operations.request_correction(
            assessment_id=previewed.id, codes=["S6"], statement="再次申请", actor=host, now=at(DAY)
        )
    assert await operations.publish_assessment(assessment_id=previewed.id, now=PREVIEW_ENDS) is False
    later = PREVIEW_ENDS + timedelta(days=2)
    await operations.answer_correction(
        assessment_id=previewed.id,
        correction_id=asked.id,
        answer="记录无签名，不予采信",
        corrected=None,
        actor=prefecture,
        now=later,
    )
    jobs = "SELECT max(due_at) FROM outbox WHERE kind = $1"
    assert await fetch_value(jobs, PublishAssessment.kind) == later
    assert await operations.publish_assessment(assessment_id=previewed.id, now=later) is True
    [found] = await assessments.corrections(previewed.id)
    assert (found.status, found.answer, found.answered_at) == ("rejected", "记录无签名，不予采信", later)


async def test_an_accepted_correction_is_a_new_result_with_a_new_preview(
    previewed, certified, host, prefecture, colleague
):
    asked = await operations.request_correction(
        assessment_id=previewed.id, codes=["S6"], statement="值守记录未计入", actor=host, now=at(DAY)
    )
    day = DAY + timedelta(days=3)
    after = await operations.answer_correction(
        assessment_id=previewed.id,
        correction_id=asked.id,
        answer="补充核实",
        corrected=sheet_of(S6=40),
        actor=prefecture,
        now=at(day),
    )
    assert (after.stage, after.revision, after.score - previewed.score) == (Stage.AWAITING_CONFIRMATION, 2, 6)
    assert await operations.publish_assessment(assessment_id=previewed.id, now=PREVIEW_ENDS) is False
    with pytest.raises(SecondAssessorRequired):
        await confirm(previewed, prefecture, day=day, revision=2)
    confirmed = await confirm(previewed, colleague, day=day, revision=2)
    # Its fourteenth day is Sunday 27 February, so that it ends with Monday.
    assert confirmed.preview_until_at == PREVIEW_ENDS + timedelta(days=4)
    # The job of the first preview finds that there is another.
    assert await operations.publish_assessment(assessment_id=previewed.id, now=PREVIEW_ENDS) is False
    assert (
        len(await assessments.lines(previewed.id, revision=1))
        == len(await assessments.lines(previewed.id, revision=2))
        == 38
    )
    assert await operations.publish_assessment(assessment_id=previewed.id, now=confirmed.preview_until_at) is True


async def test_a_correction_comes_from_the_institution_in_time_about_what_was_asked(previewed, certified, host):
    before = await trace(certified.id)
    other = msgspec.structs.replace(host, institution_id=new_id())
    ask = {"assessment_id": previewed.id, "codes": ["S6"], "statement": "有异议"}
    with pytest.raises(NotFound):
        await operations.request_correction(**ask, actor=other, now=at(DAY))
    with pytest.raises(IllegalTransition):
        await operations.request_correction(**ask, actor=host, now=PREVIEW_ENDS)
    with pytest.raises(Invalid) as refusal:
        await operations.request_correction(**{**ask, "codes": ["S6", "Z9"]}, actor=host, now=at(DAY))
    assert [field.pointer for field in refusal.value.fields] == ["/codes/1"]
    assert await trace(certified.id) == before


async def test_what_the_public_sees_is_capped_while_a_restriction_is_open(previewed, certified, prefecture):
    await operations.publish_assessment(assessment_id=previewed.id, now=PREVIEW_ENDS)
    await operations.suspend(certification_id=certified.id, reason="停业整顿", actor=prefecture, now=PREVIEW_ENDS)
    shown = await grade_at(certified, PREVIEW_ENDS)
    assert (shown.grade, shown.grade_cap, shown.grade_as_of) == (1, "suspended", DAY)
    stale = await grade_at(certified, at(DAY + timedelta(days=367)))
    assert (stale.grade, stale.grade_cap, stale.grade_as_of) == (None, "stale_data", DAY)


async def test_a_certification_that_has_ended_gets_no_grade(previewed, certified):
    after_the_end = at(certified.valid_until_on + timedelta(days=1))
    await operations.expire_due(now=after_the_end)
    before = await trace(certified.id)
    assert await operations.publish_assessment(assessment_id=previewed.id, now=after_the_end) is False
    assert await trace(certified.id) == before


async def test_a_planted_rubric_stays_as_it_is(certified):
    await plant_rubrics(now=NOW)
    assert await assessments.rubrics() == [BEFORE, RUBRIC]
    with pytest.raises(RubricAltered):
        await operations.plant_rubric(rubric=msgspec.structs.replace(RUBRIC, title="另一标准"), actor=SYSTEM, now=NOW)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await execute("UPDATE rubric_criteria SET points_max = 1 WHERE code = 'S2'")


async def test_the_rubric_of_the_day_of_the_visit_is_used(order, certified, prefecture):
    later = msgspec.structs.replace(RUBRIC, version="jl-sojourn-2028.1", effective_from=DAY)
    await operations.plant_rubric(rubric=later, actor=SYSTEM, now=NOW)
    assert (await enter(order, prefecture, assessed_on=DAY - timedelta(days=1))).rubric == RUBRIC.version
    assert (await enter(order, prefecture, assessed_on=DAY)).rubric == later.version
