"""The background hands: deliver due webhooks and run due timers, from durable rows, until told to stop."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import httpx

from marketplace.embedded.stripe_sandbox import timers, webhooks
from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.chaos import Chaos
from marketplace.embedded.stripe_sandbox.store import Store, Transaction
from marketplace.embedded.stripe_sandbox.webhooks import Parcel

_AT_ONCE = 8
_LONGEST_NAP_SECONDS = 5.0
_TIMEOUT_SECONDS = 10.0
_HELD_BACK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Courier:
    """Delivers webhooks at least once, in no promised order, as Stripe does."""

    def __init__(self, store: Store, chaos: Chaos, clock: Callable[[], float], open_call: Callable[..., Call]) -> None:
        self._store = store
        self._chaos = chaos
        self._clock = clock
        self._open_call = open_call
        self._under_way: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Work until cancelled; a nap ends early when a transaction committed."""
        # No proxies: the receiver is on this machine, whatever the environment says.
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            try:
                while True:
                    self._store.changed.clear()
                    nap = await self._careful_round(client)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._store.changed.wait(), timeout=nap)
            finally:
                await self._finish()

    async def _careful_round(self, client: httpx.AsyncClient) -> float:
        try:
            return await self._round(client)
        except Exception:  # A round that fails must not end the deliveries of a whole demo; the rows are still there.
            log.exception("a round of deliveries and timers failed")
            return 1.0

    async def _round(self, client: httpx.AsyncClient) -> float:
        """Start everything that is due; returns how many seconds may pass before the next look."""
        room = _AT_ONCE - len(self._under_way)
        skip = set(self._under_way)
        parcels = await self._store.run(lambda tx: webhooks.due(tx, limit=room, skip=skip)) if room > 0 else []
        for parcel in parcels:
            task = asyncio.create_task(self._deliver(client, parcel))
            self._under_way[parcel.delivery_id] = task
            task.add_done_callback(partial(self._done, parcel.delivery_id))
        while await self._store.run(lambda tx: timers.run_one_due(self._open_call(tx), at=self._clock())):
            pass
        under_way = set(self._under_way)
        return await self._store.run(lambda tx: self._nap(tx, under_way))

    def _done(self, delivery_id: int, _: asyncio.Task[None]) -> None:
        self._under_way.pop(delivery_id, None)
        self._store.changed.set()

    def _nap(self, tx: Transaction, under_way: set[int]) -> float:
        waits = [_LONGEST_NAP_SECONDS]
        # With every hand full there is nothing to wait for but a hand: an ending delivery wakes us.
        if len(under_way) < _AT_ONCE and (delivery := webhooks.next_due(tx, skip=under_way)) is not None:
            waits.append(delivery - time.time())
        if (timer := timers.next_due(tx)) is not None:
            waits.append(timer - self._clock())
        return max(0.0, min(waits))

    async def _deliver(self, client: httpx.AsyncClient, parcel: Parcel) -> None:
        knobs = self._chaos.knobs
        if knobs.delay_ms:
            await asyncio.sleep(knobs.delay_ms / 1000)
        if self._chaos.strikes(knobs.reorder_webhooks):
            # Held back for a moment of its own, so that what was owed later arrives earlier.
            await asyncio.sleep(self._chaos.between(0.0, _HELD_BACK_SECONDS))
        if self._chaos.strikes(knobs.drop_webhooks):
            await self._store.change(lambda tx: webhooks.abandon(tx, parcel.delivery_id, "dropped by chaos"))
            return
        if self._chaos.strikes(knobs.double_webhooks):
            await _send(client, parcel)
        status, error = await _send(client, parcel)
        await self._store.change(lambda tx: _settle(tx, parcel, status, error))

    async def _finish(self) -> None:
        """Let attempts under way end; what does not end in time is simply tried again after the next start."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way.values(), timeout=2)
            for task in late:
                task.cancel()


async def _send(client: httpx.AsyncClient, parcel: Parcel) -> tuple[int | None, str | None]:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (Houniao Stripe sandbox)",
        "Stripe-Signature": webhooks.signature(parcel.body, parcel.secrets, int(time.time())),
    }
    try:
        answer = await client.post(parcel.url, content=parcel.body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return None, f"{type(error).__name__}: {error}"[:200]
    return answer.status_code, None if answer.is_success else f"HTTP {answer.status_code}"


def _settle(tx: Transaction, parcel: Parcel, status: int | None, error: str | None) -> None:
    if error is None and status is not None:
        webhooks.delivered(tx, parcel.delivery_id, status)
        return
    if webhooks.failed(tx, parcel.delivery_id, status=status, error=error) == 1:
        log.info("webhook delivery %s to %s failed and will be tried again: %s", parcel.delivery_id, parcel.url, error)
