"""Incidents: who reports, what is a signal, and what a conclusion does."""

from datetime import timedelta

import pytest

from marketplace.identity.rules import Level
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import wire
from workers import handling


def report_of(world, **facts) -> dict:
    return {
        "institution_id": wire("ins", world.institution_id),
        "kind": "fall",
        "severity": "serious",
        "occurred_at": world.now.isoformat(),
        "statement": "三楼走廊跌倒，送医",
    } | facts


@pytest.mark.parametrize(("severity", "orders"), [("minor", 0), ("serious", 1), ("grave", 1)])
async def test_an_incident_that_is_grave_enough_orders_a_visit(world, staff, officer, severity, orders):
    answer = await staff.post("/v1/incidents", report_of(world, severity=severity))
    assert answer.status_code == 201, answer.text
    await handling.drain(now=clock.now())

    ordered = await fetch("SELECT reason, due_on FROM assessment_orders WHERE status = 'ordered'")
    assert [(row["reason"], row["due_on"]) for row in ordered] == [("incident", world.day(10))] * orders
    signals = (await officer.get("/v1/signals")).json()["items"]
    assert [one["subject_id"] for one in signals] == [answer.json()["id"]] * orders
    assert [item["id"] for item in (await officer.get("/v1/incidents")).json()["items"]] == [answer.json()["id"]]
    assert await fetch_value("SELECT count(*) FROM messages WHERE template = 'incident_reported'") == 1


async def test_what_an_officer_concludes_stays_and_confirmed_abuse_is_a_signal(world, staff, officer):
    reported = (await officer.post("/v1/incidents", report_of(world, kind="abuse", severity="minor"))).json()
    path = f"/v1/incidents/{reported['id']}"
    assert (await staff.get(path)).json()["reported_by_kind"] == "officer"
    finding = {"outcome": "confirmed", "statement": "证人与录像一致"}
    county = await world.officer(Level.COUNTY, "changbaishan")
    assert (await county.post(f"{path}/conclusion", finding)).status_code == 403
    concluded = await officer.post(f"{path}/conclusion", finding)
    assert (concluded.status_code, concluded.json()["status"], concluded.json()["outcome"]) == (
        200,
        "concluded",
        "confirmed",
    )
    again = await officer.post(f"{path}/conclusion", finding)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    await handling.drain(now=clock.now())
    assert [row["kind"] for row in await fetch("SELECT kind FROM certification_signals")] == ["confirmed_abuse"]
    assert await fetch_value("SELECT abuse_confirmed_on FROM certifications") == world.today


async def test_nobody_reports_what_is_not_theirs_or_has_not_happened(world, staff, officer):
    other = await world.add_institution("他院（示例）")
    elsewhere = await world.officer(Level.COUNTY, "222404")
    late = (world.now + timedelta(hours=1)).isoformat()
    refused = [
        await staff.post("/v1/incidents", report_of(world, institution_id=wire("ins", other))),
        await elsewhere.post("/v1/incidents", report_of(world)),
        await staff.post("/v1/incidents", report_of(world, occurred_at=late)),
        await staff.post("/v1/incidents", report_of(world, occurred_at="2026-01-01T00:00:00")),
        await staff.post("/v1/incidents", report_of(world, occurred_at="0001-01-01T00:00:00+14:00")),
    ]
    assert [answer.status_code for answer in refused] == [404, 404, 422, 422, 422]
    assert await fetch_value("SELECT count(*) FROM incidents") == 0
