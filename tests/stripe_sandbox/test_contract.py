"""What can be done with a key alone is done alike at the sandbox and at Stripe itself, in test mode.

The base is the only difference: ``STRIPE_TEST_KEY`` adds Stripe's own to the sandbox's. Nothing here uses a page, a clock
or a knob of the sandbox. Where Stripe takes its time, the tests ask again.
"""

import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.support.stripe_shapes import faults

PATIENCE_S = 60.0
CARD = {"currency": "cny", "allowed_payment_method_types": ["card"], "confirm": True, "amount": 100_000}


KEY = os.environ.get("STRIPE_TEST_KEY", "")
BASES = ("sandbox", "stripe") if KEY.startswith(("sk_test_", "rk_test_")) else ("sandbox",)


@pytest.fixture(scope="module", params=BASES)
def v1(request, sandbox, new_sdk) -> Any:
    """The SDK's resources at a base."""
    if request.param == "sandbox":
        return new_sdk(sandbox.url).v1
    return new_sdk("https://api.stripe.com", key=KEY).v1


def eventually(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := ask()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.1)
    return found


def pay(v1: Any, method: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
    return v1.payment_intents.create({**CARD, "payment_method": method, **more})


def well_formed(*things: Any) -> None:
    assert Counter(fault for thing in things for fault in faults(thing.to_dict())) == {}


def test_a_card_pays_and_its_charge_says_so(v1):
    customer = v1.customers.create({"name": "contract", "metadata": {"suite": "contract"}})
    paid = pay(v1, customer=customer.id, metadata={"payment_id": "pay_1"}, transfer_group="bkg_contract")
    charge = v1.charges.retrieve(paid.latest_charge, {"expand": ["balance_transaction"]})
    assert (paid.status, paid.amount_received, paid.currency) == ("succeeded", 100_000, "cny")
    assert (charge.paid, charge.captured, charge.amount, charge.payment_intent) == (True, True, 100_000, paid.id)
    assert charge.transfer_group == "bkg_contract"
    assert charge.balance_transaction.fee > 0
    assert v1.payment_intents.retrieve(paid.id).metadata.to_dict() == {"payment_id": "pay_1"}
    well_formed(customer, paid, v1.charges.retrieve(paid.latest_charge), charge.balance_transaction)
    v1.customers.delete(customer.id)
    with pytest.raises(stripe.CardError) as declined:
        pay(v1, "pm_card_visa_chargeDeclined")
    assert (declined.value.http_status, declined.value.code, declined.value.error.decline_code) == (
        402,
        "card_declined",
        "generic_decline",
    )


def test_a_key_stands_for_one_request(v1):
    paid = pay(v1)
    key = {"idempotency_key": f"contract-{paid.id}"}
    refund = v1.refunds.create({"payment_intent": paid.id, "amount": 40_000}, key)
    assert v1.refunds.create({"payment_intent": paid.id, "amount": 40_000}, key).id == refund.id
    with pytest.raises(stripe.IdempotencyError) as reused:
        v1.refunds.create({"payment_intent": paid.id, "amount": 30_000}, key)
    assert reused.value.http_status == 400
    assert v1.charges.retrieve(paid.latest_charge).amount_refunded == 40_000
    well_formed(refund)


@pytest.mark.parametrize(
    ("wrong", "param"),
    [({"amount": 60_001}, "amount"), ({"amount": 0}, "amount"), ({"charge": "ch_nobody"}, None)],
)
def test_no_more_goes_back_than_came_in(v1, wrong, param):
    paid = pay(v1)
    v1.refunds.create({"payment_intent": paid.id, "amount": 40_000})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.refunds.create({"payment_intent": paid.id, **wrong} if "charge" not in wrong else wrong)
    assert refused.value.http_status in (400, 404)
    assert param is None or refused.value.param in (param, None)
    assert v1.charges.retrieve(paid.latest_charge).amount_refunded == 40_000


def test_a_refund_that_fails_gives_the_money_back_to_us(v1):
    paid = pay(v1, "pm_card_refundFail")
    refund = v1.refunds.create({"payment_intent": paid.id})
    failed = eventually(lambda: (now := v1.refunds.retrieve(refund.id)).status == "failed" and now)
    assert failed.failure_balance_transaction
    well_formed(failed)


def test_a_bank_takes_money_back_and_gives_it_up(v1):
    paid = pay(v1, "pm_card_createDispute")
    found = eventually(lambda: v1.disputes.list({"payment_intent": paid.id}).data)
    (dispute,) = found
    assert (dispute.amount, dispute.status, dispute.charge) == (100_000, "needs_response", paid.latest_charge)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.refunds.create({"payment_intent": paid.id})
    assert refused.value.code == "charge_disputed"
    v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True})
    won = eventually(lambda: (now := v1.disputes.retrieve(dispute.id)).status == "won" and now)
    assert sum(moved.amount for moved in won.balance_transactions) == 0
    well_formed(dispute, won)


def test_an_inquiry_takes_nothing(v1):
    paid = pay(v1, "pm_card_createDisputeInquiry")
    (inquiry,) = eventually(lambda: v1.disputes.list({"payment_intent": paid.id}).data)
    assert (inquiry.status, inquiry.is_charge_refundable) == ("warning_needs_response", True)
    assert list(inquiry.balance_transactions) == []
    well_formed(inquiry)


def test_a_checkout_page_opens_and_closes(v1, session_params):
    session = v1.checkout.sessions.create({**session_params, "allowed_payment_method_types": ["card"]})
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 428_000)
    assert session.url.startswith("http")
    since = {"created": {"gte": session.created - 5}, "limit": 20}
    assert session.id in [one.id for one in v1.checkout.sessions.list(since).data]
    (line,) = v1.checkout.sessions.line_items.list(session.id).data
    assert (line.amount_total, line.quantity) == (428_000, 1)
    closed = v1.checkout.sessions.expire(session.id)
    assert (closed.status, closed.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError):
        v1.checkout.sessions.expire(session.id)
    well_formed(session, closed)


def test_nothing_is_moved_to_nobody(v1):
    before = v1.balance.retrieve()
    with pytest.raises(stripe.InvalidRequestError) as nobody:
        v1.transfers.create({"amount": 1_000, "currency": "cny", "destination": "acct_nobody"})
    assert nobody.value.http_status in (400, 404)
    with pytest.raises(stripe.InvalidRequestError) as currency:
        v1.payment_intents.create({"amount": 1_000, "currency": "zzz"})
    assert (currency.value.http_status, currency.value.param) == (400, "currency")
    well_formed(before)


def test_an_endpoint_tells_its_secret_once(v1):
    asked = {"url": "https://houniao.example/hook", "enabled_events": ["charge.refunded"]}
    made = v1.webhook_endpoints.create(asked)
    assert made.secret.startswith("whsec_")
    assert "secret" not in v1.webhook_endpoints.retrieve(made.id).to_dict()
    assert v1.webhook_endpoints.update(made.id, {"disabled": True}).status == "disabled"
    assert v1.webhook_endpoints.delete(made.id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        v1.webhook_endpoints.retrieve(made.id)


def test_what_happened_is_listed_as_events(v1):
    paid = pay(v1)
    v1.refunds.create({"payment_intent": paid.id, "amount": 1_000})

    def about() -> list[stripe.Event]:
        kinds = {"types": ["payment_intent.succeeded", "charge.refunded"], "created": {"gte": paid.created - 5}}
        listed = v1.events.list({**kinds, "limit": 50}).data
        return [event for event in listed if paid.id in str(event.data.object)]

    found = eventually(lambda: len(events := about()) == 2 and events)
    assert {event.type for event in found} == {"payment_intent.succeeded", "charge.refunded"}
    well_formed(*found)
    assert v1.events.retrieve(found[0].id).type == found[0].type
