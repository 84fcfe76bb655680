"""Bookings are tested in the small real world of ``tests.support.world``, paid at the real sandbox process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.planted import Plant
from tests.support.world import Caller, World, hold, open_payment, read, visit

Pay = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def world(client: httpx.AsyncClient, planted: Plant, gateway: object) -> AsyncIterator[World]:
    async with visit(planted, client) as found:
        yield found


@pytest.fixture
def pay(client: httpx.AsyncClient, sandbox: Any) -> Pay:
    """Pay the due leg at the provider's page and come back by the browser; returns the booking afterwards."""

    async def paying(caller: Caller, booking: dict[str, Any], *, method: str = "card", outcome: str = "succeed"):
        payment = await open_payment(caller, booking, method=method)
        await sandbox.pay(urlsplit(payment["checkout_url"]).path.rsplit("/", 1)[1], method=method, outcome=outcome)
        answer = await client.get(f"/payments/{payment['id']}/return")
        assert answer.status_code == 200, answer.text
        return await read(caller, booking)

    return paying


@pytest.fixture
def confirm(world: World, pay: Pay) -> Pay:
    """Hold a stay and pay its first leg."""

    async def confirming(caller: Caller, **wish: Any):
        return await pay(caller, await hold(world, caller, **wish))

    return confirming
