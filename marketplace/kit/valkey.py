"""Valkey (Redis protocol): rate limits and health only; no fact of the business lives here."""

from marketplace.kit.absent import absent

# It would load OpenTelemetry, for metrics that nobody has asked it for.
with absent("opentelemetry"):
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

__all__ = ("RedisError", "client", "connect", "disconnect")

_client: Redis | None = None


async def connect(url: str) -> None:
    """Open the process's client on ``url``; nothing is sent yet."""
    global _client  # noqa: PLW0603 - one client per process, opened and closed with it.
    _client = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, health_check_interval=15)


async def disconnect() -> None:
    """Close the client; calling it twice is harmless."""
    global _client  # noqa: PLW0603 - see connect().
    if _client is not None:
        await _client.aclose()
        _client = None


def client() -> Redis:
    """Return the process's client."""
    if _client is None:
        raise RuntimeError("call kit.valkey.connect() first")
    return _client
