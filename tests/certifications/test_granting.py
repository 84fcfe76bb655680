from datetime import date, timedelta

import pytest

from marketplace.certifications import operations, queries
from marketplace.certifications.errors import AlreadyCertified, NotCertifiable
from marketplace.certifications.queries import assessments
from marketplace.certifications.rules import Scores
from marketplace.certifications.states import Status
from marketplace.credentials.queries import certificate
from marketplace.identity.rules import Level
from marketplace.kit.db import fetch_one, fetch_value
from marketplace.kit.errors import Forbidden, Invalid, NotFound
from marketplace.kit.ids import new_id, wire
from seed import procedure
from seed.rubric import RUBRIC
from tests.certifications.conftest import BAISHAN, NOW, PASSING, TODAY, VISITED, kinds, officer
from tests.certifications.sheets import sheet_of


async def test_a_certificate_has_a_number_a_grade_and_three_years(certified, province):
    assert certified.status is Status.CERTIFIED
    assert certified.number.startswith("JLLJ-2027-")
    assert (certified.grade, certified.valid_from_on, certified.valid_until_on) == (4, TODAY, date(2030, 2, 28))
    assert (certified.assessed_on, certified.assessment_due_on) == (TODAY, date(2028, 3, 1))
    assert await queries.certification(principal=province, certification_id=certified.id) == certified
    assert await kinds() == ["certification.granted"]


async def test_granting_is_remembered_with_its_scores(certified, province):
    [entry] = await queries.history(certified.id)
    assert (entry.event, entry.status, entry.grade, entry.decided_level) == ("certify", "certified", 4, Level.PROVINCE)
    [assessment] = await queries.list_assessments(principal=province, limit=5)
    assert (assessment.status, assessment.scores, assessment.score, assessment.grade) == ("done", PASSING, 807, 4)
    assert (assessment.rubric, certified.grade_method) == (RUBRIC.version, RUBRIC.version)
    # Anyone may read every point that the first grade rests on, and that two assessors found it.
    explained, in_full = await assessments.visible_assessment(viewer=None, assessment_id=assessment.id)
    assert (explained, in_full) == (assessment, False)
    assert sum(line.points or 0 for line in await assessments.lines(assessment.id, revision=1)) == 807
    assert assessment.assessed_by == province.id != assessment.assessed_with is not None
    line = await fetch_one("SELECT action, actor_id, why FROM audit_events WHERE subject_id = $1", certified.id)
    assert dict(line) == {"action": "certification.granted", "actor_id": province.id, "why": "评估合格，公示无异议"}


async def test_numbers_are_never_given_twice(certify):
    first = await certify(name="甲（示例）")
    other = await certify(name="乙（示例）")
    assert int(other.number[-5:]) == int(first.number[-5:]) + 1


async def test_an_institution_has_one_certification_that_has_not_ended(certified, province):
    with pytest.raises(AlreadyCertified) as refusal:
        await procedure.certify(
            institution_id=certified.institution_id, sheet=sheet_of(), assessed_on=VISITED, actor=province, now=NOW
        )
    assert refusal.value.facts == {"certification_id": wire("crt", certified.id)}
    assert await fetch_value("SELECT count(*) FROM certifications") == 1


async def test_after_its_end_an_institution_may_be_certified_anew(certified, province):
    later = NOW + timedelta(days=3 * 366)
    assert await operations.expire_due(now=later) == 1
    again = await procedure.certify(
        institution_id=certified.institution_id, sheet=sheet_of(), assessed_on=later.date(), actor=province
    )
    shown = await queries.snapshot(institution_id=certified.institution_id, now=later)
    assert (shown.number, shown.status) == (again.number, "certified")
    assert (await certificate(certified.number)).status is Status.EXPIRED


@pytest.mark.parametrize(
    "scores",
    [
        Scores(environment=72, facilities=78, operations=90, services=329),  # 569 in total
        Scores(environment=71, facilities=130, operations=150, services=600),  # 环境 below 60 %
    ],
)
async def test_a_score_below_the_standard_is_not_certifiable(scores, certify):
    with pytest.raises(NotCertifiable) as refusal:
        await certify(scores=scores)
    assert refusal.value.facts == {"score": scores.total}
    assert await fetch_value("SELECT count(*) FROM certifications") == 0
    assert await kinds() == []


async def test_dates_that_cannot_be_are_refused_by_name(certify):
    with pytest.raises(Invalid) as past:
        await certify(name="乙（示例）", valid_from_on=date(2024, 2, 28))
    assert [field.pointer for field in past.value.fields] == ["/valid_from"]
    assert await fetch_value("SELECT count(*) FROM certifications") == 0


async def test_only_the_province_certifies(certify, prefecture, county, stranger):
    for number, (actor, refusal) in enumerate([(prefecture, Forbidden), (county, Forbidden), (stranger, NotFound)]):
        with pytest.raises(refusal):
            await certify(name=f"第{number}院（示例）", actor=actor)
    assert await fetch_value("SELECT count(*) FROM certifications") == 0


async def test_an_unknown_institution_cannot_be_certified(certify):
    with pytest.raises(NotFound):
        await certify(institution_id=new_id())


async def test_changbaishan_has_its_own_jurisdiction_within_two_counties(certify, province, prefecture, county):
    north = await certify(name="池北院（示例）", place_code="erdaobaihe")
    administration = officer(Level.PREFECTURE, "changbaishan")
    for insider in (administration, province):
        assert (await queries.certification(principal=insider, certification_id=north.id)).id == north.id
    # 池西 lies in 抚松 by division, but neither 抚松 nor 白山 reviews it.
    west = await certify(name="池西院（示例）", place_code="chixi")
    for outsider in (prefecture, county, officer(Level.PREFECTURE, BAISHAN)):
        with pytest.raises(NotFound):
            await queries.certification(principal=outsider, certification_id=west.id)
        with pytest.raises(NotFound):
            await operations.suspend(certification_id=west.id, reason="不合格", actor=outsider, now=NOW)
    assert {found.id for found in await queries.list_certifications(principal=administration, limit=5)} == {
        north.id,
        west.id,
    }
    assert await queries.list_certifications(principal=county, limit=5) == []
