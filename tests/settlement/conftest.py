"""Stays that are paid, begun and served in the small world, and payees at the sandbox."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.kit import clock
from marketplace.kit.ids import parse, wire
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import Account
from marketplace.settlement import operations, queries
from seed.telling import until
from tests.support.books import transfers_of
from tests.support.planted import Plant
from tests.support.sandbox import API_KEY, Sandbox
from tests.support.world import PLACE, Caller, World, hold, open_payment, read, visit

DAY = 24 * 3600


@dataclass
class House:
    """The institution's side: its guests arrive, stay and leave, and it is paid."""

    world: World
    sandbox: Sandbox

    async def pass_days(self, days: int) -> None:
        """Move our clock and the provider's, and wait until the provider has made available what is due."""
        moved = clock.offset() + timedelta(days=days)
        clock.travel(moved)
        self.world.now = clock.now()
        await self.sandbox.control("clock", {"offset_seconds": int(moved.total_seconds())})
        await until(self._health, lambda health: health["timers_due"] == 0, "the provider has made money available")

    async def paid_stay(self, *, nights: int = 14, first: int = 5, family: Caller | None = None) -> UUID:
        """Hold a stay within the next 30 days and pay it whole; returns the booking."""
        family = family or await self.world.family()
        booking = await hold(self.world, family, first=first, nights=nights)
        await self._pay(family, booking)
        return parse("bkg", booking["id"])

    async def pay_rest(self, booking_id: UUID) -> None:
        """Pay what has become due since."""
        await self._pay(await self.world.family(), {"id": wire("bkg", booking_id)})

    async def _pay(self, family: Caller, booking: dict[str, Any]) -> None:
        while (booking := await read(family, booking))["payable_leg"]:
            payment = await open_payment(family, booking)
            await self.sandbox.pay(payment["checkout_url"].rsplit("/", 1)[1])
            answer = await self.world.client.get(f"/payments/{payment['id']}/return")
            assert answer.status_code == 200, answer.text

    async def step(self, booking_id: UUID, step: str) -> None:
        staff = await self.world.staff()
        answer = await staff.post(f"/v1/bookings/bkg_{booking_id.hex}/{step}")
        assert answer.status_code == 200, answer.text

    async def served(self, *, nights: int = 14) -> UUID:
        """Return a stay whose guests have arrived today, and that has been earned."""
        booking_id = await self.paid_stay(nights=nights)
        await self.pass_days(5)
        await self.step(booking_id, "check-in")
        await operations.earn(booking_id=booking_id, now=clock.now())
        return booking_id

    async def become_payee(self) -> str:
        """Open and onboard the institution's account; returns its id at the provider."""
        staff = await self.world.staff()
        link = await staff.post("/v1/payee/onboarding")
        assert link.status_code == 201, link.text
        done = await self.sandbox.http.post(link.json()["url"], data={"outcome": "complete"})
        assert done.status_code == 303
        payee = await operations.refresh_payee(institution_id=self.world.institution_id, now=clock.now())
        return payee.provider_account_id

    async def send(self, booking_id: UUID) -> list[queries.TransferRow]:
        """Submit a booking's transfers as if their day had come."""
        for transfer in await transfers_of(booking_id):
            await operations.submit_transfer(transfer_id=transfer.id, now=clock.now())
        return await transfers_of(booking_id)

    async def owed(self) -> tuple[int, int]:
        """What we owe the institution, and what it owes us."""
        found = await queries.position(self.world.institution_id)
        return found.payable_amount, found.receivable_amount

    async def has(self, account_id: str) -> int:
        """What stands on an account at the provider."""
        headers = {"Authorization": f"Bearer {API_KEY}", "Stripe-Account": account_id}
        found = (await self.sandbox.http.get("/v1/balance", headers=headers)).json()
        return sum(line["amount"] for line in [*found["available"], *found["pending"]])

    async def take_out(self, account_id: str, amount: int) -> None:
        """The institution moves money to its bank."""
        headers = {"Authorization": f"Bearer {API_KEY}", "Stripe-Account": account_id}
        answer = await self.sandbox.http.post(
            "/v1/payouts", headers=headers, data={"amount": str(amount), "currency": "cny"}
        )
        assert answer.status_code == 200, answer.text

    async def _health(self) -> dict[str, Any]:
        return (await self.sandbox.http.get("/_sandbox/health")).json()


@pytest.fixture
async def world(client: httpx.AsyncClient, planted: Plant, gateway: object) -> AsyncIterator[World]:
    async with visit(planted, client) as found:
        # The provider remembers the accounts of institutions from one test to the next.
        await found.open_house("长白旅居（示例）", PLACE, units=4)
        yield found


@pytest.fixture
def house(world: World, sandbox: Sandbox) -> House:
    return House(world=world, sandbox=sandbox)


@pytest.fixture
def balance() -> Callable[..., Awaitable[int]]:
    async def read_balance(account: Account, subject_id: UUID | None = None) -> int:
        return await ledger.balance(account, subject_id=subject_id)

    return read_balance
