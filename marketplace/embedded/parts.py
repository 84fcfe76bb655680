"""The parts of one marketplace: each stand-in and each program of the product, ready to be supervised."""

import functools
import os
from collections.abc import Mapping

from marketplace.embedded import postgres, programs, valkey
from marketplace.embedded.paths import Home
from marketplace.embedded.programs import Process, Program


def database(home: Home, *, port: int) -> Program[postgres.Server]:
    """Return PostgreSQL, without which nothing else can live."""
    return Program(
        name="postgres",
        title="PostgreSQL (embedded)",
        where=f"127.0.0.1:{port}",
        start=functools.partial(postgres.start, home.postgres, port=port, log=home.log("postgres")),
        essential=True,
    )


def queue(home: Home, *, port: int) -> Program[valkey.Server]:
    """Return Valkey, which carries messages and counts for rate limits."""
    return Program(
        name="valkey",
        title="Valkey (embedded)",
        where=f"127.0.0.1:{port}",
        start=functools.partial(valkey.start, home.valkey, port=port, log=home.log("valkey")),
        essential=True,
    )


def sandbox(home: Home, told: Mapping[str, str], *, port: int) -> Program[Process]:
    """Return the stand-in for Stripe."""
    return Program(
        name="stripe_sandbox",
        title="Stripe sandbox",
        where=f"http://127.0.0.1:{port}",
        start=functools.partial(
            programs.launch, home, "stripe_sandbox", programs.sandbox(port=port, data=home.sandbox), told
        ),
        ready=lambda _: programs.listens(port),
    )


def api(home: Home, told: Mapping[str, str], *, port: int) -> Program[Process]:
    """Return the API server, ready when it says that everything it needs answers."""
    url = f"http://127.0.0.1:{port}"
    return Program(
        name="api",
        title="API",
        where=url,
        start=functools.partial(programs.launch, home, "api", programs.api(host="127.0.0.1", port=port), told),
        ready=lambda _: programs.answers(f"{url}/readyz"),
    )


def worker(home: Home, told: Mapping[str, str]) -> Program[Process]:
    """Return the Celery worker, ready when it says so, which it does unless LOG_LEVEL silences it."""
    silent = (os.environ.get("LOG_LEVEL") or "INFO").upper() not in {"DEBUG", "INFO"}
    return Program(
        name="worker",
        title="worker",
        start=functools.partial(programs.launch, home, "worker", programs.worker(), told),
        ready=lambda running: silent or running.has_said(" ready"),
    )


def beat(home: Home, told: Mapping[str, str]) -> Program[Process]:
    """Return the scheduler."""
    return Program(
        name="beat",
        title="scheduler",
        start=functools.partial(programs.launch, home, "beat", programs.beat(), told),
    )
