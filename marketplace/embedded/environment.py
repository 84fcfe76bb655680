"""What the programs of one running marketplace are told, and what a command in another terminal may borrow from it."""

import base64
import os
from collections.abc import Mapping

from marketplace import settings
from marketplace.embedded import lock, state
from marketplace.embedded.errors import EmbeddedError, NotForProduction, NotRunning
from marketplace.embedded.paths import Home
from marketplace.embedded.state import State

STRIPE = "https://api.stripe.com"


def urls(*, api_port: int, sandbox_port: int | None, given: Mapping[str, str]) -> dict[str, str]:
    """Return the addresses that people and scripts start from."""
    api = f"http://127.0.0.1:{api_port}"
    return {
        "api": api,
        "docs": f"{api}/docs",
        "stripe_sandbox": f"http://127.0.0.1:{sandbox_port}"
        if sandbox_port
        else given.get("STRIPE_API_BASE") or STRIPE,
        "outbox": f"{api}/_dev/outbox",
    }


def of_programs(  # noqa: PLR0913 - what is told are these facts, each named at the call.
    known: State,
    *,
    addresses: Mapping[str, str],
    database_url: str,
    redis_url: str,
    given: Mapping[str, str],
    owner_url: str | None = None,
) -> dict[str, str]:
    """Return what every program is told; whatever the person has set stands.

    Refuses: NotForProduction when the environment says that this is production.
    """
    if given.get("MARKETPLACE_ENV") == "production":
        raise NotForProduction(
            "`marketplace up` makes secrets and logins that are public; MARKETPLACE_ENV says production",
            remedy="unset MARKETPLACE_ENV here; README.md says how to run it for real",
        )
    told = {
        "MARKETPLACE_ENV": "development",
        "SECRET_KEY": known.secret("SECRET_KEY"),
        "PUBLIC_URL": addresses["api"],
        "STRIPE_API_KEY": known.secret("STRIPE_API_KEY"),
        "STRIPE_WEBHOOK_SECRET": known.secret("STRIPE_WEBHOOK_SECRET"),
    }
    if not given.get("STRIPE_API_KEY"):
        told["STRIPE_API_BASE"] = addresses["stripe_sandbox"]
        told["STRIPE_SANDBOX_TOKEN"] = known.secret("STRIPE_SANDBOX_TOKEN")
        told["STRIPE_SANDBOX_WEBHOOK_URL"] = f"{addresses['api']}/v1/provider-webhooks/stripe"
    told |= {name: given[name] for name in told if given.get(name)}
    owned = {"DATABASE_OWNER_URL": owner_url} if owner_url else {}
    return {**told, "DATABASE_URL": database_url, **owned, "REDIS_URL": redis_url}


def serving(told: Mapping[str, str]) -> dict[str, str]:
    """Return what a program that serves is told: not how to own the database."""
    return {name: value for name, value in told.items() if name != "DATABASE_OWNER_URL"}


def borrow(home: Home) -> bool:
    """Take over the environment of the marketplace that runs here, below what is already set; False when none runs."""
    run = state.load(home).run
    if run is None or not lock.is_held(home):
        return False
    for name, value in run.environment.items():
        os.environ[name] = os.environ.get(name) or value
    return True


def borrow_or_refuse(home: Home) -> None:
    """Take over the environment of the running marketplace.

    Refuses: NotRunning, unless the environment names a database by itself.
    """
    if not borrow(home) and not os.environ.get("DATABASE_URL"):
        raise NotRunning(
            "nothing runs here, and DATABASE_URL is not set",
            remedy="run `make up` in another terminal, or set the variables that README.md lists",
        )


def check(environment: Mapping[str, str]) -> None:
    """Read the environment as the product will, before anything of it is started.

    Refuses: EmbeddedError with every mistake at once.
    """
    try:
        settings.read(environment)
    except settings.SettingsError as error:
        raise EmbeddedError(
            str(error), remedy="correct these variables, or unset them to use what is embedded"
        ) from None


def pretend() -> None:
    """Give this process an environment in which the application can be built but not used: its documents are the same in all."""
    os.environ.update(
        MARKETPLACE_ENV="development",
        DATABASE_URL="postgresql://nobody@127.0.0.1/nothing",
        REDIS_URL="redis://127.0.0.1/0",
        SECRET_KEY=base64.b64encode(bytes(32)).decode(),
        PUBLIC_URL="http://127.0.0.1:8000",
        STRIPE_API_KEY="sk_test_pretend",
        STRIPE_WEBHOOK_SECRET="whsec_pretend",  # noqa: S106 - it opens nothing.
    )
