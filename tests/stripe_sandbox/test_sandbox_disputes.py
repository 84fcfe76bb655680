"""Disputes: the bank takes the money back while it decides."""

import pytest
import stripe

CARD = {"currency": "cny", "allowed_payment_method_types": ["card"], "confirm": True, "amount": 100_000}


def worth(sdk) -> int:
    balance = sdk.v1.balance.retrieve()
    return sum(line.amount for line in [*balance.available, *balance.pending])


@pytest.fixture
def disputed(sdk, sandbox):
    intent = sdk.v1.payment_intents.create({**CARD, "payment_method": "pm_card_visa"})
    before = worth(sdk)
    dispute = sandbox.control("POST", f"/charges/{intent.latest_charge}/dispute")
    assert worth(sdk) == before - 100_000 - 8_500
    return dispute, before


def test_a_test_card_is_disputed_after_a_while(sdk, receiver):
    intent = sdk.v1.payment_intents.create({**CARD, "payment_method": "pm_card_createDispute"})
    wanted = {"charge.dispute.created", "charge.dispute.funds_withdrawn"}
    receiver.wait_for(
        lambda events: (
            wanted
            <= {event["type"] for event in events if event["data"]["object"].get("charge") == intent.latest_charge}
        )
    )
    found = sdk.v1.disputes.list({"payment_intent": intent.id}).data
    assert [(one.amount, one.status, one.reason) for one in found] == [(100_000, "needs_response", "fraudulent")]
    assert sdk.v1.charges.retrieve(intent.latest_charge).disputed is True


def test_nothing_can_be_refunded_while_the_bank_has_the_money(sdk, disputed):
    dispute, _ = disputed
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.refunds.create({"charge": dispute["charge"]})
    assert refusal.value.code == "charge_disputed"
    assert sdk.v1.refunds.list({"charge": dispute["charge"]}).data == []


def test_evidence_that_wins_brings_the_money_back_without_the_fee(sdk, disputed, receiver):
    dispute, before = disputed
    won = sdk.v1.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert (won.status, worth(sdk)) == ("won", before - 8_500)
    receiver.wait_for(
        lambda events: (
            {"charge.dispute.funds_reinstated", "charge.dispute.closed"} <= {event["type"] for event in events}
        )
    )
    assert sdk.v1.refunds.create({"charge": dispute["charge"]}).amount == 100_000


def test_a_dispute_that_is_given_up_is_lost_for_good(sdk, sandbox, disputed, http):
    dispute, before = disputed
    assert sdk.v1.disputes.close(dispute["id"]).status == "lost"
    assert worth(sdk) == before - 100_000 - 8_500
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert refusal.value.code == "dispute_already_closed"
    again = http.post(
        f"{sandbox.url}/_sandbox/charges/{dispute['charge']}/dispute", headers={"X-Sandbox-Token": "control-token"}
    )
    assert again.status_code == 400


async def test_a_wallets_payment_has_no_disputes(sdk, sandbox, browser, session_params, http):
    session = sdk.v1.checkout.sessions.create(session_params)
    await browser.post(session.url, data={"method": "alipay", "outcome": "succeed"})
    intent = sdk.v1.payment_intents.retrieve(sdk.v1.checkout.sessions.retrieve(session.id).payment_intent)
    refused = http.post(
        f"{sandbox.url}/_sandbox/charges/{intent.latest_charge}/dispute", headers={"X-Sandbox-Token": "control-token"}
    )
    assert (refused.status_code, sdk.v1.disputes.list({"payment_intent": intent.id}).data) == (400, [])
