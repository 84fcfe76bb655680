"""An assessment over HTTP, as an officer, another, its institution and a stranger see it."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from marketplace.certifications import operations
from marketplace.identity import operations as identity
from marketplace.identity.rules import Kind, Level
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import transaction
from marketplace.kit.ids import new_id, parse
from seed.rubric import RUBRIC
from tests.certifications.conftest import BAISHAN, FUSONG, NOW, TODAY
from tests.certifications.sheets import sheet_of

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
async def certification(certify):
    return await certify(assessed_on=TODAY - timedelta(days=340))


@pytest.fixture
async def as_host(certification):
    async with transaction():
        staff_id = await identity.register_staff(
            actor=SYSTEM,
            kind=Kind.INSTITUTION,
            name="赵院长",
            email=f"{new_id().hex}@house.example",
            password_hash="$argon2id$v=19$never-used",
            institution_id=certification.institution_id,
            now=NOW,
        )
        opened = await identity.open_session(kind=Kind.INSTITUTION, holder_id=staff_id, now=NOW)
    return {"Authorization": f"Bearer {opened.token}"}


@pytest.fixture
async def route(client, certification, sign_in):
    await operations.order_due_assessments(now=NOW)
    county = await sign_in(Level.COUNTY, FUSONG)
    [order] = (await client.get("/v1/assessments?status=ordered", headers=county)).json()["items"]
    assert (order["due_on"], order["stage"], order["valid_transitions"]) == ("2027-03-26", "awaited", [])
    return f"/v1/assessments/{order['id']}"


def body(**points):
    return msgspec.to_builtins(sheet_of(**points))


async def test_an_assessment_from_findings_to_the_public(client, certification, route, sign_in, as_host):
    one, other = await sign_in(Level.PREFECTURE, BAISHAN), await sign_in(Level.PREFECTURE, BAISHAN)
    county = await sign_in(Level.COUNTY, FUSONG)
    result = body() | {"assessed_on": "2027-03-01"}
    assert (await client.post(f"{route}/result", json=result, headers=county)).status_code == 403
    entered = await client.post(f"{route}/result", json=result, headers=one)
    assert entered.status_code == 200, entered.text
    assert (entered.json()["stage"], entered.json()["valid_transitions"]) == ("awaiting_confirmation", ["enter"])
    alone = await client.post(f"{route}/confirmation", json={"revision": 1}, headers=one)
    assert (alone.status_code, alone.json()["code"]) == (409, "second_assessor_required")
    stale = await client.post(f"{route}/confirmation", json={"revision": 2}, headers=other)
    assert (stale.status_code, stale.json()["code"], stale.json()["revision"]) == (409, "result_changed", 1)
    for headers in ({}, as_host):
        assert (await client.get(route, headers=headers)).status_code == 404
    confirmed = await client.post(f"{route}/confirmation", json={"revision": 1}, headers=other)
    assert (confirmed.json()["stage"], confirmed.json()["preview_until"]) == ("preview", "2027-03-15T16:00:00Z")
    assert (await client.get(route)).status_code == 404

    preview = (await client.get(route, headers=as_host)).json()
    assert preview["valid_transitions"] == ["request_correction"]
    listed = (await client.get("/v1/assessments", headers=as_host)).json()["items"]
    assert [(item["stage"], item["revision"]) for item in listed] == [("published", 1), ("preview", 1)]
    asked = await client.post(
        f"{route}/corrections", json={"codes": ["S6"], "statement": "值守记录未计入"}, headers=as_host
    )
    assert (asked.status_code, asked.json()["status"]) == (201, "open")
    answer = f"{route}/corrections/{asked.json()['id']}/answer"
    accepted = await client.post(answer, json={"answer": "已核实", "corrected": body(S6=40)}, headers=one)
    assert (accepted.status_code, accepted.json()["revision"]) == (200, 2)
    again = await client.post(answer, json={"answer": "已核实"}, headers=one)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    await client.post(f"{route}/confirmation", json={"revision": 2}, headers=other)

    ends = datetime(2027, 3, 15, 16, tzinfo=UTC)
    await operations.publish_assessment(assessment_id=parse("asm", route.rpartition("/")[2]), now=ends)
    clock.travel(ends + timedelta(hours=1) - datetime.now(UTC))
    shown = (await client.get(route)).json()
    assert (shown["stage"], shown["rubric"], shown["revision"]) == ("published", RUBRIC.version, 2)
    assert sum(item["points"] for item in shown["items"]) == shown["score"] == sum(shown["scores"].values())
    assert {item["code"]: item["points_max"] for item in shown["items"]}["S6"] == 40
    assert [threshold["total"] for threshold in shown["thresholds"]] == [900, 780, 570, 450, 360]
    # The public sees every point, but not what they rest on, who found it, or what was said before.
    assert [line["evidence"] for line in shown["gates"] + shown["items"]] == [[]] * 38
    assert (shown["assessors"], shown["corrections"]) == ([], [])
    certificate = (await client.get(f"/v1/certificates/{certification.number}")).json()
    assert (
        certificate["grade"],
        certificate["grade_method"],
        certificate["grade_cap"],
        certificate["assessed_on"],
    ) == (
        4,
        RUBRIC.version,
        None,
        "2027-03-01",
    )


async def test_a_sheet_is_checked_line_by_line(client, route, sign_in):
    officer = await sign_in(Level.PREFECTURE, BAISHAN)
    result = body(E1=41) | {"assessed_on": "2027-03-01"}
    result["gates"] = result["gates"][1:]
    answer = await client.post(f"{route}/result", json=result, headers=officer)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/gates", "/items/0/points"]
    result = body() | {"assessed_on": "2027-03-01"}
    result["items"][3]["evidence"] = []
    answer = await client.post(f"{route}/result", json=result, headers=officer)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/items/3/evidence")


async def test_a_first_grade_is_explained_point_by_point_to_anyone(client, certification, sign_in):
    headers = await sign_in(Level.PROVINCE, "220000")
    [item] = (await client.get("/v1/assessments", headers=headers)).json()["items"]
    shown = (await client.get(f"/v1/assessments/{item['id']}")).json()
    assert (shown["stage"], shown["revision"], shown["rubric"], shown["score"]) == (
        "published",
        1,
        "gbt37276-2018",
        807,
    )
    assert shown["maxima"] == {"environment": 120, "facilities": 130, "operations": 150, "services": 600}
    assert (len(shown["gates"]), sum(found["points"] for found in shown["items"])) == (9, 807)
    assert (shown["assessors"], [found["evidence"] for found in shown["items"]]) == ([], [[]] * 29)


async def test_anyone_reads_the_rubric(client, gazetteer):
    answer = await client.get("/v1/rubrics")
    [before, rubric] = answer.json()["items"]
    assert (before["version"], before["effective_from"]) == ("gbt37276-2018", "2019-07-01")
    assert (rubric["version"], len(rubric["gates"]), len(rubric["items"])) == (RUBRIC.version, 9, 29)
    assert sum(item["points_max"] for item in rubric["items"]) == 1000
