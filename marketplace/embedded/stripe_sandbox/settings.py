"""What the sandbox is told at its start: the command line and the environment, read once, refused with a remedy."""

import argparse
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

API_VERSION = "2026-10-28.endive"
"""The version that the SDK pins; events and webhook endpoints speak no other."""

TEST_KEYS = ("sk_test_", "rk_test_")


class SettingsError(Exception):
    """A setting is missing or dangerous; the message names it and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the process was started with."""

    host: str
    port: int
    data: Path
    api_key: str
    webhook_url: str | None = None
    webhook_secret: str | None = None
    control_token: str | None = None
    merchant: str = "候鸟 Houniao（示例商户）"

    @property
    def base_url(self) -> str:
        """Where a browser finds the pages of this process."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read the command line and the environment.

    Refuses: a live key, a host that is not loopback, a webhook address without its secret.
    """
    options = _parser().parse_args(arguments)
    webhook_url = environment.get("STRIPE_SANDBOX_WEBHOOK_URL") or None
    webhook_secret = environment.get("STRIPE_WEBHOOK_SECRET") or None
    if webhook_url and not webhook_secret:
        raise SettingsError("STRIPE_WEBHOOK_SECRET is missing: set it to the whsec_… that the receiver verifies with.")
    return Settings(
        host=_loopback(options.host),
        port=options.port,
        data=options.data,
        api_key=_test_key(environment.get("STRIPE_API_KEY", "")),
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
        control_token=environment.get("STRIPE_SANDBOX_TOKEN") or None,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stripe_sandbox", description="A local stand-in for Stripe.")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default 127.0.0.1)")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, metavar="FILE.sqlite3", help="where all state lives")
    return parser


def _loopback(host: str) -> str:
    address = "127.0.0.1" if host == "localhost" else host
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsError(f"--host {host} is refused: a payment sandbox listens on loopback only, use 127.0.0.1.")
    return address


def _test_key(key: str) -> str:
    if key.startswith(TEST_KEYS) and len(key) > len("sk_test_"):
        return key
    if "_live_" in key:
        raise SettingsError(
            "STRIPE_API_KEY is a live key: the sandbox refuses it. Use a key that starts with sk_test_."
        )
    raise SettingsError("STRIPE_API_KEY is missing or not a test key: set it to something like sk_test_houniao.")
