"""The sandbox as one object: its store, clock, chaos and courier, and how a call on them is opened."""

import asyncio
import hmac
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from litestar.di import NamedDependency

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.chaos import Chaos
from marketplace.embedded.stripe_sandbox.clock import Clock
from marketplace.embedded.stripe_sandbox.courier import Courier
from marketplace.embedded.stripe_sandbox.idempotency import InFlight
from marketplace.embedded.stripe_sandbox.resources import webhook_endpoints
from marketplace.embedded.stripe_sandbox.settings import Settings
from marketplace.embedded.stripe_sandbox.store import Store, Transaction

Result = TypeVar("Result")

_CLOCK_OFFSET = "clock_offset"


class Sandbox:
    """Everything one process holds."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.data)
        self.chaos = Chaos()
        self.clock = Clock()
        self.in_flight = InFlight()
        with self.store.begin() as tx:
            self.clock.offset_seconds = int(tx.fact(_CLOCK_OFFSET) or 0)
            webhook_endpoints.follow_environment(self.call(tx), settings.webhook_url, settings.webhook_secret)
        self._courier = Courier(self.store, self.chaos, self.clock.now, self.call)
        self._work: asyncio.Task[None] | None = None

    def call(self, tx: Transaction, **details: Any) -> Call:
        """Open a call on a transaction, at this moment."""
        return Call(
            tx=tx,
            now=int(self.clock.now()),
            base_url=self.settings.base_url,
            settle_delay_seconds=self.chaos.knobs.settle_delay_ms / 1000,
            **details,
        )

    async def read(self, work: Callable[[Call], Result]) -> Result:
        """Look at the state."""
        return await self.store.run(lambda tx: work(self.call(tx)))

    async def change(self, work: Callable[[Call], Result]) -> Result:
        """Change the state, then let the courier see what it is owed."""
        return await self.store.change(lambda tx: work(self.call(tx)))

    async def move_clock(self, offset_seconds: int) -> None:
        """Set the clock's distance to real time; timers that become due run at once."""
        await self.store.change(lambda tx: tx.remember(_CLOCK_OFFSET, str(offset_seconds)))
        self.clock.offset_seconds = offset_seconds
        self.store.changed.set()

    def accepts_key(self, key: str) -> bool:
        """Tell whether an API key is ours, in constant time."""
        return hmac.compare_digest(key.encode(), self.settings.api_key.encode())

    def accepts_token(self, token: str | None) -> bool:
        """Tell whether a control token is ours; without one in the environment, none is."""
        ours = self.settings.control_token
        return ours is not None and token is not None and hmac.compare_digest(token.encode(), ours.encode())

    def start(self) -> None:
        """Begin delivering and watching timers."""
        self._work = asyncio.get_running_loop().create_task(self._courier.run())

    async def stop(self) -> None:
        """Stop delivering, finish the open transaction, close the file."""
        if self._work is not None:
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work
        self.store.close()


TheSandbox = NamedDependency[Sandbox]
"""How a handler asks for the sandbox."""
