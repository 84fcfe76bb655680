"""The sandbox is held to Stripe's own contract: every object that it answers and every event that it sends."""

from collections import Counter
from typing import Any, get_args

import httpx
import pytest
import stripe

from marketplace.embedded.stripe_sandbox import routes
from tests.support.stripe_contract import StripeContract
from tests.support.stripe_shapes import faults

KINDS = {
    "account",
    "balance_transaction",
    "charge",
    "checkout.session",
    "customer",
    "dispute",
    "payment_intent",
    "payment_method",
    "payout",
    "refund",
    "transfer",
    "transfer_reversal",
    "webhook_endpoint",
}
LISTS = (
    "accounts",
    "balance_transactions",
    "charges",
    "checkout/sessions",
    "customers",
    "disputes",
    "events",
    "payment_intents",
    "payouts",
    "refunds",
    "transfers",
    "webhook_endpoints",
)
CARD = {"currency": "cny", "allowed_payment_method_types": ["card"], "confirm": True, "amount": 100_000}


@pytest.fixture(scope="module")
async def lived(sandbox, sdk, browser, receiver, wait_until) -> dict[str, Any]:
    """Have one of everything happen; returns what the webhooks must be about."""
    sdk.v1.customers.create({"name": "候鸟", "metadata": {"k": "v"}})
    paid = sdk.v1.payment_intents.create({**CARD, "payment_method": "pm_card_visa", "transfer_group": "bkg_c"})
    with pytest.raises(stripe.CardError):
        sdk.v1.payment_intents.create({**CARD, "payment_method": "pm_card_chargeDeclined"})
    sdk.v1.payment_intents.create({"amount": 5_000, "currency": "cny"})
    for kind in ("alipay", "wechat_pay"):
        waiting = sdk.v1.payment_intents.create(
            {
                **CARD,
                "allowed_payment_method_types": [kind],
                "payment_method_data": {"type": kind},
                "payment_method_options": {"wechat_pay": {"client": "web"}},
                "return_url": "http://127.0.0.1:9/back",
            }
        )
        await browser.post(f"{sandbox.url}/authorize/{waiting.id}", data={"outcome": "succeed"})
        sdk.v1.refunds.create({"payment_intent": waiting.id, "amount": 400})
    sdk.v1.refunds.create({"payment_intent": paid.id, "amount": 1_000})
    returned = sdk.v1.payment_intents.create({**CARD, "payment_method": "pm_card_refundFail"})
    failing = sdk.v1.refunds.create({"payment_intent": returned.id})
    wait_until(lambda: sdk.v1.refunds.retrieve(failing.id).status == "failed")
    account = sdk.v1.accounts.create({"type": "express", "capabilities": {"transfers": {"requested": True}}})
    sandbox.control("POST", f"/accounts/{account.id}/onboard")
    asked = {"amount": 50_000, "currency": "cny", "destination": account.id, "source_transaction": paid.latest_charge}
    transfer = sdk.v1.transfers.create(asked)
    sdk.v1.transfers.reversals.create(transfer.id, {"amount": 10_000})
    disputed = sdk.v1.payment_intents.create({**CARD, "payment_method": "pm_card_visa"})
    dispute = sandbox.control("POST", f"/charges/{disputed.latest_charge}/dispute")
    sdk.v1.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": "winning_evidence"}})
    return {"account": account.id, "transfer": transfer.id, "intent": paid.id}


@pytest.fixture(scope="module")
async def sessions(sdk, browser, lived) -> None:
    for method in ("card", "alipay", "wechat_pay"):
        session = sdk.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [
                    {
                        "price_data": {"currency": "cny", "unit_amount": 9_000, "product_data": {"name": "定金"}},
                        "quantity": 1,
                    }
                ],
                "allowed_payment_method_types": [method],
                "payment_method_options": {"wechat_pay": {"client": "web"}},
                "success_url": "http://127.0.0.1:9/done",
                "cancel_url": "http://127.0.0.1:9/no",
            }
        )
        await browser.post(session.url, data={"method": method, "outcome": "succeed"})


@pytest.fixture(scope="module")
def objects(raw_list, lived, sessions, wait_until, sdk, sandbox) -> list[dict[str, Any]]:
    """Everything that the sandbox can be asked for."""
    sandbox.control("POST", "/clock", {"offset_seconds": 3 * 24 * 3600})
    wait_until(lambda: sum(line.amount for line in sdk.v1.balance.retrieve().available) >= 1_000)
    sdk.v1.payouts.create({"amount": 1_000, "currency": "cny"})
    sandbox.control("POST", "/clock", {"offset_seconds": 0})
    found = [thing for path in LISTS for thing in raw_list(f"/v1/{path}")]
    found += raw_list(f"/v1/transfers/{lived['transfer']}/reversals")
    found += [
        raw_list.one(f"/v1/payment_methods/{thing['payment_method']}") for thing in found if thing["object"] == "charge"
    ]
    found += [raw_list.one("/v1/balance"), raw_list.one("/v1/balance_settings")]
    return found


@pytest.fixture(scope="module")
def raw_list(sandbox, http):
    """Read the wire itself: what the SDK would make of it is no evidence."""

    class Reader:
        def one(self, path: str) -> dict[str, Any]:
            answer = http.get(sandbox.url + path, headers={"Authorization": "Bearer sk_test_houniao"})
            assert answer.status_code == 200, answer.text
            return answer.json()

        def __call__(self, path: str) -> list[dict[str, Any]]:
            return self.one(f"{path}?limit=100")["data"]

    return Reader()


def test_every_object_is_one_that_the_sdk_knows(objects):
    assert {thing["object"] for thing in objects} >= KINDS | {"event", "balance"}
    wrong = Counter(fault for thing in objects for fault in faults(thing))
    assert wrong == {}


def test_every_event_carries_a_whole_object(objects, receiver):
    events = [thing for thing in objects if thing["object"] == "event"]
    wrong = Counter(fault for event in events for fault in faults(event["data"]["object"]))
    assert wrong == {}
    sent = [webhook.event for webhook in receiver.received]
    assert {"transfer.created", "charge.dispute.closed", "refund.failed", "account.updated"} <= {
        e["type"] for e in sent
    }
    assert Counter(fault for event in sent for fault in faults(event) + faults(event["data"]["object"])) == {}


def test_every_type_of_event_is_one_that_stripe_publishes(objects, receiver):
    (words,) = get_args(stripe.params.WebhookEndpointCreateParams.__annotations__["enabled_events"])
    known = set(get_args(words))
    types = {thing["type"] for thing in objects if thing["object"] == "event"}
    types |= {webhook.event["type"] for webhook in receiver.received}
    assert types - known == set()


def test_stripes_document_judges_every_answer_and_event(objects, receiver, http, sandbox):
    """The fixture of ``conftest`` holds them all; here is what it must see, and that it knows every operation."""
    judge = StripeContract()
    charge = next(thing for thing in objects if thing["object"] == "charge")

    def answered(path: str, status: int, body: object) -> httpx.Response:
        return httpx.Response(status, json=body, request=httpx.Request("GET", f"{sandbox.url}{path}"))

    judge.answer(answered("/v1/charges/ch_1", 200, charge))
    judge.answer(answered("/v1/charges/ch_1", 404, {"error": {"type": "invalid_request_error", "message": "No"}}))
    judge.event(receiver.received[0].event)
    assert judge.wrong == {}
    judge.answer(answered("/v1/charges/ch_1", 200, {**charge, "status": "perhaps"}))
    judge.answer(answered("/v1/charges/ch_1", 404, {"error": {"type": "sorry"}}))
    judge.answer(answered("/v1/coffee/cof_1", 200, {}))
    judge.event({**receiver.received[0].event, "created": "yesterday"})
    assert len(judge.wrong) == 4
    assert {(method, path) for path, verbs in judge.paths.items() for method in verbs} == {
        (method, path) for method, path, _ in routes._TABLE
    }


def test_the_judge_sees_what_is_wrong(objects):
    charge = next(thing for thing in objects if thing["object"] == "charge")
    assert faults({**charge, "colour": "red"}) == ["charge.colour: the SDK's Charge has no such property"]
    assert faults({**charge, "amount": "100"}) == ["charge.amount: '100' is no int"]
    assert faults({**charge, "status": 1})
    assert faults({name: value for name, value in charge.items() if name != "captured"}) == [
        "charge.captured: is missing"
    ]
