"""What a payer sees."""

import msgspec

from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import transaction
from marketplace.kit.ids import new_id, wire
from marketplace.payments import operations, queries
from marketplace.payments.rules import RefundReason
from marketplace.payments.schemas import PaymentView, RefundView


def shown(view: msgspec.Struct) -> dict[str, object]:
    return msgspec.to_builtins(view)


async def test_a_payment_shows_its_page_only_while_it_can_be_used(desk):
    booking_id = new_id()
    payment_id = await desk.open(booking_id=booking_id)
    created = shown(PaymentView.of(await queries.payment(payment_id)))
    assert created["amount"] == {"amount": 428_000, "currency": "CNY"}
    assert (created["id"], created["booking_id"]) == (wire("pay", payment_id), wire("bkg", booking_id))
    assert (created["status"], created["checkout_url"], created["valid_transitions"]) == ("created", None, ["start"])
    started = shown(PaymentView.of(await desk.start(payment_id)))
    assert started["status"] == "pending"
    assert started["checkout_url"].startswith(desk.sandbox.url)
    async with transaction():
        await operations.cancel_open_payments(booking_id=booking_id, actor=SYSTEM, now=desk.now)
    assert PaymentView.of(await queries.payment(payment_id)).checkout_url is None


async def test_a_refund_names_its_payment_and_reason(desk):
    payment_id = await desk.paid()
    refund_id = await operations.request_refund(
        payment_id=payment_id, amount=100, reason=RefundReason.REVOCATION, dedupe="view", now=desk.now
    )
    view = shown(RefundView.of(await queries.refund(refund_id)))
    assert (view["id"], view["payment_id"]) == (wire("ref", refund_id), wire("pay", payment_id))
    assert (view["amount"], view["reason"], view["status"]) == (
        {"amount": 100, "currency": "CNY"},
        "revocation",
        "requested",
    )
