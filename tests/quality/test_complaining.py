"""A complaint from the guest to its answer: who sees what, what it sets off, and what is refused."""

import pytest

from marketplace.identity.rules import Level
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import parse, wire
from tests.support.world import hold
from workers import handling

SECRET = "母亲患糖尿病，餐食未按医嘱"
COMPLAINT = {"subject": "food", "statement": SECRET}


async def complain(guest, booking_id, **facts):
    return await guest.post(f"/v1/bookings/{booking_id}/complaints", COMPLAINT | facts)


async def step(caller, complaint_id, name, **body):
    return await caller.post(f"/v1/complaints/{complaint_id}/{name}", body)


async def seen(caller, complaint_id) -> dict:
    answer = await caller.get(f"/v1/complaints/{complaint_id}")
    return answer.json() if answer.status_code == 200 else {"status": answer.status_code}


async def test_a_complaint_is_heard_referred_replied_to_and_answered(world, family, staff, officer, confirmed):
    booking_id = await confirmed(family)
    answer = await complain(family, booking_id)
    assert answer.status_code == 201, answer.text
    filed = answer.json()
    assert (filed["status"], filed["statement"], filed["valid_transitions"]) == ("received", SECRET, [])
    # The institution learns of it when it is asked, and then what it is asked.
    assert (await seen(staff, filed["id"]))["status"] == 404
    assert (await staff.get("/v1/complaints")).json()["items"] == []
    assert (await seen(officer, filed["id"]))["valid_transitions"] == ["refer", "answer"]

    referred = await step(officer, filed["id"], "referral", statement="请说明三月上旬的配餐安排")
    assert (referred.status_code, referred.json()["status"]) == (200, "referred")
    asked = await seen(staff, filed["id"])
    assert (asked["statement"], asked["referral"], asked["valid_transitions"]) == (
        None,
        "请说明三月上旬的配餐安排",
        ["reply"],
    )
    assert (await step(staff, filed["id"], "reply", statement="已调整配餐")).json()["status"] == "replied"
    closed = await step(officer, filed["id"], "answer", outcome="substantiated", statement="已责令整改")
    assert (closed.status_code, closed.json()["status"]) == (200, "answered")
    mine = await seen(family, filed["id"])
    assert (mine["outcome"], mine["answer"], mine["referral"], mine["reply"]) == (
        "substantiated",
        "已责令整改",
        None,
        None,
    )
    assert (await seen(staff, filed["id"]))["answer"] is None
    # Another may follow once this one is answered.
    assert (await complain(family, booking_id)).status_code == 201


async def test_what_was_said_is_sealed_and_in_no_event_log_or_mail(world, family, officer, confirmed):
    booking_id = await confirmed(family)
    await complain(family, booking_id)
    await handling.drain(now=clock.now())

    sealed = await fetch_value("SELECT statement FROM complaints")
    assert SECRET.encode() not in sealed
    told = await fetch("SELECT content FROM messages WHERE template = 'complaint_received'")
    assert len(told) == 1
    said = str(await fetch("SELECT kind, payload::text FROM outbox") + await fetch("SELECT * FROM audit_events"))
    assert "complaint.received" in said
    assert "糖尿病" not in said


async def test_three_complaints_order_an_assessment_and_the_officers_see_which(world, officer, confirmed):
    for n in range(3):
        guest = await world.family(f"+86138001380{n:02}")
        await complain(guest, await confirmed(guest))
        await handling.drain(now=clock.now())

    listed = (await officer.get("/v1/signals")).json()["items"]
    assert [one["kind"] for one in listed] == ["complaint"] * 3
    order_id = await fetch_value("SELECT id FROM assessment_orders WHERE status = 'ordered'")
    assert [one["assessment_id"] for one in listed] == [wire("asm", order_id), None, None]
    assert {one["subject_id"][:4] for one in listed} == {"cpl_"}
    due_on = await fetch_value("SELECT due_on FROM assessment_orders WHERE id = $1", order_id)
    assert (listed[0]["assessment_due"], due_on) == (due_on.isoformat(), world.day(30))
    elsewhere = await world.officer(Level.COUNTY, "222404")
    assert (await elsewhere.get("/v1/signals")).json()["items"] == []
    of_it = await officer.get("/v1/signals", params={"institution_id": listed[0]["institution_id"]})
    assert len(of_it.json()["items"]) == 3


async def test_abuse_that_an_answer_confirms_caps_the_grade_and_a_county_cannot_confirm_it(
    world, family, officer, confirmed
):
    filed = (await complain(family, await confirmed(family), subject="abuse")).json()
    finding = {"outcome": "substantiated", "statement": "监控证实"}
    # No county lies below 长白山; an officer of the county level there stands for any.
    county = await world.officer(Level.COUNTY, "changbaishan")
    refused = await step(county, filed["id"], "answer", **finding)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await seen(family, filed["id"]))["status"] == "received"

    assert (await step(officer, filed["id"], "answer", **finding)).status_code == 200
    await handling.drain(now=clock.now())
    shown = (await family.get(f"/v1/institutions/{wire('ins', world.institution_id)}")).json()["certification"]
    assert (shown["grade"], shown["grade_cap"]) == (1, "confirmed_abuse")
    kinds = [one["kind"] for one in (await officer.get("/v1/signals")).json()["items"]]
    assert kinds == ["confirmed_abuse", "complaint"]
    assert (await officer.get("/v1/signals")).json()["items"][0]["subject_id"] == filed["id"]


async def test_what_is_refused_changes_nothing(world, family, staff, officer, confirmed):
    unpaid = await hold(world, family, first=90)
    booking_id = await confirmed(family)
    filed = (await complain(family, booking_id)).json()
    stranger = await world.family("+8613900139000")
    elsewhere = await world.officer(Level.PREFECTURE, "222400")
    other_house = await world.staff(await world.add_institution("他院（示例）"))
    done = {"outcome": "unsubstantiated", "statement": "查无实据"}
    note = {"statement": "请说明"}
    before = await fetch("SELECT * FROM complaints")

    refusals = [
        (await complain(family, unpaid["id"]), 409, "stay_not_confirmed"),
        (await complain(family, booking_id), 409, "complaint_open"),
        (await complain(stranger, booking_id), 404, "not_found"),
        (await step(elsewhere, filed["id"], "referral", **note), 404, "not_found"),
        (await step(elsewhere, filed["id"], "answer", **done), 404, "not_found"),
        (await step(staff, filed["id"], "reply", **note), 404, "not_found"),
        (await step(other_house, filed["id"], "reply", **note), 404, "not_found"),
        (await complain(family, booking_id, subject="weather"), 422, "validation_failed"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer, _, _ in refusals] == [
        (status, code) for _, status, code in refusals
    ]
    assert await fetch("SELECT * FROM complaints") == before

    await step(officer, filed["id"], "answer", **done)
    for name, body in (("referral", note), ("answer", done)):
        late = await step(officer, filed["id"], name, **body)
        assert (late.status_code, late.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize("answered", [True, False])
async def test_a_partner_reads_the_answer_in_its_feed_and_a_family_by_sms(world, family, officer, confirmed, answered):
    partner = await world.partner()
    guest = partner if answered else family
    filed = (await complain(guest, await confirmed(guest))).json()
    await step(officer, filed["id"], "answer", outcome="unsubstantiated", statement="查无实据")
    await handling.drain(now=clock.now())

    sms = await fetch_value("SELECT count(*) FROM messages WHERE template = 'complaint_answered'")
    told = await fetch("SELECT audience, partner_id FROM outbox WHERE kind = 'complaint.answered'")
    assert sms == (0 if answered else 1)
    assert [(row["audience"], row["partner_id"]) for row in told] == [
        ("partner", partner.principal.id if answered else None)
    ]
    assert parse("cpl", filed["id"]) == await fetch_value("SELECT id FROM complaints")
