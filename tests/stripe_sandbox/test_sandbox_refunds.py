"""Refunds: at once, later, never too much, and failing."""

import pytest
import stripe


def paid(sdk, method="pm_card_visa", amount=120_000):
    return sdk.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "cny",
            "payment_method": method,
            "allowed_payment_method_types": ["card"],
            "confirm": True,
        }
    )


async def paid_by_alipay(sdk, browser, session_params):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    await browser.post(session.url, data={"method": "alipay", "outcome": "succeed"})
    return (await sdk.v1.checkout.sessions.retrieve_async(session.id)).payment_intent


def test_a_card_is_refunded_at_once_in_parts_and_never_beyond(sdk, receiver):
    intent = paid(sdk)
    part = sdk.v1.refunds.create(
        {
            "payment_intent": intent.id,
            "amount": 50_000,
            "reason": "requested_by_customer",
            "metadata": {"refund_id": "rfd_1"},
        }
    )
    assert (part.status, part.amount, part.charge) == ("succeeded", 50_000, intent.latest_charge)
    assert sdk.v1.refunds.retrieve(part.id).metadata.to_dict() == {"refund_id": "rfd_1"}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.refunds.create({"payment_intent": intent.id, "amount": 70_001})
    assert (refusal.value.http_status, refusal.value.param) == (400, "amount")
    charge = sdk.v1.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (50_000, False)
    rest = sdk.v1.refunds.create({"charge": intent.latest_charge})
    assert rest.amount == 70_000
    assert sdk.v1.charges.retrieve(intent.latest_charge).refunded is True
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.refunds.create({"payment_intent": intent.id})
    assert refusal.value.code == "charge_already_refunded"
    listed = sdk.v1.refunds.list({"payment_intent": intent.id})
    assert [one.id for one in listed.data] == [rest.id, part.id]
    moved = sdk.v1.balance_transactions.list({"source": part.id}).data
    assert [(one.type, one.amount, one.fee, one.net) for one in moved] == [("refund", -50_000, 0, -50_000)]
    receiver.wait_for(lambda _: receiver.types_about(part.id) == ["refund.created"])
    receiver.wait_for(lambda _: receiver.types_about(intent.latest_charge).count("charge.refunded") == 2)


async def test_a_wallet_is_refunded_after_a_while(sdk, browser, receiver, session_params, wait_until):
    intent_id = await paid_by_alipay(sdk, browser, session_params)
    refund = await sdk.v1.refunds.create_async({"payment_intent": intent_id})
    assert (refund.status, refund.pending_reason, refund.amount) == ("pending", "processing", 428_000)
    wait_until(lambda: sdk.v1.refunds.retrieve(refund.id).status == "succeeded")
    types = ["refund.created", "refund.updated", "charge.refund.updated"]
    receiver.wait_for(lambda _: sorted(receiver.types_about(refund.id)) == sorted(types))


async def test_a_pending_refund_can_be_made_to_fail(sdk, sandbox, browser, receiver, session_params, chaos):
    intent_id = await paid_by_alipay(sdk, browser, session_params)
    with chaos(settle_delay_ms=60_000):
        refund = await sdk.v1.refunds.create_async({"payment_intent": intent_id, "amount": 100_000})
    assert refund.status == "pending"
    sandbox.control("POST", f"/refunds/{refund.id}/fail")
    failed = await sdk.v1.refunds.retrieve_async(refund.id, {"expand": ["charge", "failure_balance_transaction"]})
    assert (failed.status, failed.failure_reason) == ("failed", "declined")
    assert (failed.charge.amount_refunded, failed.charge.refunded) == (0, False)
    assert (failed.failure_balance_transaction.type, failed.failure_balance_transaction.net) == (
        "refund_failure",
        100_000,
    )
    receiver.wait_for(lambda _: "refund.failed" in receiver.types_about(refund.id))
    with chaos(settle_delay_ms=60_000):
        again = await sdk.v1.refunds.create_async({"payment_intent": intent_id})
    assert (again.amount, again.status) == (428_000, "pending")
    assert sandbox.control("POST", f"/refunds/{again.id}/settle")["status"] == "succeeded"


def test_test_cards_choose_how_their_refunds_go(sdk, wait_until):
    slow = sdk.v1.refunds.create({"payment_intent": paid(sdk, "pm_card_pendingRefund").id})
    doomed = sdk.v1.refunds.create({"payment_intent": paid(sdk, "pm_card_refundFail").id})
    assert (slow.status, doomed.status) == ("pending", "succeeded")
    wait_until(lambda: sdk.v1.refunds.retrieve(slow.id).status == "succeeded")
    wait_until(lambda: sdk.v1.refunds.retrieve(doomed.id).status == "failed")


async def test_a_wallets_window_closes(sdk, browser, session_params, clock_at):
    intent_id = await paid_by_alipay(sdk, browser, session_params)
    card = paid(sdk)
    with clock_at(91 * 24 * 3600):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            await sdk.v1.refunds.create_async({"payment_intent": intent_id})
        assert refusal.value.code == "charge_not_refundable"
        assert sdk.v1.refunds.create({"payment_intent": card.id}).status == "succeeded"
    assert (await sdk.v1.refunds.list_async({"payment_intent": intent_id})).data == []


@pytest.mark.parametrize(
    "params", [{}, {"amount": 0}, {"payment_intent": "pi_nobody"}, {"charge": "ch_1", "payment_intent": "pi_1"}]
)
def test_a_refund_of_nothing_is_refused(sdk, params):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.refunds.create(params)
    assert refusal.value.http_status == 400


def test_an_unpaid_payment_cannot_be_refunded(sdk):
    intent = sdk.v1.payment_intents.create({"amount": 5000, "currency": "cny"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
        sdk.v1.refunds.create({"payment_intent": intent.id})
