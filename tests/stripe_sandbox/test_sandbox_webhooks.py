"""Webhooks: signed, retried, durable, and as unreliable as asked."""

import json
import time

import pytest
import stripe

from marketplace.embedded.stripe_sandbox.settings import API_VERSION

SECRET = "whsec_sandbox_tests"


def new_customer(sdk):
    return sdk.v1.customers.create({"name": "李强"})


def hooks_about(receiver, object_id):
    return [hook for hook in receiver.received if hook.event["data"]["object"]["id"] == object_id]


def events_about(sdk, object_id, **params):
    listed = sdk.v1.events.list({"limit": 100, **params}).data
    return [event for event in listed if event.data.object.id == object_id]


def test_the_sdk_verifies_the_signature_and_refuses_any_change(sdk, receiver):
    customer = new_customer(sdk)
    receiver.wait_for(lambda _: hooks_about(receiver, customer.id))
    hook = hooks_about(receiver, customer.id)[0]
    event = sdk.construct_event(hook.body, hook.signature, SECRET)
    assert (event.type, event.livemode, event.api_version) == ("customer.created", False, API_VERSION)
    assert event.data.object.name == "李强"
    assert event.request.id.startswith("req_")
    for body, secret in ((hook.body.replace(b"customer", b"Customer"), SECRET), (hook.body, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            sdk.construct_event(body, hook.signature, secret)


def test_events_speak_the_version_that_the_sdk_pins():
    assert stripe.api_version == API_VERSION


def test_a_failed_delivery_is_tried_again_until_it_is_taken(sdk, receiver, wait_until):
    receiver.answers.append(302)
    customer = new_customer(sdk)
    started = time.monotonic()
    receiver.wait_for(lambda _: len(hooks_about(receiver, customer.id)) == 2)
    assert time.monotonic() - started >= 0.9
    hooks = hooks_about(receiver, customer.id)
    assert len({hook.event["id"] for hook in hooks}) == 1
    assert len({hook.signature for hook in hooks}) == 2
    assert hooks[0].event["pending_webhooks"] == 1
    event_id = hooks[0].event["id"]
    wait_until(lambda: sdk.v1.events.retrieve(event_id).pending_webhooks == 0)


def test_events_are_listed_by_type_and_by_delivery(sdk, chaos, wait_until):
    with chaos(drop_webhooks=True):
        lost = new_customer(sdk)
        wait_until(lambda: sdk.v1.events.list({"limit": 1}).data[0].data.object.id == lost.id)
        event = events_about(sdk, lost.id)[0]
        # Dropped for good: neither delivered nor waiting.
        wait_until(lambda: chaos_is_done(sdk, event.id))
    assert [one.id for one in events_about(sdk, lost.id, delivery_success=False)] == [event.id]
    assert events_about(sdk, lost.id, delivery_success=True) == []
    assert events_about(sdk, lost.id, types=["customer.*", "refund.failed"]) == [event]
    assert events_about(sdk, lost.id, type="customer.created") == [event]
    assert events_about(sdk, lost.id, type="customer.deleted") == []
    with pytest.raises(stripe.InvalidRequestError):
        sdk.v1.events.list({"type": "a", "types": ["b"]})


def chaos_is_done(sdk, event_id):
    return sdk.v1.events.retrieve(event_id).pending_webhooks == 1


def test_a_dropped_event_can_be_sent_again_from_the_dashboard(sdk, sandbox, receiver, chaos, raw, wait_until):
    with chaos(drop_webhooks=1):
        customer = new_customer(sdk)
        wait_until(lambda: sandbox.control("GET", "/chaos") and pending(sandbox) == 0)
    event = events_about(sdk, customer.id)[0]
    assert hooks_about(receiver, customer.id) == []
    page = raw("GET", "/").text
    assert event.id in page
    assert "dropped by chaos" in page
    assert raw("POST", f"/dashboard/events/{event.id}/resend").status_code == 303
    receiver.wait_for(lambda _: len(hooks_about(receiver, customer.id)) == 1)
    sandbox.control("POST", f"/events/{event.id}/resend")
    receiver.wait_for(lambda _: len(hooks_about(receiver, customer.id)) == 2)


def pending(sandbox):
    return sandbox.control("GET", "/health")["deliveries_pending"]


def test_a_delivery_can_come_twice_and_late(sdk, receiver, chaos):
    with chaos(double_webhooks=1, delay_ms=150):
        started = time.monotonic()
        customer = new_customer(sdk)
        receiver.wait_for(lambda _: len(hooks_about(receiver, customer.id)) == 2)
        assert time.monotonic() - started >= 0.15
    first, second = hooks_about(receiver, customer.id)
    assert first.event["id"] == second.event["id"]


def test_endpoints_are_told_what_they_listen_for_and_their_secret_once(sdk, new_receiver, receiver):
    other = new_receiver()
    endpoint = sdk.v1.webhook_endpoints.create({"url": other.url, "enabled_events": ["customer.created"]})
    assert endpoint.secret.startswith("whsec_")
    listed = {one.id: one for one in sdk.v1.webhook_endpoints.list().data}
    assert set(listed) == {endpoint.id, "we_environment"}
    assert "secret" not in listed[endpoint.id].to_dict()
    customer = new_customer(sdk)
    sdk.v1.payment_intents.create({"amount": 5000, "currency": "cny"})
    other.wait_for(lambda events: events)
    hook = other.received[0]
    assert sdk.construct_event(hook.body, hook.signature, endpoint.secret).data.object.id == customer.id
    deleted = sdk.v1.webhook_endpoints.delete(endpoint.id)
    assert (deleted.id, deleted.deleted) == (endpoint.id, True)
    after = new_customer(sdk)
    receiver.wait_for(lambda _: hooks_about(receiver, after.id))
    assert [event["type"] for event in (json.loads(hook.body) for hook in other.received)] == ["customer.created"]


def test_a_secret_is_exchanged_without_a_gap(sdk, sandbox, new_receiver):
    mine = new_receiver()
    endpoint = sdk.v1.webhook_endpoints.create({"url": mine.url, "enabled_events": ["customer.created"]})
    rotated = sandbox.control("POST", f"/endpoints/{endpoint.id}/rotation", {"keep_seconds": 3600})
    assert rotated["secret"] != endpoint.secret
    sdk.v1.customers.create({"name": "甲"})
    mine.wait_for(lambda events: events)
    both = mine.received[0]
    assert both.signature.count("v1=") == 2
    for secret in (endpoint.secret, rotated["secret"]):
        assert sdk.construct_event(both.body, both.signature, secret).type == "customer.created"
    final = sandbox.control("POST", f"/endpoints/{endpoint.id}/rotation", {"keep_seconds": 0})
    sdk.v1.customers.create({"name": "乙"})
    mine.wait_for(lambda events: len(events) == 2)
    alone = mine.received[1]
    assert sdk.construct_event(alone.body, alone.signature, final["secret"]).type == "customer.created"
    with pytest.raises(stripe.SignatureVerificationError):
        sdk.construct_event(alone.body, alone.signature, rotated["secret"])
    sdk.v1.webhook_endpoints.delete(endpoint.id)


def test_an_endpoint_can_be_moved_and_switched_off(sdk, new_receiver):
    mine, other = new_receiver(), new_receiver()
    endpoint = sdk.v1.webhook_endpoints.create({"url": mine.url, "enabled_events": ["customer.created"]})
    moved = sdk.v1.webhook_endpoints.update(endpoint.id, {"url": other.url, "enabled_events": ["customer.deleted"]})
    assert (moved.url, moved.enabled_events) == (other.url, ["customer.deleted"])
    customer = sdk.v1.customers.create({"name": "丙"})
    sdk.v1.customers.delete(customer.id)
    other.wait_for(lambda events: [event["type"] for event in events] == ["customer.deleted"])
    assert sdk.v1.webhook_endpoints.update(endpoint.id, {"disabled": True}).status == "disabled"
    sdk.v1.customers.delete(sdk.v1.customers.create({"name": "丁"}).id)
    sdk.v1.webhook_endpoints.delete(endpoint.id)
    assert (len(mine.received), len(other.received)) == (0, 1)


def test_events_of_connected_accounts_go_to_endpoints_that_ask_for_them(sdk, new_receiver):
    mine, theirs = new_receiver(), new_receiver()
    own = sdk.v1.webhook_endpoints.create({"url": mine.url, "enabled_events": ["*"]})
    connect = sdk.v1.webhook_endpoints.create({"url": theirs.url, "enabled_events": ["*"], "connect": True})
    account = sdk.v1.accounts.create({"type": "express"})
    customer = sdk.v1.customers.create({"name": "戊"})
    theirs.wait_for(lambda events: [(e["type"], e["account"]) for e in events] == [("account.updated", account.id)])
    mine.wait_for(lambda events: [event["data"]["object"]["id"] for event in events] == [customer.id])
    for endpoint in (own, connect):
        sdk.v1.webhook_endpoints.delete(endpoint.id)


def test_deliveries_overtake_each_other_when_they_are_told_to(sdk, receiver, chaos):
    with chaos(reorder_webhooks=1.0):
        made = [sdk.v1.customers.create({"name": f"{n}"}).id for n in range(8)]
        receiver.wait_for(lambda events: set(made) <= {event["data"]["object"]["id"] for event in events})
    came = [hook.event["data"]["object"]["id"] for hook in receiver.received]
    assert sorted(made, key=came.index) != made
