"""The real SDK against the Stripe sandbox in a process of its own, and the mailbox where its webhooks arrive."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from marketplace.embedded import ports
from marketplace.institutions.operations import register
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch, transaction
from marketplace.kit.http.context import RequestContext, before_send
from marketplace.kit.http.problems import HANDLERS
from marketplace.kit.ids import new_id
from marketplace.payments import gateway as gateways
from marketplace.payments import operations
from marketplace.payments.controllers import ProviderWebhooks
from marketplace.payments.gateway import StripeGateway
from marketplace.payments.queries import PaymentRow
from marketplace.payments.rules import Leg, Method, Recorded
from marketplace.payments.states import PaymentStatus
from marketplace.places.operations import plant
from marketplace.places.rules import Division, Gazetteer, Jurisdiction, Place, Position

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
    url: str
    http: httpx.AsyncClient

    async def pay(self, session_id: str, *, method: str = "card", outcome: str = "succeed", card: str | None = None):
        form = {"method": method, "outcome": outcome} | ({"card_number": card} if card else {})
        answer = await self.http.post(f"/c/pay/{session_id}", data=form)
        assert answer.status_code == 303, answer.text

    async def control(self, path: str, body: dict[str, object]) -> dict[str, object]:
        answer = await self.http.post(f"/_sandbox/{path}", json=body, headers={"X-Sandbox-Token": TOKEN})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def calm(self) -> None:
        await self.http.delete("/_sandbox/chaos", headers={"X-Sandbox-Token": TOKEN})
        await self.control("chaos", {"settle_delay_ms": 100})
        await self.control("clock", {"offset_seconds": 0})

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


@pytest.fixture(scope="session")
def sandbox_url(mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = ports.throwaway()
    folder = tmp_path_factory.mktemp("stripe_sandbox")
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
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="session")
async def sandbox_client(sandbox_url: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.AsyncHTTPTransport(retries=10)  # It retries connections with a growing pause: the start-up.
    async with httpx.AsyncClient(base_url=sandbox_url, transport=transport, trust_env=False) as found:
        async with asyncio.timeout(30):
            assert (await found.get("/livez")).status_code == 200
        yield found


@pytest.fixture
async def sandbox(sandbox_url: str, sandbox_client: httpx.AsyncClient) -> Sandbox:
    found = Sandbox(url=sandbox_url, http=sandbox_client)
    await found.calm()
    return found


@pytest.fixture(scope="session")
async def stripe_gateway(sandbox_url: str) -> AsyncIterator[StripeGateway]:
    found = StripeGateway(api_key=API_KEY, api_base=sandbox_url, webhook_secret=SECRET)
    yield found
    await found.close()


@pytest.fixture
def gateway(stripe_gateway: StripeGateway, sandbox: Sandbox) -> Iterator[StripeGateway]:
    gateways.use(stripe_gateway)
    yield stripe_gateway
    gateways.use(None)


@pytest.fixture(scope="session")
def webhook_app(machine: object) -> Litestar:
    return Litestar(
        route_handlers=[ProviderWebhooks],
        middleware=[RequestContext()],
        before_send=[before_send],
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
    )


@pytest.fixture
async def door(webhook_app: Litestar, gateway: StripeGateway) -> AsyncIterator[httpx.AsyncClient]:
    """The application with nothing but the provider's door."""
    transport = httpx.ASGITransport(app=webhook_app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as found:
        yield found


@pytest.fixture
def now() -> datetime:
    return clock.now().astimezone(UTC)


def _gazetteer() -> Gazetteer:
    position = Position(42.4, 128.1, "wgs84")
    return Gazetteer(
        divisions=(
            Division(
                code="220000", name_zh="吉林省", name_en="Jilin", level="province", parent_code=None, position=position
            ),
        ),
        jurisdictions=(
            Jurisdiction(code="jilin", name_zh="吉林省", name_en="Jilin", level="province", parent_code=None),
        ),
        clusters=(),
        places=(
            Place(
                code="erdaobaihe",
                name_zh="二道白河",
                name_en="Erdaobaihe",
                division_code="220000",
                jurisdiction_code="jilin",
                position=position,
                accuracy_m=500,
            ),
        ),
    )


@dataclass
class Desk:
    """Opens, starts and applies payments of one institution."""

    sandbox: Sandbox
    institution_id: UUID
    now: datetime

    async def open(self, *, booking_id: UUID | None = None, now: datetime | None = None, **facts: object) -> UUID:
        asked = {
            "booking_id": booking_id or new_id(),
            "leg": Leg.FULL,
            "method": Method.CARD,
            "amount": 428_000,
            "expires_at": self.now + timedelta(minutes=30),
            **facts,
        }
        return await operations.open_payment(
            institution_id=self.institution_id, partner_id=None, actor=SYSTEM, now=now or self.now, **asked
        )

    async def apply(self, payment_id: UUID, *, now: datetime | None = None) -> Recorded:
        """Do what the one apply path does with a payment: fetch, then record in a transaction."""
        outcome = await operations.fetch_outcome(payment_id=payment_id)
        async with transaction():
            return await operations.record_outcome(payment_id=payment_id, outcome=outcome, now=now or self.now)

    async def paid(self, *, card: str | None = None, **facts: object) -> UUID:
        """Return a payment that was opened, started, paid on the provider's page and recorded."""
        payment_id = await self.open(**facts)
        started = await self.start(payment_id)
        await self.sandbox.pay(started.provider_session_id, method=started.method.value, card=card)
        assert (await self.apply(payment_id)).status is PaymentStatus.SUCCEEDED
        return payment_id

    async def published(self) -> list[str]:
        """The kinds of all messages so far, oldest first."""
        return [row["kind"] for row in await fetch("SELECT kind FROM outbox ORDER BY id")]

    async def start(self, payment_id: UUID, *, now: datetime | None = None) -> PaymentRow:
        return await operations.start_payment(
            payment_id=payment_id,
            success_url=f"http://127.0.0.1:8000/return/{payment_id}",
            cancel_url="http://127.0.0.1:8000/",
            actor=SYSTEM,
            now=now or self.now,
        )


@pytest.fixture
def storage(database: None) -> None:
    """Where rows go: the test's transaction. Tests of races override this with ``committed``."""


@pytest.fixture
async def desk(storage: None, sandbox: Sandbox, gateway: StripeGateway, now: datetime) -> Desk:
    await plant(gazetteer=_gazetteer(), actor=SYSTEM, now=now)
    institution_id = await register(
        name="长白山候鸟康养院（示例）",
        name_en="Changbaishan Sojourn House",
        uscc=None,
        place_code="erdaobaihe",
        address="白山大街 1 号",
        position=Position(42.4, 128.1, "wgs84"),
        licensed_bed_count=100,
        opened_on=date(2020, 1, 1),
        is_example=True,
        actor=SYSTEM,
        now=now,
    )
    return Desk(sandbox=sandbox, institution_id=institution_id, now=now)
