"""Paying in the demo world as a person would: on the sandbox's page, and only believed once it has been fetched."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import httpx

from marketplace.bookings import operations
from marketplace.bookings.queries import booking
from marketplace.bookings.rules import payable_leg
from marketplace.identity.rules import Principal
from marketplace.payments import gateway
from marketplace.payments import queries as payments
from marketplace.payments.rules import Leg, Method
from marketplace.settings import Settings, settings
from marketplace.settlement import operations as settlement


class Cashier:
    """Pays the legs of bookings at the Stripe sandbox."""

    def __init__(self, browser: httpx.AsyncClient) -> None:
        self._browser = browser

    async def pay(self, principal: Principal, booking_id: UUID, *, method: Method = Method.CARD, now: datetime) -> None:
        """Pay the leg that is due and apply the payment."""
        found = await booking(principal=principal, booking_id=booking_id, now=now)
        due = payable_leg(found.schedule, paid_amount=found.paid_amount)
        if due is None:
            raise ValueError("nothing is due")
        payment_id = await operations.pay(
            principal=principal, booking_id=booking_id, leg=Leg(due.leg), method=method, now=now
        )
        page = (await payments.payment(payment_id)).checkout_url
        if page is None:
            raise ValueError("the payment has no page")
        answer = await self._browser.post(page, data={"method": method.value, "outcome": "succeed"})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise ValueError(f"the sandbox answered {answer.status_code}")
        await operations.apply_payment(payment_id=payment_id, now=now)

    async def onboard(self, host: Principal, *, now: datetime) -> None:
        """Fill in the sandbox's form for an institution, as its staff would, so that it can be paid."""
        address = f"{settings().public_url}/payee/return"
        link = await settlement.begin_onboarding(principal=host, return_url=address, refresh_url=address, now=now)
        answer = await self._browser.post(link.url, data={"outcome": "complete"})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise ValueError(f"the sandbox answered {answer.status_code}")
        if host.institution_id is not None:
            await settlement.refresh_payee(institution_id=host.institution_id, now=now)


@asynccontextmanager
async def cashier(found: Settings) -> AsyncIterator[Cashier | None]:
    """Open a cashier where there is a sandbox; at the real Stripe nobody is there to pay, so there is None."""
    if found.stripe_api_base is None:
        yield None
        return
    gateway.configure(found)
    try:
        async with httpx.AsyncClient(trust_env=False) as browser:
            yield Cashier(browser)
    finally:
        await gateway.close()
