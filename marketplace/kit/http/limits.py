"""Rate limits: GCRA in one Lua script on Valkey, exact across processes; an unreachable Valkey lets requests pass."""

import hashlib
from typing import Any

import msgspec
import structlog
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from marketplace.kit import valkey
from marketplace.kit.errors import DomainError
from marketplace.kit.http.context import add_header
from marketplace.kit.valkey import RedisError

log = structlog.get_logger("limits")

# KEYS[1] bucket · ARGV: emission interval in µs, burst in requests. Answers {allowed, remaining, retry_us}.
_GCRA = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local earliest = tat + interval - interval * burst
if earliest > now then return {0, 0, earliest - now} end
redis.call('SET', KEYS[1], string.format('%.0f', tat + interval), 'PX', math.ceil((tat + interval - now) / 1000))
return {1, math.floor((now - earliest) / interval), 0}
"""


class RateLimited(DomainError):
    """Too many requests; wait for as long as Retry-After says."""

    code = "rate_limited"
    status = 429
    zh = "请求过于频繁，请稍后再试"
    en = "Too many requests; wait and try again."
    retryable = True

    def __init__(self, *, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s  # type: ignore[misc]  # The wait is known only per refusal.
        super().__init__()


class Limit(msgspec.Struct, frozen=True):
    """``count`` requests per ``window_s`` seconds, under a name that the RateLimit headers show."""

    name: str
    count: int
    window_s: int


SEARCH = Limit("search", 600, 60)
BOOKING = Limit("booking", 300, 60)
SIGN_IN = Limit("sign-in", 120, 60)
GENERAL = Limit("general", 1200, 60)
EXPORT = Limit("export", 12, 60)
PRINTING = Limit("printing", 30, 60)


async def hit(limit: Limit, caller: str) -> tuple[int, float]:
    """Count one request: ``(remaining, retry_after_s)``, the latter 0 when it may pass."""
    interval_us = limit.window_s * 1_000_000 // limit.count
    bucket = hashlib.sha256(caller.encode()).hexdigest()[:32]
    allowed, remaining, retry_us = await valkey.client().eval(
        _GCRA, 1, f"limit:{limit.name}:{bucket}", str(interval_us), str(limit.count)
    )
    return int(remaining), 0.0 if allowed else max(retry_us / 1_000_000, 0.001)


def limited(limit: Limit) -> Guard:
    """Make a guard that counts requests per bearer token, or per address for strangers. Refuses: RateLimited.

    The token counts only once it was found good: otherwise a stranger could write a new one each time.
    """

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        token = connection.headers.get("authorization") if connection.scope.get("user") is not None else None
        caller = token or (connection.client.host if connection.client else "?")
        try:
            remaining, retry_after_s = await hit(limit, caller)
        except (RedisError, OSError) as error:
            log.warning("rate limits are off: Valkey is away", error=type(error).__name__)
            return
        add_header(connection.scope, "RateLimit-Policy", f'"{limit.name}";q={limit.count};w={limit.window_s}')
        add_header(connection.scope, "RateLimit", f'"{limit.name}";r={remaining};t={round(retry_after_s)}')
        if retry_after_s:
            raise RateLimited(retry_after_s=max(1, round(retry_after_s)))

    # The contract reads from every guard that its route is limited.
    guard.limit = limit  # type: ignore[attr-defined]
    return guard
