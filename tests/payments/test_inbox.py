"""The provider's door: real signatures, each event once, and nothing from a forger."""

import asyncio
import json
import time

import msgspec
import pytest
import stripe

from marketplace.kit.crypto import vault
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import new_id, wire
from marketplace.payments import operations, queries
from marketplace.payments.rules import IGNORED, RefundReason, Subject

SECRET = "whsec_payments"
PATH = "/v1/provider-webhooks/stripe"


def event(**changes: object) -> bytes:
    body = {
        "id": f"evt_{new_id().hex}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": None,
        "type": "checkout.session.completed",
        "data": {
            "object": {
                "id": "cs_test_1",
                "object": "checkout.session",
                "metadata": {"payment_id": wire("pay", new_id())},
                "customer_details": {"email": "li.lan@example.com", "name": "李兰"},
            }
        },
    }
    return json.dumps(body | changes, ensure_ascii=False).encode()


def sign(raw: bytes, *, at: float | None = None, secret: str = SECRET) -> str:
    return stripe.WebhookSignature.generate_signature_header(raw.decode(), secret, int(at or time.time()))


async def knock(door, raw, signature):
    headers = {"content-type": "application/json"} | ({"stripe-signature": signature} if signature else {})
    return await door.post(PATH, content=raw, headers=headers)


async def test_a_real_webhook_is_stored_once_and_applied_by_a_job(desk, door, mailbox):
    payment_id = await desk.paid()
    raw, signature = await mailbox.parcel("checkout.session.completed", wire("pay", payment_id))
    assert (await knock(door, raw, signature)).json() == {"received": True}
    again = sign(raw, at=time.time() - 10)
    assert (await knock(door, raw, again)).json() == {"received": True}
    [row] = await fetch("SELECT * FROM provider_events")
    assert (row["type"], row["subject_kind"], row["subject_id"]) == (
        "checkout.session.completed",
        "payment",
        payment_id,
    )
    assert row["provider_event_id"] == json.loads(raw)["id"]
    assert row["applied_at"] is None
    assert (await desk.published()).count("provider_events.apply") == 1
    assert await queries.resolve(row["id"]) == Subject(kind="payment", id=payment_id)
    opened = vault().open(row["payload"], table="provider_events", column="payload", row=row["id"])
    assert json.loads(opened) == json.loads(raw)


@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "charge.refunded", "refund.created"])
async def test_every_kind_of_object_leads_to_our_row(desk, door, mailbox, kind):
    payment_id = await desk.paid()
    refund_id = await operations.request_refund(
        payment_id=payment_id, amount=9_000, reason=RefundReason.OTHER, dedupe="kinds", now=desk.now
    )
    await operations.submit_refund(refund_id=refund_id, now=desk.now)
    raw, signature = await mailbox.parcel(kind, wire("pay", payment_id))
    assert (await knock(door, raw, signature)).status_code == 200
    expected = ("refund", refund_id) if kind.startswith("refund.") else ("payment", payment_id)
    [row] = await fetch("SELECT subject_kind, subject_id FROM provider_events")
    assert tuple(row) == expected


async def test_an_event_waits_until_it_is_marked_as_applied(desk, door, now):
    raw = event()
    await knock(door, raw, sign(raw))
    [event_id] = await fetch("SELECT id FROM provider_events")
    later = msgspec.convert(now.timestamp() + 120, type=type(now), strict=False).astimezone(now.tzinfo)
    assert await queries.unapplied(now) == []
    assert await queries.unapplied(later) == [event_id["id"]]
    await operations.mark_applied(event_id=event_id["id"], now=now)
    assert await queries.unapplied(later) == []


@pytest.mark.parametrize(
    "change",
    [
        {"type": "customer.created"},
        {"data": {"object": {"id": "cs_1", "object": "checkout.session", "metadata": {}}}},
        {"data": {"object": {"id": "cs_1", "object": "checkout.session", "metadata": None}}},
        {"data": {"object": {"id": "cs_1", "object": "checkout.session", "metadata": {"payment_id": "../../etc"}}}},
        {"data": {"object": {"object": "balance"}}},
    ],
)
async def test_what_is_not_about_us_is_kept_and_left_alone(desk, door, change):
    raw = event(**change)
    assert (await knock(door, raw, sign(raw))).status_code == 200
    [row] = await fetch("SELECT id, subject_kind, applied_at FROM provider_events")
    assert (row["subject_kind"], row["applied_at"] is None) == ("ignored", False)
    assert await queries.resolve(row["id"]) == IGNORED
    assert await desk.published() == []


FORGERIES = {
    "no signature": lambda raw: (raw, None),
    "an empty one": lambda raw: (raw, ""),
    "nonsense": lambda raw: (raw, "t=,v1="),
    "without a time": lambda raw: (raw, sign(raw).partition(",")[2]),
    "another secret": lambda raw: (raw, sign(raw, secret="whsec_of_somebody_else")),
    "another body": lambda raw: (raw.replace(b"completed", b"expired"), sign(raw)),
    "six minutes old": lambda raw: (raw, sign(raw, at=time.time() - 360)),
    "six minutes ahead": lambda raw: (raw, sign(raw, at=time.time() + 360)),
    "a day ahead": lambda raw: (raw, sign(raw, at=time.time() + 86_400)),
    "two times, one of them right": lambda raw: (raw, f"{sign(raw, at=time.time() + 86_400)},t={int(time.time())}"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forged_old_or_future_webhook_leaves_nothing(desk, door, forge):
    answer = await knock(door, *forge(event()))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_webhook_signature")
    assert await fetch_value("SELECT count(*) FROM provider_events") == 0
    assert await desk.published() == []


@pytest.mark.parametrize(
    "raw",
    [event(livemode=True), b"{}", b"[]", b"not json", b"", b"\xff\xfe", b'{"object": "v2.core.event"}', b'"evt"'],
    ids=["live mode", "empty object", "a list", "not json", "nothing", "not text", "a thin event", "a string"],
)
async def test_a_signed_body_that_is_not_for_us_leaves_nothing(desk, door, raw):
    signature = sign(raw) if raw.isascii() else "t=1,v1=0"
    answer = await knock(door, raw, signature)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_webhook_signature")
    assert await fetch_value("SELECT count(*) FROM provider_events") == 0


async def test_a_signature_may_carry_two_secrets_while_they_are_exchanged(desk, door):
    raw = event()
    other = sign(raw, secret="whsec_new").partition(",")[2]
    assert (await knock(door, raw, f"{sign(raw)},{other}")).status_code == 200
    assert await fetch_value("SELECT count(*) FROM provider_events") == 1


@pytest.mark.parametrize("disguise", ["", ",v0=abc", ", v1=0000"])
async def test_a_replayed_signature_is_refused_and_changes_nothing(desk, door, disguise):
    raw = event()
    signature = sign(raw)
    assert (await knock(door, raw, signature)).status_code == 200
    before = await fetch("SELECT * FROM provider_events")
    answer = await knock(door, raw, signature + disguise)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_webhook_signature")
    assert await fetch("SELECT * FROM provider_events") == before
    assert await desk.published() == ["provider_events.apply"]


async def test_the_sandbox_may_deliver_an_event_again(desk, door, sandbox, mailbox):
    payment_id = await desk.paid()
    first, signature = await mailbox.parcel("payment_intent.succeeded", wire("pay", payment_id))
    event_id = json.loads(first)["id"]
    assert (await knock(door, first, signature)).status_code == 200
    signed_at = int(signature.partition(",")[0].removeprefix("t="))
    await asyncio.sleep(max(0.0, signed_at + 1 - time.time()))  # The provider signs in seconds, each delivery anew.
    mailbox.parcels.clear()
    await sandbox.control(f"events/{event_id}/resend", {})
    second, fresh = await mailbox.parcel("payment_intent.succeeded", event_id)
    assert (await knock(door, second, fresh)).status_code == 200
    assert await fetch_value("SELECT cardinality(signed_at) FROM provider_events") == 2
    assert (await desk.published()).count("provider_events.apply") == 1


async def test_what_a_payer_typed_is_not_readable_in_the_database(desk, door):
    raw = event()
    await knock(door, raw, sign(raw))
    rows = await fetch(
        "SELECT provider_events::text AS row FROM provider_events UNION ALL SELECT outbox::text FROM outbox"
    )
    assert len(rows) == 2
    assert not any("li.lan" in row["row"] or "李兰" in row["row"] for row in rows)


async def test_webhooks_that_never_came_are_collected(desk, sandbox, now):
    await sandbox.control("chaos", {"drop_webhooks": 1.0})
    payment_id = await desk.paid()
    before = await operations.collect_missed_events(now=now)
    assert before >= 2
    assert await operations.collect_missed_events(now=now) == 0
    rows = await fetch("SELECT DISTINCT type FROM provider_events WHERE subject_id = $1", payment_id)
    assert {row["type"] for row in rows} == {"checkout.session.completed", "payment_intent.succeeded"}
