"""The wire: keys, errors, forms, lists and expansion, as Stripe answers them."""

import pytest
import stripe

from marketplace.embedded.stripe_sandbox.errors import StripeError
from marketplace.embedded.stripe_sandbox.wire import decode_form


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("sk_test_someone_else", "Invalid API Key provided: sk_test_****else"),
        ("sk_live_houniao", "The sandbox takes test keys only (sk_test_…, rk_test_…)."),
    ],
)
async def test_a_foreign_key_is_refused_in_stripes_shape(sandbox, new_sdk, key, message):
    with pytest.raises(stripe.AuthenticationError) as refusal:
        await new_sdk(sandbox.url, key=key).v1.balance.retrieve_async()
    assert refusal.value.http_status == 401
    assert refusal.value.error.message == message
    assert refusal.value.error.type == "invalid_request_error"


def test_no_key_is_refused(sandbox, http):
    answer = http.get(f"{sandbox.url}/v1/balance")
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "You did not provide an API key: send it as a Bearer token."


def test_every_answer_names_its_request_and_version(raw):
    answer = raw("GET", "/v1/balance", stripe_version="2026-10-28.endive")
    assert answer.status_code == 200
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == "2026-10-28.endive"
    assert answer.headers["content-type"] == "application/json"


def test_an_unknown_path_is_404(raw):
    answer = raw("POST", "/v1/subscriptions")
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "invalid_request_error")


def test_an_unknown_id_is_404_with_its_code(sdk):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.payment_intents.retrieve("pi_nobody")
    error = refusal.value.error
    assert (refusal.value.http_status, error.code, error.param) == (404, "resource_missing", "intent")
    assert error.message == "No such payment_intent: 'pi_nobody'"


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"amount": 5000}, "parameter_missing", "currency"),
        ({"amount": "many", "currency": "cny"}, "parameter_invalid_integer", "amount"),
        ({"amount": 0, "currency": "cny"}, "parameter_invalid_integer", "amount"),
        ({"amount": 399, "currency": "cny"}, "amount_too_small", "amount"),
        ({"amount": 5000, "currency": "zzz"}, None, "currency"),
        ({"amount": 5000, "currency": "cny", "colour": "red"}, "parameter_unknown", "colour"),
        (
            {"amount": 5000, "currency": "cny", "allowed_payment_method_types": ["paypal"]},
            None,
            "allowed_payment_method_types",
        ),
        (
            {"amount": 5000, "currency": "cny", "payment_method_types": ["card"]},
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        (
            {"amount": 5000, "currency": "cny", "payment_method_data": {"type": "card", "card": {"no": 1}}},
            "parameter_unknown",
            "payment_method_data[card][no]",
        ),
        ({"amount": 5000, "currency": "cny", "customer": "cus_nobody"}, "resource_missing", "customer"),
        ({"amount": 5000, "currency": "cny", "metadata": {"k": "x" * 501}}, None, "metadata[k]"),
    ],
)
def test_a_bad_parameter_is_named_and_nothing_is_made(sdk, params, code, param):
    newest = sdk.v1.payment_intents.list({"limit": 1}).data
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.payment_intents.create(params)
    assert (refusal.value.http_status, refusal.value.code, refusal.value.param) == (400, code, param)
    assert [one.id for one in sdk.v1.payment_intents.list({"limit": 1}).data] == [one.id for one in newest]


def test_a_body_beyond_the_limit_is_413_in_stripes_shape(raw):
    answer = raw("POST", "/v1/customers", body={"description": "x" * 1_100_000})
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "invalid_request_error")


def test_lists_page_in_both_directions_and_filter_by_time(sdk):
    email = "paging@example.test"
    made = [sdk.v1.customers.create({"name": f"客人 {n}", "email": email}) for n in range(5)]
    ids = [customer.id for customer in reversed(made)]
    first = sdk.v1.customers.list({"email": email, "limit": 2})
    assert ([one.id for one in first.data], first.has_more, first.url) == (ids[:2], True, "/v1/customers")
    second = sdk.v1.customers.list({"email": email, "limit": 3, "starting_after": ids[1]})
    assert ([one.id for one in second.data], second.has_more) == (ids[2:], False)
    back = sdk.v1.customers.list({"email": email, "limit": 2, "ending_before": ids[3]})
    assert ([one.id for one in back.data], back.has_more) == (ids[1:3], True)
    assert [one.id for one in first.auto_paging_iter()] == ids
    past = {"email": email, "created": {"lt": made[0].created}}
    assert sdk.v1.customers.list(past).data == []
    recent = {"email": email, "created": {"gte": made[0].created}}
    assert [one.id for one in sdk.v1.customers.list(recent).data] == ids


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"starting_after": "cus_nobody"}])
def test_a_bad_page_is_refused(sdk, params):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.customers.list(params)
    assert (refusal.value.http_status, refusal.value.param) == (400, next(iter(params)))


def test_references_expand_on_request_and_others_are_refused(sdk):
    asked = {
        "amount": 5000,
        "currency": "cny",
        "payment_method": "pm_card_visa",
        "allowed_payment_method_types": ["card"],
    }
    intent = sdk.v1.payment_intents.create(
        {**asked, "confirm": True, "expand": ["latest_charge.balance_transaction", "payment_method"]}
    )
    assert intent.latest_charge.object == "charge"
    assert intent.latest_charge.balance_transaction.net == 5000 - 370
    assert intent.payment_method.card.last4 == "4242"
    listed = sdk.v1.payment_intents.list({"limit": 1, "expand": ["data.latest_charge"]})
    assert listed.data[0].latest_charge.id == intent.latest_charge.id
    with pytest.raises(stripe.InvalidRequestError, match=r"This property cannot be expanded \(amount\)"):
        sdk.v1.payment_intents.retrieve(intent.id, {"expand": ["amount"]})


def test_nullable_fields_come_as_null_because_the_sdk_raises_on_missing_ones(sdk):
    intent = sdk.v1.payment_intents.create({"amount": 5000, "currency": "cny"})
    assert (intent.next_action, intent.latest_charge, intent.customer, intent.canceled_at) == (None, None, None, None)
    assert (intent.status, intent.livemode, intent.amount_received) == ("requires_payment_method", False, 0)


@pytest.mark.parametrize(
    ("form", "values"),
    [
        (b"a[b][0]=x&a[b][1]=y&c=%E5%80%99", {"a": {"b": ["x", "y"]}, "c": "候"}),
        (b"a[]=x&a[]=y", {"a": ["x", "y"]}),
        (b"l[0][k]=1&l[1][k]=2", {"l": [{"k": "1"}, {"k": "2"}]}),
        (b"metadata[0]=x&d[metadata][1]=y", {"metadata": {"0": "x"}, "d": {"metadata": {"1": "y"}}}),
        (b"", {}),
    ],
)
def test_forms_nest_by_brackets(form, values):
    assert decode_form(form) == values


@pytest.mark.parametrize("form", [b"a=1&a[b]=2", b"a[b]=2&a=1", b"a" + b"[b]" * 9 + b"=1", b"%ff=1", b"a=1&" * 1_001])
def test_a_form_that_means_nothing_is_refused(form):
    with pytest.raises(StripeError) as refusal:
        decode_form(form)
    assert refusal.value.status == 400
