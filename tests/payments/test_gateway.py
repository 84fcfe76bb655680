"""The gateway itself: where it goes, what it waits for, and what it never does."""

import asyncio
import logging
import socket

import pytest
import stripe

from marketplace.kit.db import transaction
from marketplace.kit.ids import new_id
from marketplace.payments import gateway as gateways
from marketplace.payments.errors import ProviderDisagrees, ProviderUnavailable
from marketplace.payments.gateway import StripeGateway
from marketplace.payments.gateway.transport import TIMEOUT_S
from marketplace.payments.rules import RefundRequest
from marketplace.settings import settings


def make(api_base: str | None, *, api_key: str = "sk_test_payments") -> StripeGateway:
    return StripeGateway(api_key=api_key, api_base=api_base, webhook_secret="whsec_x")


async def test_a_sandboxed_gateway_has_every_address_at_the_sandbox(sandbox):
    found = make(sandbox.url)
    assert set(found._client._requestor.base_addresses.values()) == {sandbox.url}
    await found.close()


async def test_without_a_base_it_is_the_real_provider():
    found = make(None)
    assert found._client._requestor.base_addresses["api"] == "https://api.stripe.com"
    await found.close()


async def test_proxies_of_the_environment_do_not_come_between_us_and_the_sandbox(monkeypatch, sandbox, desk):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    gateways.use(make(sandbox.url))
    started = await desk.start(await desk.open())
    assert started.checkout_url.startswith(sandbox.url)
    await gateways.close()


async def test_a_provider_that_does_not_listen_is_unavailable():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        found = make(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(ProviderUnavailable):
            await found.get_payment("cs_test_x")
    await found.close()


async def test_a_provider_that_hangs_is_not_waited_for_forever(monkeypatch):
    async def hang(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    found = make(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert found._http._http.timeout.read == TIMEOUT_S
    found._http._http.timeout = 0.05
    async with asyncio.timeout(10):
        with pytest.raises(ProviderUnavailable):
            await found.get_payment("cs_test_x")
    await found.close()
    server.close()
    await server.wait_closed()


async def test_every_verb_refuses_to_wait_for_the_network_under_locks(gateway, now):
    request = RefundRequest(refund_id=new_id(), payment_id=new_id(), intent_id="pi_1", amount=1)
    calls = [
        lambda: gateway.find_payment(payment_id=new_id(), since=now, until=now),
        lambda: gateway.get_payment("cs_1"),
        lambda: gateway.cancel_payment("cs_1"),
        lambda: gateway.refund(request),
        lambda: gateway.find_refund(refund_id=new_id(), intent_id="pi_1"),
        lambda: gateway.get_refund("re_1"),
        lambda: gateway.list_missed_events(now),
    ]
    async with transaction():
        for call in calls:
            with pytest.raises(RuntimeError, match="outside service"):
                await call()


async def test_a_test_object_is_not_believed_by_a_live_process(desk, sandbox):
    started = await desk.start(await desk.open())
    live = make(sandbox.url)
    live._livemode = True
    with pytest.raises(ProviderDisagrees):
        await live.get_payment(started.provider_session_id)
    await live.close()


async def test_a_key_that_is_not_accepted_is_an_outage_not_a_refusal(sandbox):
    found = make(sandbox.url, api_key="sk_test_of_somebody_else")
    with pytest.raises(ProviderUnavailable):
        await found.get_payment("cs_test_x")
    await found.close()


def test_the_sdk_neither_phones_home_nor_logs_bodies():
    assert stripe.enable_telemetry is False
    assert logging.getLogger("stripe").getEffectiveLevel() >= logging.WARNING


async def test_the_gateway_of_a_process_is_configured_and_closed_once():
    gateways.use(None)
    with pytest.raises(RuntimeError, match="configure"):
        gateways.gateway()
    gateways.configure(settings())
    assert isinstance(gateways.gateway(), StripeGateway)
    await gateways.close()
    await gateways.close()
