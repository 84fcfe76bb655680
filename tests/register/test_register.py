"""The register: full records in one call, history per institution, and exports with the same fields."""

import csv
import io
import json
from datetime import timedelta

import msgspec

from marketplace.certifications import operations as certifications
from marketplace.kit import clock
from marketplace.kit.ids import wire
from marketplace.register.schemas import RecordView
from seed.procedure import GROUNDS
from tests.certifications.conftest import NOW
from tests.credentials.test_credentials import revoke

FIELDS = RecordView.__struct_fields__


async def test_the_list_holds_full_records(client, certified, at_now) -> None:
    answer = await client.get("/v1/register")

    [record] = answer.json()["items"]
    assert tuple(record) == FIELDS
    assert record == record | {
        "institution_id": wire("ins", certified.institution_id),
        "name": "松江河康养院（示例）",
        "place_code": "songjianghe",
        "jurisdiction_code": "220621",
        "licensed_bed_count": 120,
        "certificate_number": certified.number,
        "status": "certified",
        "bookable": True,
        "grade": 4,
        "grade_as_of": "2027-03-01",
        "grade_until": "2028-03-01",
        "valid_until": "2030-02-28",
        "status_reason": "评估合格，公示无异议",
        "rectification_count": 0,
        "suspension_count": 0,
    }
    assert (await client.get(f"/v1/register/{record['institution_id']}")).json() == record


async def test_history_says_what_was_decided_why_and_when_but_not_by_whom(
    client, certified, county, province, second, at_now
):
    await certifications.suspend(certification_id=certified.id, reason="停业整顿", actor=county, now=NOW)
    await revoke(certified.id, province, second, now=NOW + timedelta(hours=1))
    answer = await client.get(f"/v1/register/{wire('ins', certified.institution_id)}/history")

    found = answer.json()["items"]
    assert [(one["event"], one["status"], one["reason"], one["decided_level"]) for one in found] == [
        ("certify", "certified", "评估合格，公示无异议", "province"),
        ("suspend", "suspended", "停业整顿", "county"),
        ("notice_revocation", "revocation_noticed", GROUNDS.facts, "province"),
        ("revoke", "revoked", "骗取认定", "province"),
    ]
    assert [one["decided_at"] for one in found] == [
        "2027-03-01T04:00:00Z",
        "2027-03-01T04:00:00Z",
        "2027-03-01T05:00:00Z",
        "2027-03-01T05:00:00Z",
    ]
    assert all(one["published_at"] and one["grade"] == 4 for one in found)
    for person in (county, province, second):
        assert person.id.hex not in answer.text
        assert str(person.id) not in answer.text


async def test_who_has_left_is_shown_only_when_asked_for(client, certified, certify, province, second, at_now) -> None:
    other = await certify(name="乙（示例）", place_code="hunchun")
    await revoke(certified.id, province, second, now=NOW)

    async def listed(query: str) -> list[str]:
        return [item["certificate_number"] for item in (await client.get(f"/v1/register{query}")).json()["items"]]

    assert await listed("") == [other.number]
    assert await listed("?ended=true") == [certified.number, other.number]
    assert await listed("?ended=true&status=revoked") == [certified.number]
    assert await listed("?status=revoked") == []
    assert await listed("?jurisdiction=222400") == [other.number]
    assert await listed("?jurisdiction=nowhere") == []
    left = (await client.get(f"/v1/register/{wire('ins', certified.institution_id)}")).json()
    assert (left["status"], left["bookable"], left["grade"], left["suspension_count"]) == ("revoked", False, None, 1)


async def test_a_certificate_that_ran_out_has_left_before_anything_wrote_it_down(client, certified) -> None:
    clock.travel(NOW + timedelta(days=1200) - clock.now())

    assert (await client.get("/v1/register")).json()["items"] == []
    [record] = (await client.get("/v1/register?ended=true")).json()["items"]
    assert record["status"] == "expired"


async def test_pages_follow_one_another(client, certify, at_now) -> None:
    made = [(await certify(name=f"机构{number}（示例）")).number for number in range(5)]
    seen, cursor = [], ""
    while True:
        page = (await client.get(f"/v1/register?limit=2{cursor}")).json()
        seen += [item["certificate_number"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == made


async def test_an_institution_that_was_never_certified_is_not_in_the_register(client, add_institution, at_now) -> None:
    institution_id = wire("ins", await add_institution())

    assert (await client.get("/v1/register?ended=true")).json()["items"] == []
    assert (await client.get(f"/v1/register/{institution_id}")).status_code == 404
    assert (await client.get(f"/v1/register/{institution_id}/history")).status_code == 404


async def test_exports_have_the_fields_and_the_values_of_the_list(client, certify, certified, county, at_now) -> None:
    await certify(name='引号"逗号,甲（示例）')
    await certifications.suspend(certification_id=certified.id, reason="停业整顿\n第二行", actor=county, now=NOW)
    listed = (await client.get("/v1/register")).json()["items"]

    lines = await client.get("/v1/register.ndjson")
    table = await client.get("/v1/register.csv")

    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line) for line in lines.text.splitlines()] == listed
    rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert tuple(rows[0]) == FIELDS
    for row, record in zip(rows, listed, strict=True):
        assert {name: _read(row[name], record[name]) for name in FIELDS} == record
    # msgspec reads the same type from both.
    assert msgspec.convert(listed[0], RecordView).certificate_number == certified.number


def _read(cell: str, like: object) -> object:
    match like:
        case bool():
            return cell == "true"
        case int() | float():
            return type(like)(cell)
        case list():
            return cell.split(";") if cell else []
        case None:
            return cell or None
    return cell
