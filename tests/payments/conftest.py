"""What tests of payments need beside the sandbox: an institution to pay, and the provider's door alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from marketplace.institutions.operations import register
from marketplace.kit import clock
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import fetch, transaction
from marketplace.kit.http.context import RequestContext, before_send
from marketplace.kit.http.problems import HANDLERS
from marketplace.kit.ids import new_id
from marketplace.payments import operations
from marketplace.payments.controllers import ProviderWebhooks
from marketplace.payments.gateway import StripeGateway
from marketplace.payments.queries import PaymentRow
from marketplace.payments.rules import Leg, Method, Recorded
from marketplace.payments.states import PaymentStatus
from marketplace.places.operations import plant
from marketplace.places.rules import Division, Gazetteer, Jurisdiction, Place, Position
from tests.support.sandbox import Sandbox


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
