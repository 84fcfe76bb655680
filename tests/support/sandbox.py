"""The real SDK against the Stripe sandbox in a process of its own, and the mailbox where its webhooks arrive."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from marketplace.embedded import ports
from marketplace.payments import gateway as gateways
from marketplace.payments.gateway import StripeGateway
from marketplace.payments.gateway.circuit import Circuit

API_KEY = "sk_test_payments"
SECRET = "whsec_payments"
TOKEN = "sandbox-token"


@dataclass
class Mailbox:
    """Receives the sandbox's webhooks, as raw bytes with their signature."""

    port: int
    parcels: list[tuple[bytes, str]] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(re.search(r"content-length: (\d+)", head, re.IGNORECASE)[1])
            body = await reader.readexactly(length)
            signature = re.search(r"stripe-signature: (\S+)", head, re.IGNORECASE)[1]
            async with self.arrived:
                self.parcels.append((body, signature))
                self.arrived.notify_all()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    async def parcel(self, event_type: str, mentions: str) -> tuple[bytes, str]:
        """Wait for the webhook of one type that mentions an id."""

        def found() -> tuple[bytes, str] | None:
            kind = f'"type": "{event_type}"'.encode()
            return next((p for p in self.parcels if kind in p[0] and mentions.encode() in p[0]), None)

        async with asyncio.timeout(15), self.arrived:
            await self.arrived.wait_for(lambda: found() is not None)
        return found()


@dataclass
class Sandbox:
    """The sandbox that the tests of a process share; one that disturbs it leaves it to the next to calm it."""

    url: str
    http: httpx.AsyncClient
    is_calm: bool = False

    async def pay(self, session_id: str, *, method: str = "card", outcome: str = "succeed", card: str | None = None):
        form = {"method": method, "outcome": outcome} | ({"card_number": card} if card else {})
        answer = await self.http.post(f"/c/pay/{session_id}", data=form)
        assert answer.status_code == 303, answer.text

    async def control(self, path: str, body: dict[str, object]) -> dict[str, object]:
        self.is_calm = False
        answer = await self.http.post(f"/_sandbox/{path}", json=body, headers={"X-Sandbox-Token": TOKEN})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def calm(self) -> None:
        """Let it work without faults and at the present time."""
        await self.http.delete("/_sandbox/chaos", headers={"X-Sandbox-Token": TOKEN})
        await self.control("chaos", {"settle_delay_ms": 100})
        await self.control("clock", {"offset_seconds": 0})
        self.is_calm = True

    async def list(self, path: str) -> list[dict[str, object]]:
        answer = await self.http.get(path, headers={"Authorization": f"Bearer {API_KEY}"}, params={"limit": 100})
        return answer.json()["data"]


@pytest.fixture(scope="session")
async def mailbox() -> AsyncIterator[Mailbox]:
    found = Mailbox(port=ports.throwaway())
    server = await asyncio.start_server(found.serve, "127.0.0.1", found.port)
    yield found
    server.close()
    await server.wait_closed()


@contextmanager
def sandbox_of_its_own(folder: Path, *, mailbox: Mailbox) -> Iterator[str]:
    """Run a sandbox in which nothing has happened yet; yields its address, where it may not listen yet."""
    port = ports.throwaway()
    environment = os.environ | {
        "STRIPE_API_KEY": API_KEY,
        "STRIPE_SANDBOX_WEBHOOK_URL": f"http://127.0.0.1:{mailbox.port}/",
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_SANDBOX_TOKEN": TOKEN,
    }
    arguments = ["--port", str(port), "--data", str(folder / "sandbox.sqlite3")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "marketplace.embedded.stripe_sandbox", *arguments],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def sandbox_url(mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox_of_its_own(tmp_path_factory.mktemp("stripe_sandbox"), mailbox=mailbox) as url:
        yield url


@pytest.fixture(scope="session")
async def sandbox_client(sandbox_url: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.AsyncHTTPTransport(retries=10)  # It retries connections with a growing pause: the start-up.
    async with httpx.AsyncClient(base_url=sandbox_url, transport=transport, trust_env=False) as found:
        async with asyncio.timeout(30):
            assert (await found.get("/livez")).status_code == 200
        yield found


@pytest.fixture(scope="session")
def shared_sandbox(sandbox_url: str, sandbox_client: httpx.AsyncClient) -> Sandbox:
    return Sandbox(url=sandbox_url, http=sandbox_client)


@pytest.fixture
async def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    if not shared_sandbox.is_calm:
        await shared_sandbox.calm()
    return shared_sandbox


@pytest.fixture(scope="session")
async def stripe_gateway(sandbox_url: str) -> AsyncIterator[StripeGateway]:
    found = StripeGateway(api_key=API_KEY, api_base=sandbox_url, webhook_secret=SECRET)
    yield found
    await found.close()


@pytest.fixture
def gateway(stripe_gateway: StripeGateway, sandbox: Sandbox) -> Iterator[StripeGateway]:
    # A test before this one may have had the provider fail so often that it is left alone.
    stripe_gateway._http.circuit = Circuit()
    gateways.use(stripe_gateway)
    yield stripe_gateway
    gateways.use(None)
