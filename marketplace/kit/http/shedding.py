"""Overload: who cannot be served soon is told so at once, instead of waiting until something times out.

A gate stands before authentication and the connection pool, so that a shed request costs no query and changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import cycle

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import Counter

from marketplace.kit.errors import DomainError

PATIENCE_S = 2.0
_OPT = "gate"

# Whoever was sent away together must not come back together.
_RETRY_AFTER_S = cycle((1, 2, 3))
_shed = Counter("marketplace_shed_requests", "Requests sent away by an overloaded process", ["gate"])


class Overloaded(DomainError):
    """More requests came at once than can be served soon; nothing was done. Repeat it as Retry-After says."""

    code = "overloaded"
    status = 503
    zh = "当前访问人数较多，请稍后再试"
    en = "Too many requests at once; try again shortly."
    retryable = True

    def __init__(self, *, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s  # type: ignore[misc]  # Each refusal names another second.
        super().__init__()


class Gate:
    """Lets ``running_max`` requests run at once and ``waiting_max`` more wait, in order, for ``patience_s`` at most."""

    def __init__(self, name: str, *, running_max: int, waiting_max: int, patience_s: float = PATIENCE_S) -> None:
        self.name = name
        self.running_max, self.waiting_max, self.patience_s = running_max, waiting_max, patience_s
        self.waiting_count = 0
        self._places = asyncio.Semaphore(running_max)

    @asynccontextmanager
    async def passage(self) -> AsyncIterator[None]:
        """Run the block in one of the places. Refuses: Overloaded, at once when as many wait as may."""
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()

    async def _wait(self) -> None:
        if self.waiting_count >= self.waiting_max:
            raise self._refusal()
        self.waiting_count += 1
        try:
            async with asyncio.timeout(self.patience_s):
                await self._places.acquire()
        except TimeoutError:
            raise self._refusal() from None
        finally:
            self.waiting_count -= 1

    def _refusal(self) -> Overloaded:
        _shed.labels(self.name).inc()
        return Overloaded(retry_after_s=next(_RETRY_AFTER_S))


def through(gate: str) -> dict[str, str]:
    """Put a handler behind a gate: ``@post(…, opt=through("placing"))``."""
    return {_OPT: gate}


def is_gated(opt: Mapping[str, object]) -> bool:
    """Say whether a handler of these options stands behind a gate."""
    return _OPT in opt


class Admission(ASGIMiddleware):
    """Takes each request through the gate that its handler names; a name without a gate is a mistake and raises."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, gates: Mapping[str, Gate]) -> None:
        self._gates = gates

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run the request in one of its gate's places. Refuses: Overloaded."""
        name = scope["route_handler"].opt.get(_OPT)
        if name is None:
            await next_app(scope, receive, send)
            return
        async with self._gates[name].passage():
            await next_app(scope, receive, send)
