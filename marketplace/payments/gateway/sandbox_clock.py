"""The sandbox's clock follows ours in development: a page that expires tomorrow must not seem to expire next month."""

import ssl
from datetime import timedelta
from functools import cache

import httpx

from marketplace.kit.db import forbid_transaction
from marketplace.settings import Settings


@cache
def _trusted() -> ssl.SSLContext:
    """Read whom this machine trusts, once: it takes longer than asking the sandbox."""
    return httpx.create_ssl_context(trust_env=False)


async def move(offset: timedelta, *, found: Settings) -> None:
    """Set the sandbox's clock to ``offset`` from the real one; does nothing where no sandbox is controlled."""
    forbid_transaction()
    if found.stripe_api_base is None or found.stripe_sandbox_token is None:
        return
    async with httpx.AsyncClient(base_url=found.stripe_api_base, verify=_trusted(), trust_env=False, timeout=5) as http:
        answer = await http.post(
            "/_sandbox/clock",
            json={"offset_seconds": int(offset.total_seconds())},
            headers={"X-Sandbox-Token": found.stripe_sandbox_token},
        )
        answer.raise_for_status()
