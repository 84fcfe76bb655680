"""Idempotency keys, as Stripe means them."""

import asyncio
import uuid

import httpx
import pytest
import stripe


def new_key():
    return f"pay:{uuid.uuid4()}:1"


def body(**changes):
    return {"amount": "7700", "currency": "cny", "metadata[key]": "x", **changes}


def made(sdk, mark):
    return [
        one for one in sdk.v1.payment_intents.list({"limit": 100}).data if one.metadata.to_dict().get("mark") == mark
    ]


def test_the_same_key_and_parameters_replay_the_first_answer(raw):
    key = new_key()
    first = raw("POST", "/v1/payment_intents", body=body(), idempotency_key=key)
    again = raw("POST", "/v1/payment_intents", body=body(), idempotency_key=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert again.headers["idempotency-key"] == key


@pytest.mark.parametrize(("path", "changed"), [("/v1/payment_intents", {"amount": "7701"}), ("/v1/customers", {})])
def test_the_same_key_with_anything_else_is_refused(sdk, raw, path, changed):
    key = new_key()
    first = raw("POST", "/v1/payment_intents", body=body(), idempotency_key=key).json()
    other = raw("POST", path, body=body(**changed), idempotency_key=key)
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    assert sdk.v1.payment_intents.list({"limit": 1}).data[0].id == first["id"]


async def test_ten_at_once_make_one_object(sdk):
    key, mark = new_key(), uuid.uuid4().hex
    params = {"amount": 8800, "currency": "cny", "metadata": {"mark": mark}}
    answers = await asyncio.gather(
        *(
            sdk.v1.payment_intents.create_async(params, {"idempotency_key": key, "max_network_retries": 5})
            for _ in range(10)
        )
    )
    assert len({answer.id for answer in answers}) == 1
    assert [one.id for one in made(sdk, mark)] == [answers[0].id]


async def test_a_key_in_flight_is_409(sandbox, chaos, sdk):
    key, mark = new_key(), uuid.uuid4().hex
    headers = {"Authorization": "Bearer sk_test_houniao", "Idempotency-Key": key}
    form = {"amount": "9900", "currency": "cny", "metadata[mark]": mark}
    with chaos(latency_ms=200):
        async with httpx.AsyncClient(base_url=sandbox.url, headers=headers, trust_env=False) as client:
            answers = await asyncio.gather(*(client.post("/v1/payment_intents", data=form) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["error"]["code"] == "idempotency_key_in_use"
    assert len(made(sdk, mark)) == 1


def test_a_decline_is_stored_and_a_malformed_request_is_not(raw, sdk):
    declined = body(
        **{"payment_method": "pm_card_chargeDeclined", "allowed_payment_method_types[0]": "card", "confirm": "true"}
    )
    key = new_key()
    first = raw("POST", "/v1/payment_intents", body=declined, idempotency_key=key)
    again = raw("POST", "/v1/payment_intents", body=declined, idempotency_key=key)
    assert (first.status_code, again.status_code) == (402, 402)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    intent_id = first.json()["error"]["payment_intent"]["id"]
    assert len(sdk.v1.charges.list({"payment_intent": intent_id}).data) == 1

    key = new_key()
    assert raw("POST", "/v1/payment_intents", body=body(amount="none"), idempotency_key=key).status_code == 400
    repaired = raw("POST", "/v1/payment_intents", body=body(), idempotency_key=key)
    assert repaired.status_code == 200
    assert "idempotent-replayed" not in repaired.headers


def test_a_key_is_forgotten_after_a_day(raw, clock_at):
    key = new_key()
    first = raw("POST", "/v1/payment_intents", body=body(), idempotency_key=key).json()
    with clock_at(24 * 3600 + 5):
        second = raw("POST", "/v1/payment_intents", body=body(), idempotency_key=key)
        assert "idempotent-replayed" not in second.headers
        assert second.json()["id"] != first["id"]


async def test_a_lost_answer_is_found_again_by_its_key(sandbox, sdk, chaos):
    key, mark = new_key(), uuid.uuid4().hex
    params = {"amount": 6600, "currency": "cny", "metadata": {"mark": mark}}
    with chaos(lose_response_rate=1), pytest.raises(stripe.APIConnectionError):
        await sdk.v1.payment_intents.create_async(params, {"idempotency_key": key, "max_network_retries": 0})
    found = await sdk.v1.payment_intents.create_async(params, {"idempotency_key": key})
    assert [one.id for one in made(sdk, mark)] == [found.id]


async def test_an_injected_error_has_no_effect(sdk, chaos):
    mark = uuid.uuid4().hex
    params = {"amount": 6600, "currency": "cny", "metadata": {"mark": mark}}
    with chaos(error_rate=1), pytest.raises(stripe.APIError) as failure:
        await sdk.v1.payment_intents.create_async(params, {"max_network_retries": 0})
    assert failure.value.http_status == 500
    assert made(sdk, mark) == []
