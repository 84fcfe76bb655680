"""PaymentIntents, methods, charges and the balance."""

import pytest
import stripe


def card(**changes):
    return {
        "amount": 120_000,
        "currency": "cny",
        "payment_method": "pm_card_visa",
        "allowed_payment_method_types": ["card"],
        "confirm": True,
        **changes,
    }


async def test_a_card_pays_at_once(sdk, receiver):
    customer = await sdk.v1.customers.create_async({"name": "王芳", "metadata": {"family_id": "fam_1"}})
    assert (await sdk.v1.customers.retrieve_async(customer.id)).name == "王芳"
    asked = card(customer=customer.id, metadata={"payment_id": "pay_1"}, transfer_group="bkg_1")
    intent = await sdk.v1.payment_intents.create_async(asked)
    assert (intent.status, intent.amount_received, intent.customer) == ("succeeded", 120_000, customer.id)
    charge = await sdk.v1.charges.retrieve_async(intent.latest_charge)
    assert (charge.paid, charge.captured, charge.amount_refunded) == (True, True, 0)
    assert charge.metadata.to_dict() == {"payment_id": "pay_1"}
    assert (charge.payment_method_details.card.last4, charge.transfer_group) == ("4242", "bkg_1")
    listed = await sdk.v1.charges.list_async({"payment_intent": intent.id})
    assert [one.id for one in listed.data] == [charge.id]
    mine = await sdk.v1.payment_intents.list_async({"customer": customer.id})
    assert [one.id for one in mine.data] == [intent.id]
    receiver.wait_for(lambda events: any(event["data"]["object"]["id"] == charge.id for event in events))
    assert receiver.types_about(charge.id) == ["charge.succeeded"]


def test_a_payment_may_be_created_first_and_confirmed_later(sdk):
    intent = sdk.v1.payment_intents.create(
        {"amount": 5000, "currency": "cny", "allowed_payment_method_types": ["card"]}
    )
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.payment_intents.confirm(intent.id)
    assert refusal.value.code == "payment_intent_unexpected_state"
    method = sdk.v1.payment_methods.create(
        {"type": "card", "card": {"number": "5555 5555 5555 4444", "exp_month": 8, "exp_year": 2031, "cvc": "123"}}
    )
    assert sdk.v1.payment_methods.retrieve(method.id).card.brand == "mastercard"
    confirmed = sdk.v1.payment_intents.confirm(intent.id, {"payment_method": method.id})
    assert (confirmed.id, confirmed.status) == (intent.id, "succeeded")
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.payment_intents.confirm(intent.id, {"payment_method": method.id})
    assert refusal.value.error.payment_intent.status == "succeeded"


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_declined_card_is_402_and_leaves_its_traces(sdk, receiver, method, code, decline_code):
    with pytest.raises(stripe.CardError) as refusal:
        sdk.v1.payment_intents.create(card(payment_method=method))
    error = refusal.value.error
    assert (refusal.value.http_status, refusal.value.code, error.decline_code) == (402, code, decline_code)
    intent = sdk.v1.payment_intents.retrieve(error.payment_intent.id)
    assert (intent.status, intent.payment_method, intent.amount_received) == ("requires_payment_method", None, 0)
    assert intent.last_payment_error.decline_code == decline_code
    charge = sdk.v1.charges.retrieve(intent.latest_charge)
    assert (charge.status, charge.paid, charge.failure_code, charge.balance_transaction) == (
        "failed",
        False,
        code,
        None,
    )
    receiver.wait_for(lambda _: "payment_intent.payment_failed" in receiver.types_about(intent.id))
    again = sdk.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (again.status, again.last_payment_error) == ("succeeded", None)


def test_a_number_that_is_no_test_card_is_refused(sdk):
    with pytest.raises(stripe.CardError) as refusal:
        sdk.v1.payment_methods.create({"type": "card", "card": {"number": "4111111111111111"}})
    assert refusal.value.code == "incorrect_number"


async def test_alipay_goes_by_way_of_its_page(sdk, browser):
    intent = await sdk.v1.payment_intents.create_async(
        {
            "amount": 88_800,
            "currency": "cny",
            "allowed_payment_method_types": ["alipay"],
            "payment_method_data": {"type": "alipay"},
            "return_url": "http://127.0.0.1:9/back?x=1",
            "confirm": True,
        }
    )
    assert (intent.status, intent.next_action.type) == ("requires_action", "alipay_handle_redirect")
    page = intent.next_action.alipay_handle_redirect.url
    assert "¥888.00" in (await browser.get(page)).text
    sent_on = await browser.post(page, data={"outcome": "succeed"})
    assert sent_on.status_code == 303
    assert sent_on.headers["location"].startswith(f"http://127.0.0.1:9/back?x=1&payment_intent={intent.id}&")
    assert sent_on.headers["location"].endswith("redirect_status=succeeded")
    assert (await sdk.v1.payment_intents.retrieve_async(intent.id)).status == "succeeded"
    assert (await browser.post(page, data={"outcome": "succeed"})).status_code == 400


async def test_wechat_pay_shows_a_code_and_may_be_refused(sdk, browser):
    asked = {
        "amount": 66_600,
        "currency": "cny",
        "allowed_payment_method_types": ["wechat_pay"],
        "payment_method_data": {"type": "wechat_pay"},
        "confirm": True,
    }
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await sdk.v1.payment_intents.create_async(asked)
    assert refusal.value.param == "payment_method_options[wechat_pay][client]"
    intent = await sdk.v1.payment_intents.create_async(
        {**asked, "payment_method_options": {"wechat_pay": {"client": "web"}}}
    )
    shown = intent.next_action.wechat_pay_display_qr_code
    assert shown.data.startswith("weixin://wxpay/")
    drawing = await browser.get(shown.image_url_svg)
    assert drawing.headers["content-type"].startswith("image/svg+xml")
    await browser.post(shown.hosted_instructions_url, data={"outcome": "decline"})
    refused = await sdk.v1.payment_intents.retrieve_async(intent.id)
    assert (refused.status, refused.latest_charge) == ("requires_payment_method", None)
    assert refused.last_payment_error.code == "payment_intent_authentication_failure"


async def test_a_card_may_ask_for_the_bank(sdk, browser):
    intent = await sdk.v1.payment_intents.create_async(card(payment_method="pm_card_threeDSecure2Required"))
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    await browser.post(intent.next_action.redirect_to_url.url, data={"outcome": "succeed"})
    assert (await sdk.v1.payment_intents.retrieve_async(intent.id)).status == "succeeded"


def test_methods_that_may_redirect_need_a_way_back(sdk):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.payment_intents.create(
            {"amount": 5000, "currency": "cny", "payment_method": "pm_card_visa", "confirm": True}
        )
    assert refusal.value.param == "return_url"
    automatic = {"enabled": True, "allow_redirects": "never"}
    asked = {"amount": 5000, "currency": "cny", "payment_method": "pm_card_visa", "confirm": True}
    intent = sdk.v1.payment_intents.create({**asked, "automatic_payment_methods": automatic})
    assert intent.status == "succeeded"


def test_an_unpaid_payment_can_be_cancelled_once_and_a_paid_one_never(sdk, receiver):
    intent = sdk.v1.payment_intents.create({"amount": 5000, "currency": "cny"})
    cancelled = sdk.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    assert cancelled.canceled_at >= intent.created
    receiver.wait_for(lambda _: receiver.types_about(intent.id)[-1:] == ["payment_intent.canceled"])
    paid = sdk.v1.payment_intents.create(card())
    for one in (cancelled, paid):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            sdk.v1.payment_intents.cancel(one.id)
        assert refusal.value.code == "payment_intent_unexpected_state"
    assert sdk.v1.payment_intents.retrieve(paid.id).status == "succeeded"


def test_words_on_a_payment_can_change_and_an_empty_value_removes_a_key(sdk):
    intent = sdk.v1.payment_intents.create({"amount": 5000, "currency": "cny", "metadata": {"a": "1", "b": "2"}})
    changed = sdk.v1.payment_intents.update(intent.id, {"metadata": {"a": "", "c": "3"}, "description": "定金"})
    assert (changed.metadata.to_dict(), changed.description) == ({"b": "2", "c": "3"}, "定金")


def test_the_balance_is_the_sum_of_its_transactions_and_becomes_available(sdk, clock_at, wait_until):
    def balance():
        found = sdk.v1.balance.retrieve()
        return tuple(sum(part.amount for part in parts) for parts in (found.available, found.pending))

    before = sum(balance())
    intent = sdk.v1.payment_intents.create(card(expand=["latest_charge.balance_transaction"]))
    moved = intent.latest_charge.balance_transaction
    assert (moved.amount, moved.fee, moved.net) == (120_000, 4_280, 115_720)
    assert (moved.status, moved.type, moved.fee_details[0].type) == ("pending", "charge", "stripe_fee")
    assert moved.available_on == moved.created + 2 * 24 * 3600
    assert sum(balance()) == before + 115_720
    listed = sdk.v1.balance_transactions.list({"source": intent.latest_charge.id})
    assert [one.id for one in listed.data] == [moved.id]
    with clock_at(4 * 24 * 3600):
        wait_until(lambda: balance()[1] == 0)
        assert balance() == (before + 115_720, 0)
        assert sdk.v1.balance_transactions.retrieve(moved.id).status == "available"
