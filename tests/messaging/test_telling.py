"""Who is told what, once, in which words; and what the provider is given."""

from datetime import date, timedelta

import pytest

from marketplace.identity import operations as identity
from marketplace.identity.rules import RELAXED_CODES, Kind, Level
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_one, fetch_value
from marketplace.kit.ids import new_id, wire
from marketplace.messaging import gateway, operations
from marketplace.messaging.gateway import Outgoing, Undeliverable

CHECK_IN = date(2026, 7, 31)
NO_PASSWORD = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"


class Recorder:
    """A provider that remembers what it was given."""

    def __init__(self, refuse: Exception | None = None) -> None:
        self.got: list[Outgoing] = []
        self.refuse = refuse

    async def send(self, outgoing: Outgoing) -> str:
        if self.refuse is not None:
            raise self.refuse
        self.got.append(outgoing)
        return "provider-1"


@pytest.fixture
def provider():
    found = Recorder()
    gateway.use(found)
    yield found
    gateway.use(None)


async def staff(kind: Kind, now, **place) -> str:
    email = f"{new_id().hex}@test.example"
    await identity.register_staff(
        actor=SYSTEM, kind=kind, name="测试", email=email, password_hash=NO_PASSWORD, now=now, **place
    )
    return email


async def test_a_session_code_is_sent_once_and_its_readable_copy_erased(now, written):
    requested = await identity.request_code(phone="13800138000", policy=RELAXED_CODES, now=now)
    for _ in range(2):
        await operations.send_session_code(request_id=requested.request_id, now=now)
    [message] = await written()
    assert message.to == "+8613800138000"
    assert message.text == f"【候鸟】验证码 {message.code}，5 分钟内有效，请勿告诉他人。"
    assert await fetch_value("SELECT code FROM session_codes WHERE id = $1", requested.request_id) is None
    signed_in = await identity.sign_in_with_code(request_id=requested.request_id, code=message.code, now=now)
    assert signed_in.principal.kind == Kind.FAMILY


async def test_an_expired_code_is_not_sent(now, written):
    requested = await identity.request_code(phone="13800138000", policy=RELAXED_CODES, now=now)
    await operations.send_session_code(request_id=requested.request_id, now=requested.expires_at)
    assert await written() == []


async def test_a_confirmation_goes_to_the_guest_and_to_the_institution_without_the_guests_name(
    book, institution_id, now, written
):
    email = await staff(Kind.INSTITUTION, now, institution_id=institution_id)
    booking_id = await book(check_in=CHECK_IN)
    for _ in range(2):
        await operations.tell_of_confirmation(booking_id=booking_id, now=now)
    guest, host = await written()
    assert (guest.channel, guest.to, guest.template) == ("sms", "+8613800138000", "booking_confirmed")
    assert guest.text == (
        "【候鸟】长白山二道白河旅居养老中心（示例）已确认：7月31日入住，8月30日离店。机构电话 +864335700001。"
    )
    assert (host.channel, host.to, host.template) == ("mail", email, "booking_received")
    assert wire("bkg", booking_id) in host.text
    assert "李娜" not in host.text
    assert "13800138000" not in host.text


@pytest.mark.parametrize(
    ("status", "reason", "refund_amount", "template"),
    [
        ("cancelled", "cancellation", 600_000, "booking_cancelled"),
        ("cancelled", "cancellation", 0, "booking_cancelled_without_refund"),
        ("cancelled", "not_formed", 600_000, "departure_not_formed"),
    ],
)
async def test_a_cancellation_says_why_and_what_comes_back(book, now, written, status, reason, refund_amount, template):
    booking_id = await book(check_in=CHECK_IN, status=status)
    for _ in range(2):
        await operations.tell_of_cancellation(
            booking_id=booking_id, reason=reason, refund_amount=refund_amount, now=now
        )
    [message] = await written()
    assert message.template == template
    assert ("¥6,000.00" in message.text) == (refund_amount > 0)


@pytest.mark.parametrize(
    ("reason", "template"),
    [("cancellation", "hold_released"), ("not_formed", "hold_released"), ("revocation", "hold_voided")],
)
async def test_a_hold_that_ends_unpaid_says_that_nothing_was_charged(book, now, written, reason, template):
    booking_id = await book(check_in=CHECK_IN, status="cancelled", confirmed_at=None, paid_amount=0)
    await operations.tell_of_cancellation(booking_id=booking_id, reason=reason, refund_amount=0, now=now)
    [message] = await written()
    assert message.template == template
    assert "未产生费用" in message.text


async def test_a_displaced_guest_is_told_once_and_then_of_the_refund(book, now, written):
    booking_id = await book(check_in=CHECK_IN, status="cancelled", decision_id=new_id())
    await operations.tell_of_displacement(booking_id=booking_id, now=now)
    await operations.tell_of_cancellation(booking_id=booking_id, reason="revocation", refund_amount=600_000, now=now)
    refund_id = new_id()
    for _ in range(2):
        await operations.tell_of_refund(booking_id=booking_id, refund_id=refund_id, amount=600_000, now=now)
    assert [message.template for message in await written()] == ["booking_displaced", "refund_paid"]


async def test_two_refunds_of_one_booking_are_two_messages(book, now, written):
    booking_id = await book(check_in=CHECK_IN, status="cancelled")
    for _ in range(2):
        await operations.tell_of_refund(booking_id=booking_id, refund_id=new_id(), amount=300_000, now=now)
    assert [message.template for message in await written()] == ["refund_paid", "refund_paid"]


async def test_of_a_guaranteed_departure_only_those_who_paid_are_told(book, now, written):
    departure_id = new_id()
    for phone in ("+8613800138001", "+821012345678"):
        await book(check_in=CHECK_IN, departure_id=departure_id, phone=phone)
    await book(
        check_in=CHECK_IN, departure_id=departure_id, status="on_hold", confirmed_at=None, phone="+8613800138003"
    )
    for _ in range(2):
        await operations.tell_of_guaranteed_departure(departure_id=departure_id, now=now)
    chinese, english = await written()
    assert chinese.text == "【候鸟】您7月31日出发的旅居团已成团，8月30日返回，请按时参加。"
    assert english.text == (
        "[Houniao] Your group tour from 2026-07-31 to 2026-08-30 has enough travellers and will take place."
    )


async def test_officers_of_every_level_hear_of_guests_in_house(book, jurisdictions, now, written):
    emails = {
        await staff(Kind.OFFICER, now, level=Level.PROVINCE, jurisdiction="220000"),
        await staff(Kind.OFFICER, now, level=Level.PREFECTURE, jurisdiction="changbaishan"),
    }
    await staff(Kind.OFFICER, now, level=Level.PREFECTURE, jurisdiction="222400")
    booking_id = await book(check_in=CHECK_IN, status="checked_in")
    decision_id = new_id()
    for _ in range(2):
        await operations.tell_of_guests_in_house(booking_id=booking_id, decision_id=decision_id, now=now)
    messages = await written()
    assert len(messages) == 2
    assert {message.to for message in messages} == emails
    assert "2 人在住" in messages[0].text


async def test_an_assessment_goes_to_the_nearest_officers(assessment_id, jurisdictions, now, written):
    near = await staff(Kind.OFFICER, now, level=Level.PREFECTURE, jurisdiction="changbaishan")
    await staff(Kind.OFFICER, now, level=Level.PROVINCE, jurisdiction="220000")
    for _ in range(2):
        await operations.tell_of_assessment(assessment_id=assessment_id, now=now)
    [message] = await written()
    assert message.to == near
    assert "请于 7月31日 前完成对长白山二道白河旅居养老中心（示例）的质量评估" in message.text


async def test_an_assessment_where_nobody_is_near_goes_to_the_province(assessment_id, jurisdictions, now, written):
    province = await staff(Kind.OFFICER, now, level=Level.PROVINCE, jurisdiction="220000")
    await operations.tell_of_assessment(assessment_id=assessment_id, now=now)
    assert [message.to for message in await written()] == [province]


async def test_an_overdue_assessment_goes_to_the_level_it_has_reached(assessment_id, jurisdictions, now, written):
    prefecture = await staff(Kind.OFFICER, now, level=Level.PREFECTURE, jurisdiction="changbaishan")
    province = await staff(Kind.OFFICER, now, level=Level.PROVINCE, jurisdiction="220000")
    for level in ("prefecture", "prefecture", "province"):
        await execute("UPDATE assessment_orders SET escalated_to = $1, escalated_at = now()", level)
        await operations.tell_of_escalation(assessment_id=assessment_id, now=now)
    messages = await written()
    assert {message.to for message in messages} == {prefecture, province}
    assert len(messages) == 2
    assert "应于 7月31日 前完成，现已逾期" in messages[0].text


async def test_a_correction_goes_to_who_assesses(assessment_id, jurisdictions, now, written):
    prefecture = await staff(Kind.OFFICER, now, level=Level.PREFECTURE, jurisdiction="changbaishan")
    correction_id = new_id()
    for _ in range(2):
        await operations.tell_of_correction(assessment_id=assessment_id, correction_id=correction_id, now=now)
    [message] = await written()
    assert message.to == prefecture
    assert "答复前不予公布" in message.text


async def test_a_message_is_handed_over_once_and_is_sealed(now, provider):
    facts = {"code": "123456", "minutes": 5}
    message_id = await operations.write(template="session_code", to="13800138000", facts=facts, dedupe="once", now=now)
    for _ in range(2):
        await operations.deliver(message_id=message_id, now=now + timedelta(seconds=1))
    assert [(message.id, message.to, message.subject) for message in provider.got] == [
        (message_id, "+8613800138000", None)
    ]
    row = await fetch_one("SELECT * FROM messages WHERE id = $1", message_id)
    assert (row["status"], row["provider_reference"], row["sent_at"]) == (
        "sent",
        "provider-1",
        now + timedelta(seconds=1),
    )
    assert not any(b"13800138000" in value or b"123456" in value for value in row.values() if isinstance(value, bytes))


async def test_a_refused_message_is_set_aside(now, provider):
    provider.refuse = Undeliverable("no such number")
    message_id = await operations.write(
        template="session_code", to="13800138000", facts={"code": "1", "minutes": 5}, dedupe="once", now=now
    )
    await operations.deliver(message_id=message_id, now=now)
    assert await fetch_value("SELECT status FROM messages WHERE id = $1", message_id) == "undeliverable"


async def test_a_provider_that_is_away_leaves_the_message_queued(now, provider):
    provider.refuse = ConnectionError("away")
    message_id = await operations.write(
        template="session_code", to="13800138000", facts={"code": "1", "minutes": 5}, dedupe="once", now=now
    )
    with pytest.raises(ConnectionError):
        await operations.deliver(message_id=message_id, now=now)
    assert await fetch_value("SELECT status FROM messages WHERE id = $1", message_id) == "queued"


async def test_old_messages_are_forgotten(now):
    facts = {"code": "1", "minutes": 5}
    await operations.write(template="session_code", to="13800138000", facts=facts, dedupe="old", now=now)
    later = now + timedelta(days=180)
    await operations.write(template="session_code", to="13800138000", facts=facts, dedupe="new", now=later)
    assert await operations.forget(now=later) == 0
    assert await operations.forget(now=later + timedelta(seconds=1)) == 1
    assert await fetch_value("SELECT dedupe FROM messages") == "new"
