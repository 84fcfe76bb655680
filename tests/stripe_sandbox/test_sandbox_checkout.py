"""Checkout: a session, its page, and the three ways to pay it."""

import re
import time

import pytest
import stripe


def done(session):
    return f"http://127.0.0.1:9/pay/done?session={session.id}"


async def test_a_session_is_an_invitation_without_a_payment(sdk, session_params):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_total, session.currency, session.client_reference_id) == (428_000, "cny", "pay_0198")
    assert session.metadata.to_dict() == {"payment_id": "pay_0198"}
    assert session.expires_at == session.created + 24 * 3600
    items = await sdk.v1.checkout.sessions.line_items.list_async(session.id)
    assert [(item.description, item.amount_total) for item in items.data] == [
        ("长白山 · 温泉大床房 30 晚 · 定金", 428_000)
    ]


@pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
async def test_a_script_pays_with_one_form(sdk, browser, receiver, session_params, method):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    sent_on = await browser.post(session.url, data={"method": method, "outcome": "succeed"})
    assert (sent_on.status_code, sent_on.headers["location"]) == (303, done(session))
    paid = await sdk.v1.checkout.sessions.retrieve_async(
        session.id, {"expand": ["payment_intent.latest_charge", "line_items"]}
    )
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    intent = paid.payment_intent
    assert (intent.status, intent.amount_received, intent.transfer_group) == ("succeeded", 428_000, "bkg_0198")
    assert intent.metadata.to_dict() == {"payment_id": "pay_0198"}
    assert intent.latest_charge.payment_method_details.type == method
    assert paid.line_items.data[0].quantity == 1
    receiver.wait_for(lambda _: receiver.types_about(session.id) == ["checkout.session.completed"])
    receiver.wait_for(lambda _: "payment_intent.succeeded" in receiver.types_about(intent.id))
    listed = await sdk.v1.checkout.sessions.list_async({"payment_intent": intent.id})
    assert [one.id for one in listed.data] == [session.id]
    again = await browser.post(session.url, data={"method": method, "outcome": "succeed"})
    assert again.headers["location"] == done(session)
    assert len((await sdk.v1.charges.list_async({"payment_intent": intent.id})).data) == 1


@pytest.mark.parametrize(("method", "place"), [("alipay", "支付宝"), ("wechat_pay", "微信支付")])
async def test_a_person_is_asked_by_the_wallet(sdk, browser, session_params, method, place):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    sent_on = await browser.post(session.url, data={"method": method, "outcome": "ask"})
    page = await browser.get(sent_on.headers["location"])
    for word in (place, "¥4,280.00", "确认支付", "拒绝"):
        assert word in page.text
    # Without the shop's origin a browser would hold back the redirect that follows the confirmation.
    assert page.headers["content-security-policy"].endswith(" http://127.0.0.1:9")
    refused = await browser.post(str(page.url), data={"outcome": "decline"})
    assert refused.headers["location"] == session.url
    back = await browser.get(session.url)
    assert "没有支付成功" in back.text
    assert 'role="alert"' in back.text
    asked_again = await browser.post(session.url, data={"method": method, "outcome": "ask"})
    agreed = await browser.post(asked_again.headers["location"], data={"outcome": "succeed"})
    assert agreed.headers["location"] == done(session)
    assert (await sdk.v1.checkout.sessions.retrieve_async(session.id)).payment_status == "paid"


async def test_a_declined_card_may_try_again_on_the_same_payment(sdk, browser, receiver, session_params):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    sent_on = await browser.post(session.url, data={"method": "card", "outcome": "decline"})
    assert sent_on.headers["location"] == session.url
    page = await browser.get(session.url)
    assert "Your card was declined." in page.text
    begun = await sdk.v1.checkout.sessions.retrieve_async(session.id)
    assert (begun.status, begun.payment_status) == ("open", "unpaid")
    with pytest.raises(stripe.InvalidRequestError):
        await sdk.v1.payment_intents.cancel_async(begun.payment_intent)
    await browser.post(session.url, data={"method": "card", "outcome": "ask"})
    paid = await sdk.v1.checkout.sessions.retrieve_async(session.id)
    assert (paid.payment_status, paid.payment_intent) == ("paid", begun.payment_intent)
    receiver.wait_for(lambda _: "payment_intent.payment_failed" in receiver.types_about(begun.payment_intent))


async def test_cancelling_goes_back_and_changes_nothing(sdk, browser, session_params):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    sent_on = await browser.post(session.url, data={"outcome": "cancel"})
    assert sent_on.headers["location"] == "http://127.0.0.1:9/pay/cancelled"
    unchanged = await sdk.v1.checkout.sessions.retrieve_async(session.id)
    assert (unchanged.status, unchanged.payment_intent) == ("open", None)


@pytest.mark.parametrize(
    ("outcome", "payment_status", "event"),
    [
        ("later", "paid", "checkout.session.async_payment_succeeded"),
        ("later_decline", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
async def test_slow_money_comes_or_fails_after_the_session(
    sdk, browser, receiver, session_params, outcome, payment_status, event
):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    sent_on = await browser.post(session.url, data={"method": "alipay", "outcome": outcome})
    assert sent_on.headers["location"] == done(session)
    receiver.wait_for(lambda _: event in receiver.types_about(session.id))
    completed = next(
        hook.event
        for hook in receiver.received
        if hook.event["data"]["object"]["id"] == session.id and hook.event["type"] == "checkout.session.completed"
    )
    assert completed["data"]["object"]["payment_status"] == "unpaid"
    ended = await sdk.v1.checkout.sessions.retrieve_async(session.id)
    assert (ended.status, ended.payment_status) == ("complete", payment_status)


async def test_an_expired_session_takes_no_money(sdk, browser, receiver, session_params):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    await browser.post(session.url, data={"method": "alipay", "outcome": "ask"})
    begun = await sdk.v1.checkout.sessions.retrieve_async(session.id)
    expired = await sdk.v1.checkout.sessions.expire_async(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert (await sdk.v1.payment_intents.retrieve_async(begun.payment_intent)).status == "canceled"
    sent_on = await browser.post(session.url, data={"method": "card", "outcome": "succeed"})
    assert "已失效" in (await browser.get(sent_on.headers["location"])).text
    late = await browser.post(
        session.url.replace(f"c/pay/{session.id}", f"authorize/{begun.payment_intent}"), data={"outcome": "succeed"}
    )
    assert late.status_code == 400
    assert (await sdk.v1.charges.list_async({"payment_intent": begun.payment_intent})).data == []
    with pytest.raises(stripe.InvalidRequestError, match="has a status of expired"):
        await sdk.v1.checkout.sessions.expire_async(session.id)
    receiver.wait_for(lambda _: "checkout.session.expired" in receiver.types_about(session.id))


async def test_a_session_expires_by_itself(sdk, receiver, session_params, clock_at, wait_until):
    session = await sdk.v1.checkout.sessions.create_async({**session_params, "expires_at": int(time.time()) + 1800})
    with clock_at(1801):
        wait_until(lambda: sdk.v1.checkout.sessions.retrieve(session.id).status == "expired")
    receiver.wait_for(lambda _: receiver.types_about(session.id) == ["checkout.session.expired"])


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"expires_at": 60}, "expires_at"),
        ({"mode": "subscription"}, "mode"),
        ({"success_url": "/done"}, "success_url"),
        ({"payment_method_options": {}}, "payment_method_options[wechat_pay][client]"),
        ({"line_items": []}, "line_items"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"amount": 1}, "amount"),
    ],
)
def test_a_session_stripe_would_not_open_is_refused(sdk, session_params, changes, param):
    newest = sdk.v1.checkout.sessions.list({"limit": 1}).data
    if changes.get("expires_at"):
        changes = {"expires_at": int(time.time()) + 60}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.checkout.sessions.create({**session_params, **changes})
    assert (refusal.value.http_status, refusal.value.param) == (400, param)
    assert [one.id for one in sdk.v1.checkout.sessions.list({"limit": 1}).data] == [one.id for one in newest]


async def test_the_page_is_self_contained_and_labelled(sdk, browser, session_params):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    page = await browser.get(session.url)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert policy.endswith("form-action 'self' http://127.0.0.1:9")
    for word in (
        "候鸟 Houniao",
        "长白山 · 温泉大床房 30 晚 · 定金",
        "¥4,280.00",
        "银行卡",
        "支付宝",
        "微信支付",
        "模拟支付失败",
        "取消并返回",
    ):
        assert word in page.text
    assert 'lang="zh-CN"' in page.text
    assert "<script" not in page.text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert loaded == ["/sandbox.css"]
    style = (await browser.get(f"{session.url.split('/c/')[0]}/sandbox.css")).text
    assert "url(" not in style
    assert "@import" not in style
    sizes = [int(size) for size in re.findall(r"font(?:-size)?: (\d+)px", style)]
    assert min(sizes) >= 18


async def test_another_sites_form_cannot_pay(sdk, browser, session_params):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    form = {"method": "card", "outcome": "succeed"}
    foreign = await browser.post(session.url, data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert (await sdk.v1.checkout.sessions.retrieve_async(session.id)).status == "open"


@pytest.mark.parametrize("form", [{"method": "cash"}, {"outcome": "perhaps"}, {"metod": "card"}])
async def test_a_form_with_a_typing_error_is_refused(sdk, browser, session_params, form):
    session = await sdk.v1.checkout.sessions.create_async(session_params)
    assert (await browser.post(session.url, data=form)).status_code == 400
    assert (await sdk.v1.checkout.sessions.retrieve_async(session.id)).payment_intent is None


async def test_an_unknown_session_is_a_page_that_says_so(sandbox, browser):
    page = await browser.get(f"{sandbox.url}/c/pay/cs_test_nobody")
    assert page.status_code == 404
    assert "无法继续" in page.text


@pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
async def test_who_never_answers_the_wallet_or_bank_has_not_paid_and_may_try_again(
    sdk, browser, session_params, method
):
    session = sdk.v1.checkout.sessions.create(session_params)
    form = {"method": method, "card_number": "4000000000003220"}
    left = await browser.post(session.url, data={**form, "outcome": "abandon"})
    assert (left.status_code, left.headers["location"]) == (303, session_params["cancel_url"])
    found = sdk.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (found.status, found.payment_intent.status) == ("open", "requires_action")
    asked = await browser.post(session.url, data={**form, "outcome": "ask"})
    page = await browser.get(asked.headers["location"])
    assert "离开，不付款" in page.text
    assert session_params["cancel_url"] in page.text
    await browser.post(asked.headers["location"], data={"outcome": "succeed"})
    paid = sdk.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (paid.status, paid.payment_status, paid.payment_intent.status) == ("complete", "paid", "succeeded")


async def test_the_page_offers_cards_by_what_they_do(sdk, browser, session_params):
    session = sdk.v1.checkout.sessions.create(session_params)
    page = (await browser.get(session.url)).text
    assert [number in page for number in ("4242424242424242", "4000000000003220", "4000000000009995")] == [True] * 3
    bank = await browser.post(session.url, data={"method": "card", "card_number": "4000000000003220", "outcome": "ask"})
    assert "银行验证" in (await browser.get(bank.headers["location"])).text
    refused = await browser.post(bank.headers["location"], data={"outcome": "decline"})
    assert "没有支付成功" in (await browser.get(refused.headers["location"])).text
