"""Platforms that book, pay, cancel and come back, again and again, while everything around them breaks."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from seed.logins import DEMO
from seed.telling import Caller, Story, persistent

PATIENCE_S = 30.0


@dataclass
class Told:
    """What clients were told, which nothing that breaks may take back."""

    bookings: dict[str, str] = field(default_factory=dict)
    """Every booking that was acknowledged, and the key under which it was asked for."""
    paid: set[str] = field(default_factory=set)
    """Bookings whose payment page took the money."""
    cancelled: set[str] = field(default_factory=set)


@dataclass
class Shopper:
    """One platform with its own corner of the calendar and its own dice."""

    story: Story
    caller: Caller
    dice: random.Random
    told: Told
    returns: bool
    first: int

    async def shop(self) -> None:
        day = self.first
        while True:
            with suppress(httpx.TransportError, AssertionError):
                await self._once(day)
            day = day + 7 if day < self.first + 84 else self.first

    async def _once(self, day: int) -> None:
        offer = await self.story.offer(self.caller, first=day, nights=7, guests=1)
        booking = await self._book(offer)
        if self.dice.random() < 0.2:
            return
        body = {"leg": booking["payable_leg"], "method": self.dice.choice(["card", "alipay", "wechat_pay"])}
        path = f"/v1/bookings/{booking['id']}/payments"
        opened = await self.caller.send(path, body, key=uuid4().hex)
        if opened.status_code != 201:
            return
        await self._pay(booking["id"], opened.json(), method=body["method"])

    async def _book(self, offer: dict[str, Any]) -> dict[str, Any]:
        key = uuid4().hex
        body = {
            "quote_id": offer["id"],
            "guests": [{"name": "王秀英", "birth_year": 1950}],
            "contact": {"name": "李娜", "phone": "13800138000"},
        }
        answer = await self.caller.send("/v1/bookings", body, key=key)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        self.told.bookings[found["id"]] = key
        return found

    async def _pay(self, booking_id: str, payment: dict[str, Any], *, method: str) -> None:
        outcome = self.dice.choice(["succeed", "succeed", "later"])
        form = {"method": method, "outcome": outcome}
        answer = await persistent(lambda: self.story.http.post(payment["checkout_url"], data=form))
        if answer.status_code != 303:
            return
        self.told.paid.add(booking_id)
        if self.returns and self.dice.random() < 0.3:
            await persistent(lambda: self.story.http.get(f"/payments/{payment['id']}/return"))
        if self.returns and self.dice.random() < 0.4:
            await self._cancel(booking_id)

    async def _cancel(self, booking_id: str) -> None:
        quoted = await self.caller.send(f"/v1/bookings/{booking_id}/cancellation-quotes")
        if quoted.status_code != 201:
            return
        body = {"cancellation_quote_id": quoted.json()["id"]}
        answer = await self.caller.send(f"/v1/bookings/{booking_id}/cancellation", body, key=uuid4().hex)
        if answer.status_code == 200:
            self.told.cancelled.add(booking_id)


@asynccontextmanager
async def shopping(api: str, *, seed: int, count: int = 3, returns: bool = True) -> AsyncIterator[Told]:
    """Let shoppers loose on an API until the end of the ``with``; without ``returns`` no browser ever comes back."""
    told = Told()
    async with Story.open(api=api) as story:
        shoppers = []
        for number in range(count):
            caller = await story.partner(DEMO.partners[number % len(DEMO.partners)])
            dice = random.Random(f"{seed}:{number}")
            # Each has its own ninety days, and none goes beyond the four hundred nights that are on sale.
            shopper = Shopper(story, caller, dice, told, returns, first=10 + 95 * ((number + seed) % 4))
            shoppers.append(asyncio.create_task(shopper.shop()))
        try:
            yield told
        finally:
            for shopper in shoppers:
                shopper.cancel()
            await asyncio.gather(*shoppers, return_exceptions=True)
