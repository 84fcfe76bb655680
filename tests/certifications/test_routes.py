from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from marketplace.certifications import operations
from marketplace.identity import operations as identity
from marketplace.identity.rules import Kind, Level
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.ids import new_id, wire
from seed import procedure
from tests.certifications.conftest import BAISHAN, FUSONG, HUNCHUN, NOW, PROVINCE, TODAY, trace
from tests.certifications.sheets import sheet_of

pytestmark = pytest.mark.usefixtures("at_now")
SCORES = {"environment": 98, "facilities": 106, "operations": 121, "services": 482}
REASON = {"reason": "消防设施不合格"}
GROUNDS = {"facts": "伪造验收文件", "legal_basis": "认定办法", "rights": "可陈述申辩，可申请行政复议"}


@pytest.fixture
async def as_province(sign_in):
    return await sign_in(Level.PROVINCE, PROVINCE)


@pytest.fixture
async def as_prefecture(sign_in):
    return await sign_in(Level.PREFECTURE, BAISHAN)


@pytest.fixture
async def as_county(sign_in):
    return await sign_in(Level.COUNTY, FUSONG)


@pytest.fixture
async def as_stranger(sign_in):
    return await sign_in(Level.COUNTY, HUNCHUN)


async def sign_in_staff(institution_id):
    """Return the headers of somebody who works for an institution."""
    async with transaction():
        staff_id = await identity.register_staff(
            actor=SYSTEM,
            kind=Kind.INSTITUTION,
            name="李主任",
            email=f"{new_id().hex}@jilin.example",
            password_hash="$argon2id$v=19$never-used",
            institution_id=institution_id,
            now=NOW,
        )
        opened = await identity.open_session(
            kind=Kind.INSTITUTION, holder_id=staff_id, institution_id=institution_id, now=NOW
        )
    return {"Authorization": f"Bearer {opened.token}"}


def path(certification, action=""):
    return f"/v1/certifications/{wire('crt', certification.id)}{action}"


async def assess(client, sign_in, route, officers):
    """Have two officers of the province find the same; nobody below it, and nobody alone."""
    assessment = (await client.get(route, headers=officers["province"])).json()["assessment_id"]
    sheet = {**msgspec.to_builtins(sheet_of()), "assessed_on": "2027-03-01"}
    for level, status in (("county", 403), ("prefecture", 403), ("province", 200)):
        entered = await client.post(f"/v1/assessments/{assessment}/result", json=sheet, headers=officers[level])
        assert entered.status_code == status, entered.text
    alone = await client.post(
        f"/v1/assessments/{assessment}/confirmation", json={"revision": 1}, headers=officers["province"]
    )
    assert (alone.status_code, alone.json()["code"]) == (409, "second_assessor_required")
    colleague = await sign_in(Level.PROVINCE, PROVINCE)
    agreed = await client.post(f"/v1/assessments/{assessment}/confirmation", json={"revision": 1}, headers=colleague)
    assert (agreed.status_code, agreed.json()["stage"], agreed.json()["certification_id"]) == (200, "preview", None)
    return assessment


async def test_an_application_becomes_a_certificate_over_http(client, sign_in, at_now, add_institution):
    institution_id = await add_institution()
    staff = await sign_in_staff(institution_id)
    officers = {
        "county": await sign_in(Level.COUNTY, FUSONG),
        "prefecture": await sign_in(Level.PREFECTURE, BAISHAN),
        "province": await sign_in(Level.PROVINCE, PROVINCE),
    }
    opened = await client.post("/v1/certification-applications", json={"kind": "initial"}, headers=staff)
    assert opened.status_code == 201, opened.text
    route = f"/v1/certification-applications/{opened.json()['id']}"
    early = await client.post(f"{route}/submission", headers=staff)
    assert (early.status_code, early.json()["code"]) == (422, "evidence_missing")
    for kind in early.json()["kinds"]:
        document = {"kind": kind, "reference": "示例第 001 号", "valid_until": "2029-12-31"}
        assert (await client.post(f"{route}/evidence", json=document, headers=staff)).status_code == 200
    # Before it is submitted an application is nobody's business.
    assert (await client.get(route, headers=officers["county"])).status_code == 404
    submitted = await client.post(f"{route}/submission", headers=staff)
    assert (submitted.status_code, submitted.json()["status"]) == (200, "submitted")
    [deadline] = submitted.json()["deadlines"]
    assert (deadline["clock"], deadline["due_on"], deadline["tentative"]) == ("completeness", "2027-03-08", True)
    steps = [
        ("county", {"outcome": "accept"}, "accepted"),
        ("county", {"outcome": "endorse_at_county"}, "county_passed"),
        ("prefecture", {"outcome": "endorse_at_prefecture"}, "prefecture_passed"),
    ]
    for level, step, status in steps:
        seen = (await client.get(route, headers=officers[level])).json()
        assert step["outcome"] in seen["valid_transitions"]
        answer = await client.post(f"{route}/reviews", json={**step, "reason": "符合要求"}, headers=officers[level])
        assert (answer.status_code, answer.json()["status"]) == (201, status), answer.text
    assessment = await assess(client, sign_in, route, officers)
    publicise = {"outcome": "publicise", "reason": "拟认定"}
    early = await client.post(f"{route}/reviews", json=publicise, headers=officers["province"])
    assert (early.status_code, early.json()["code"], early.json()["until"]) == (409, "preview_running", "2027-03-15")
    assert (await client.get(f"/v1/assessments/{assessment}")).status_code == 404
    clock.travel(NOW + timedelta(days=15) - datetime.now(UTC))
    officers["province"] = await sign_in(Level.PROVINCE, PROVINCE, now=NOW + timedelta(days=15))
    officers["county"] = await sign_in(Level.COUNTY, FUSONG, now=NOW + timedelta(days=15))
    shown = await client.post(f"{route}/reviews", json=publicise, headers=officers["province"])
    assert (shown.status_code, shown.json()["status"]) == (201, "publicity"), shown.text
    # Whoever may object can read every point, though not the evidence.
    explained = (await client.get(f"/v1/assessments/{assessment}")).json()
    assert (explained["score"], sum(item["points"] for item in explained["items"])) == (843, 843)
    assert [gate["code"] for gate in explained["gates"]] == [f"G{n}" for n in range(1, 10)]
    certify = {"outcome": "certify", "reason": "公示无异议"}
    running = await client.post(f"{route}/reviews", json=certify, headers=officers["province"])
    assert (running.status_code, running.json()["code"], running.json()["until"]) == (
        409,
        "publicity_running",
        "2027-03-23",
    )
    [shown] = (await client.get("/v1/publicity")).json()["items"]
    assert (shown["institution_id"], shown["grade"]) == (wire("ins", institution_id), 4)
    objection = {"statement": "夜间无人值守"}
    raised = await client.post(f"/v1/publicity/{shown['id']}/objections", json=objection, headers=officers["county"])
    assert (raised.status_code, raised.json()["outcome"]) == (201, None)
    answer = {"outcome": "dismiss_objections", "reason": "夜班记录完整"}
    assert (await client.post(f"{route}/reviews", json=answer, headers=officers["province"])).status_code == 201
    clock.travel(NOW + timedelta(days=23) - datetime.now(UTC))
    again = await sign_in(Level.PROVINCE, PROVINCE, now=NOW + timedelta(days=23))
    done = await client.post(f"{route}/reviews", json=certify, headers=again)
    assert (done.status_code, done.json()["status"], done.json()["deadlines"]) == (201, "certified", []), done.text
    read = await client.get(f"/v1/certifications/{done.json()['certification_id']}", headers=again)
    assert (read.json()["status"], read.json()["valid_from"], read.json()["valid_until"]) == (
        "certified",
        "2027-03-24",
        "2030-03-23",
    )
    assert [step["event"] for step in done.json()["history"]] == [
        "submit", "accept", "endorse_at_county", "endorse_at_prefecture", "assess", "publicise", "raise_objection",
        "dismiss_objections", "certify",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"outcome": "reject", "reason": "不符合条件"}, "/legal_basis"),
        ({"outcome": "reject", "reason": "不符合条件", "legal_basis": "认定办法"}, "/rights"),
        ({"outcome": "assess", "reason": "已评估"}, "/outcome"),
        ({"outcome": "revoke", "reason": "撤销"}, "/outcome"),
    ],
)
async def test_a_step_without_its_papers_is_refused(body, pointer, client, as_province, certified):
    application_id = await fetch_value("SELECT application_id FROM certifications WHERE id = $1", certified.id)
    route = f"/v1/certification-applications/{wire('app', application_id)}/reviews"
    answer = await client.post(route, json=body, headers=as_province)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("missing", ["facts", "legal_basis", "rights"])
async def test_a_notice_without_its_papers_is_refused(missing, client, as_province, certified):
    body = {"kind": "suspension", **GROUNDS}
    del body[missing]
    before = await trace(certified.id)
    answer = await client.post(path(certified, "/notices"), json=body, headers=as_province)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [f"/{missing}"])
    assert await trace(certified.id) == before


async def test_a_proceeding_over_http(client, as_county, as_prefecture, certified):
    staff = await sign_in_staff(certified.institution_id)
    notice = {"kind": "suspension", **GROUNDS}
    below = await client.post(path(certified, "/notices"), json=notice, headers=as_county)
    assert (below.status_code, below.json()["code"]) == (403, "forbidden")
    noticed = await client.post(path(certified, "/notices"), json=notice, headers=as_prefecture)
    assert (noticed.status_code, noticed.json()["status"]) == (201, "noticed"), noticed.text
    route = f"/v1/cases/{noticed.json()['id']}"
    again = await client.post(path(certified, "/notices"), json=notice, headers=as_prefecture)
    assert (again.status_code, again.json()["case_id"]) == (409, noticed.json()["id"])
    conclusion = {"proceed": True, "defence_outcome": "不予采纳"}
    early = await client.post(f"{route}/conclusion", json=conclusion, headers=as_prefecture)
    assert (early.status_code, early.json()["code"], early.json()["until"]) == (409, "defence_pending", "2027-03-08")
    assert (await client.get(route, headers=staff)).json()["valid_transitions"] == ["defend"]
    answered = await client.post(f"{route}/defence", json={"statement": "不实"}, headers=staff)
    assert (answered.status_code, answered.json()["defence"]) == (200, "不实")
    decided = await client.post(f"{route}/conclusion", json=conclusion, headers=as_prefecture)
    assert (decided.status_code, decided.json()["status"]) == (200, "decided")
    assert (await client.get(path(certified), headers=as_county)).json()["status"] == "suspended"
    appeal = await client.post("/v1/appeals", json={"grounds": "不服", "case_id": decided.json()["id"]}, headers=staff)
    assert (appeal.status_code, appeal.json()["status"]) == (201, "filed"), appeal.text
    assert (await client.get(path(certified), headers=as_county)).json()["status"] == "suspended"
    both = await client.post("/v1/appeals", json={"grounds": "不服"}, headers=staff)
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "/case_id")


async def test_suspending_and_reinstating_over_http(client, as_county, as_prefecture, certified):
    suspended = await client.post(path(certified, "/suspension"), json=REASON, headers=as_county)
    assert suspended.status_code == 200, suspended.text
    body = suspended.json()
    assert (body["status"], body["bookable"], body["grade"], body["assessed_grade"]) == ("suspended", False, 1, 4)
    assert (body["restricted_by"], body["valid_transitions"]) == ("county", ["state_reasons"])
    before = await trace(certified.id)
    twice = await client.post(path(certified, "/suspension"), json=REASON, headers=as_county)
    assert (twice.status_code, twice.json()["code"], twice.json()["current"]) == (
        409,
        "illegal_transition",
        "suspended",
    )
    below = await client.post(path(certified, "/reinstatement"), json=REASON, headers=as_county)
    assert (below.status_code, below.json()["code"]) == (403, "forbidden")
    assert await trace(certified.id) == before
    lifted = await client.post(path(certified, "/reinstatement"), json=REASON, headers=as_prefecture)
    assert (lifted.status_code, lifted.json()["status"]) == (200, "certified")


async def test_rectification_over_http(client, as_county, as_prefecture, certified):
    order = {**REASON, "safety_defect": False, "rectify_by": "2027-04-01"}
    ordered = await client.post(path(certified, "/rectification"), json=order, headers=as_prefecture)
    assert (ordered.status_code, ordered.json()["status"]) == (200, "under_rectification")
    assert (ordered.json()["rectify_by"], ordered.json()["bookable"], ordered.json()["grade"]) == (
        "2027-04-01",
        True,
        2,
    )
    done = path(certified, "/rectification/completion")
    early = await client.post(done, json=REASON, headers=as_prefecture)
    assert (early.status_code, early.json()["code"]) == (409, "report_missing")
    staff = await sign_in_staff(certified.institution_id)
    [item] = (await client.get("/v1/rectifications", headers=staff)).json()["items"]
    report = await client.post(f"/v1/rectifications/{item['id']}/report", json={"report": "已整改"}, headers=staff)
    assert (report.status_code, report.json()["status"]) == (200, "reported")
    below = await client.post(done, json=REASON, headers=as_county)
    assert (below.status_code, below.json()["code"]) == (403, "higher_level_required")
    accepted = await client.post(done, json=REASON, headers=as_prefecture)
    assert (accepted.status_code, accepted.json()["status"]) == (200, "certified")


async def test_a_revocation_is_asked_for_and_waits(client, sign_in, as_province, province, certified):
    early = await client.post(path(certified, "/revocation"), json=REASON, headers=as_province)
    assert (early.status_code, early.json()["code"]) == (409, "illegal_transition")
    await procedure.conclude_revocation(certified, actor=province, now=NOW)
    asked = await client.post(path(certified, "/revocation"), json=REASON, headers=as_province)
    assert asked.status_code == 202, asked.text
    decision = asked.json()
    assert (decision["kind"], decision["status"], decision["reason"]) == ("revocation", "pending", REASON["reason"])
    assert decision["certification_id"] == wire("crt", certified.id)
    assert (decision["approved_by"], decision["approved_at"], decision["valid_transitions"]) == (None, None, [])
    assert len(decision["payload_hash"]) == 64
    other = await sign_in(Level.PROVINCE, PROVINCE)
    read = await client.get(f"/v1/decisions/{decision['id']}", headers=other)
    assert read.json() == {**decision, "valid_transitions": ["approve"]}
    listed = await client.get("/v1/decisions?status=pending", headers=other)
    assert listed.json() == {"items": [read.json()], "next_cursor": None}
    again = await client.post(path(certified, "/revocation"), json=REASON, headers=other)
    assert (again.status_code, again.json()["code"], again.json()["decision_id"]) == (
        409,
        "decision_pending",
        decision["id"],
    )


async def test_lists_are_scoped_filtered_and_paged(client, certify, as_province, as_county, as_stranger, county):
    first = await certify(name="甲（示例）")
    other = await certify(name="乙（示例）")
    away = await certify(name="丙（示例）", place_code="hunchun")
    await operations.suspend(certification_id=other.id, reason="停业", actor=county, now=NOW)

    async def listed(headers, query=""):
        answer = await client.get(f"/v1/certifications{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(answer):
        return [item["id"] for item in answer["items"]]

    a, b, c = (wire("crt", found.id) for found in (first, other, away))
    assert ids(await listed(as_province)) == [a, b, c]
    assert ids(await listed(as_county)) == [a, b]
    assert ids(await listed(as_stranger)) == [c]
    assert ids(await listed(as_province, "?status=suspended")) == [b]
    assert ids(await listed(as_province, f"?institution_id={wire('ins', away.institution_id)}")) == [c]
    assert ids(await listed(as_county, f"?institution_id={wire('ins', away.institution_id)}")) == []
    page = await listed(as_province, "?limit=2")
    assert ids(page) == [a, b]
    rest = await listed(as_province, f"?limit=2&cursor={page['next_cursor']}")
    assert (ids(rest), rest["next_cursor"]) == ([c], None)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?status=paused", 422, "validation_failed"),
        ("?limit=0", 422, "validation_failed"),
        ("?cursor=zzz", 422, "bad_cursor"),
        ("?institution_id=bkg_1", 404, "not_found"),
        ("?statsu=certified", 400, "unknown_field"),
    ],
)
async def test_a_bad_query_is_refused(query, status, code, client, as_province):
    answer = await client.get(f"/v1/certifications{query}", headers=as_province)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_officer_of_another_jurisdiction_finds_nothing(client, certified, province, as_stranger):
    await procedure.conclude_revocation(certified, actor=province, now=NOW)
    decision = await operations.request_revocation(
        certification_id=certified.id, reason="查证属实", actor=province, now=NOW
    )
    before = await trace(certified.id)
    decision_path = f"/v1/decisions/{wire('dec', decision.id)}"
    for read in (path(certified), decision_path, path(certified).replace("crt_", "ins_"), "/v1/certifications/crt_1"):
        assert (await client.get(read, headers=as_stranger)).status_code == 404
    for action in ("/suspension", "/rectification/completion"):
        answer = await client.post(path(certified, action), json=REASON, headers=as_stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    ordered = await client.post(
        path(certified, "/rectification"), json={**REASON, "safety_defect": True}, headers=as_stranger
    )
    assert ordered.status_code == 404
    for listing in ("/v1/certifications", "/v1/decisions", "/v1/assessments"):
        assert (await client.get(listing, headers=as_stranger)).json()["items"] == []
    assert await trace(certified.id) == before


async def test_strangers_and_institutions_stay_outside(client, certified):
    family_id = await identity.register_family(phone="+8613800138000", now=NOW)
    async with transaction():
        family = await identity.open_session(kind=Kind.FAMILY, holder_id=family_id, now=NOW)
    headers = {"Authorization": f"Bearer {family.token}"}
    before = await trace(certified.id)
    for method, route in [
        ("GET", "/v1/certifications"),
        ("GET", path(certified)),
        ("POST", path(certified, "/suspension")),
        ("POST", path(certified, "/rectification")),
        ("POST", path(certified, "/rectification/completion")),
        ("POST", path(certified, "/reinstatement")),
        ("POST", path(certified, "/revocation")),
        ("GET", "/v1/decisions"),
        ("GET", f"/v1/decisions/{wire('dec', new_id())}"),
        ("GET", "/v1/assessments"),
        ("POST", f"/v1/assessments/{wire('asm', new_id())}/result"),
        ("POST", f"/v1/assessments/{wire('asm', new_id())}/confirmation"),
        ("POST", f"/v1/assessments/{wire('asm', new_id())}/corrections"),
    ]:
        assert (await client.request(method, route)).status_code == 401, route
        assert (await client.request(method, route, headers=headers)).status_code == 403, route
    assert await trace(certified.id) == before


async def test_anyone_may_check_a_certificate_and_sees_it_live(client, certified, county):
    route = f"/v1/certificates/{certified.number}"
    first = await client.get(route)
    assert first.status_code == 200
    public = first.json()
    assert public == public | {
        "number": certified.number,
        "status": "certified",
        "bookable": True,
        "grade": 4,
        "grade_method": "jl-sojourn-2026.1",
        "plaque_text": "旅居养老认定机构",
        "grade_cap": None,
        "valid_from": "2027-03-01",
        "valid_until": "2030-02-28",
        "assessed_on": "2027-03-01",
        "assessment_overdue": False,
        "institution_id": wire("ins", certified.institution_id),
        "institution_name": "松江河康养院（示例）",
    }
    known = {"If-None-Match": first.headers["ETag"]}
    assert (await client.get(route, headers=known)).status_code == 304
    await operations.suspend(certification_id=certified.id, reason="停业", actor=county, now=NOW)
    live = await client.get(route, headers=known)
    assert (live.status_code, live.json()["status"], live.json()["bookable"], live.json()["grade"]) == (
        200,
        "suspended",
        False,
        1,
    )


@pytest.mark.parametrize("number", ["JLLJ-2027-99999", "JLLJ-2027-1", "x", "%00", "JLLJ-2027-00001%0A"])
async def test_an_unknown_certificate_is_not_found(number, client, certified):
    answer = await client.get(f"/v1/certificates/{number}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_the_check_before_a_sale_is_one_statement(count_queries, certified):
    async with count_queries() as statements, transaction():
        await operations.ensure_bookable(
            institution_id=certified.institution_id, check_in=TODAY, check_out=TODAY + timedelta(days=7), now=NOW
        )
    assert len(statements) == 1


async def test_a_list_costs_the_same_however_long_it_is(count_queries, client, certify, as_province):
    counts = []
    for number in range(3):
        await certify(name=f"第{number}院（示例）")
        async with count_queries() as statements:
            assert len((await client.get("/v1/certifications", headers=as_province)).json()["items"]) == number + 1
        counts.append(len(statements))
    assert len(set(counts)) == 1


async def test_two_officers_revoke_over_http_and_the_certificate_says_so_at_once(
    client, sign_in, as_province, province, certified
):
    await procedure.conclude_revocation(certified, actor=province, now=NOW)
    asked = await client.post(path(certified, "/revocation"), json=REASON, headers=as_province)
    approvals = f"/v1/decisions/{asked.json()['id']}/approvals"
    before = await trace(certified.id)
    alone = await client.post(approvals, headers=as_province)
    assert (alone.status_code, alone.json()["code"]) == (409, "second_officer_required")
    assert await trace(certified.id) == before
    second = await sign_in(Level.PROVINCE, PROVINCE)
    approved = await client.post(approvals, headers=second)
    assert approved.status_code == 201, approved.text
    assert (approved.json()["status"], approved.json()["bookable"], approved.json()["valid_transitions"]) == (
        "revoked",
        False,
        [],
    )
    public = (await client.get(f"/v1/certificates/{certified.number}")).json()
    assert (public["status"], public["bookable"], public["grade"]) == ("revoked", False, None)
