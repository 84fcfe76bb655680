"""Everything that the environment decides, read once; all mistakes are reported together."""

import base64
import binascii
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal, TypeVar, cast, get_args

import msgspec

T = TypeVar("T")

Environment = Literal["development", "test", "production"]
STRIPE_LIVE_PREFIXES = ("sk_live_", "rk_live_")


class SettingsError(Exception):
    """The environment is incomplete or wrong; the message names every variable, an example and the remedy."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration of one process."""

    environment: Environment
    database_url: str
    # Who migrates, where that is not who serves: the application's login then owns no table and rewrites no books.
    database_owner_url: str | None
    redis_url: str
    secret_key: bytes
    public_url: str
    stripe_api_key: str
    stripe_api_base: str | None
    stripe_webhook_secret: str
    stripe_sandbox_token: str | None
    log_level: str
    otlp_endpoint: str | None
    database_pool_size: int
    body_limit_bytes: int
    family_holds_max: int
    partner_holds_max: int
    waiting_room_size: int
    failpoints: str | None

    @property
    def is_development(self) -> bool:
        """Whether the one-time-code outbox and the movable clock exist: never in production."""
        return self.environment != "production"

    @property
    def is_production(self) -> bool:
        """Whether real people and real money are behind this process."""
        return self.environment == "production"


class _Reader:
    """Reads variables and gathers every complaint instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.complaints: list[str] = []

    def get(self, name: str, convert: Callable[[str], T], *, example: str, default: str | None = None) -> T:
        raw = self._environ.get(name) or default
        if raw is None:
            self.complaints.append(f"{name} is not set; set it, for example {name}={example}")
            return cast("T", None)
        try:
            return convert(raw)
        except ValueError as error:
            self.complaints.append(f"{name} is wrong: {error}; for example {name}={example}")
            return cast("T", None)


def _environment(raw: str) -> Environment:
    for known in get_args(Environment):
        if raw == known:
            return cast("Environment", raw)
    raise ValueError("it must be development, test or production")


def _secret(raw: str) -> bytes:
    try:
        key = base64.b64decode(raw, validate=True)
    except binascii.Error:
        raise ValueError("it must be base64") from None
    if len(key) < 32:
        raise ValueError("it must hold at least 32 bytes")
    return key


def _count(raw: str) -> int:
    if not raw.isdecimal() or int(raw) == 0:
        raise ValueError("it must be a whole number above zero")
    return int(raw)


def _url(*schemes: str) -> Callable[[str], str]:
    def convert(raw: str) -> str:
        if not raw.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"it must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return raw.rstrip("/")

    return convert


def read(environ: Mapping[str, str]) -> Settings:
    """Read the settings from ``environ``; raises SettingsError with every complaint at once."""
    reader = _Reader(environ)
    found = Settings(
        environment=reader.get("MARKETPLACE_ENV", _environment, example="production", default="production"),
        database_url=reader.get(
            "DATABASE_URL", _url("postgresql", "postgres"), example="postgresql://user:password@host:5432/marketplace"
        ),
        database_owner_url=environ.get("DATABASE_OWNER_URL") or None,
        redis_url=reader.get("REDIS_URL", _url("redis", "rediss"), example="redis://:password@host:6379/0"),
        secret_key=reader.get("SECRET_KEY", _secret, example="$(openssl rand -base64 32)"),
        public_url=reader.get("PUBLIC_URL", _url("http", "https"), example="https://houniao.example"),
        stripe_api_key=reader.get("STRIPE_API_KEY", str, example="sk_test_..."),
        stripe_api_base=environ.get("STRIPE_API_BASE") or None,
        stripe_webhook_secret=reader.get("STRIPE_WEBHOOK_SECRET", str, example="whsec_..."),
        stripe_sandbox_token=environ.get("STRIPE_SANDBOX_TOKEN") or None,
        log_level=reader.get("LOG_LEVEL", str.upper, example="INFO", default="INFO"),
        otlp_endpoint=environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
        database_pool_size=reader.get("DATABASE_POOL_SIZE", _count, example="10", default="10"),
        body_limit_bytes=reader.get("BODY_LIMIT_BYTES", _count, example="262144", default="262144"),
        family_holds_max=reader.get("FAMILY_HOLDS_MAX", _count, example="3", default="3"),
        partner_holds_max=reader.get("PARTNER_HOLDS_MAX", _count, example="200", default="200"),
        waiting_room_size=reader.get("WAITING_ROOM_SIZE", _count, example="64", default="64"),
        failpoints=environ.get("MARKETPLACE_FAILPOINTS") or None,
    )
    complaints = reader.complaints or _contradictions(found)
    if complaints:
        raise SettingsError("\n".join(complaints))
    return found


def _contradictions(found: Settings) -> list[str]:
    """Name the combinations that would mix real money with a stand-in."""
    complaints = []
    live = found.stripe_api_key.startswith(STRIPE_LIVE_PREFIXES)
    if live and found.stripe_api_base is not None:
        complaints.append("STRIPE_API_BASE must not be set with a live STRIPE_API_KEY: remove one of them")
    if found.is_production and found.stripe_api_base is not None:
        complaints.append("STRIPE_API_BASE points at a sandbox: it must not be set when MARKETPLACE_ENV=production")
    if found.is_production and found.failpoints is not None:
        complaints.append("MARKETPLACE_FAILPOINTS ends processes on purpose: it must not be set in production")
    if live and not found.is_production:
        complaints.append("a live STRIPE_API_KEY needs MARKETPLACE_ENV=production")
    return complaints


@cache
def settings() -> Settings:
    """Return the process's settings, read from the environment at first use."""
    return read(os.environ)
