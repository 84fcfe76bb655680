"""Liveness, readiness and metrics."""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from litestar import Controller, Response, get
from litestar.openapi.datastructures import ResponseSpec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from marketplace.identity.guards import NO_PRINCIPAL
from marketplace.inventory import queries as inventory
from marketplace.kit import clock, outbox, valkey
from marketplace.kit.db import fetch_value
from marketplace.kit.schema import expected_migrations
from marketplace.monitoring import queries
from marketplace.payments import queries as payments


class Check(msgspec.Struct, frozen=True):
    """One thing that readiness depends on."""

    ok: bool
    elapsed_ms: float
    detail: str | None = None


class Readiness(msgspec.Struct, frozen=True):
    """Whether this process can serve, and why not."""

    ready: bool
    checks: dict[str, Check]


class Liveness(msgspec.Struct, frozen=True):
    """The process is alive."""

    status: Annotated[str, msgspec.Meta(examples=["alive"])] = "alive"


class Health(Controller):
    """For load balancers, which have no account: whatever they send as Authorization is not looked at."""

    tags = ("operations",)
    opt = NO_PRINCIPAL | {"no_database": True}

    @get("/livez", summary="Is the process alive · 存活检查", operation_id="getLiveness")
    async def livez(self) -> Liveness:
        """Answer at once, asking nothing of anybody."""
        return Liveness()

    @get(
        "/readyz",
        summary="Can the process serve · 就绪检查",
        operation_id="getReadiness",
        responses={503: ResponseSpec(Readiness, generate_examples=False, description="Not now; the checks say why.")},
    )
    async def readyz(self) -> Response[Readiness]:
        """Ask PostgreSQL, the schema, Valkey and the outbox; 503 when one of them says no."""
        checks = {"postgres": await _timed(_postgres), "valkey": await _timed(_valkey)}
        # A database that hangs is waited for once.
        for name, check in (("migrations", _migrations), ("outbox", _outbox)):
            checks[name] = await _timed(check) if checks["postgres"].ok else Check(ok=False, elapsed_ms=0.0)
        ready = all(checks[name].ok for name in ("postgres", "migrations"))
        return Response(Readiness(ready=ready, checks=checks), status_code=200 if ready else 503)


@get(
    "/metrics",
    summary="Prometheus metrics · 监控指标",
    operation_id="getMetrics",
    tags=["operations"],
    opt=NO_PRINCIPAL,
    media_type="text/plain",
    response_description="Metrics in the text format of Prometheus.",
)
async def metrics() -> Response[bytes]:
    """Answer Prometheus: routes from this process, states and ages from the database."""
    registry = CollectorRegistry()
    now = clock.now()
    states = Gauge("marketplace_state_count", "Rows by table and state", ["table", "state"], registry=registry)
    for table, counts in (await queries.counts_by_state()).items():
        for state, count in counts.items():
            states.labels(table, state).set(count)
    Gauge("marketplace_outbox_lag_seconds", "Wait of the oldest due message", registry=registry).set(
        await outbox.lag_s(now=now)
    )
    ages = Gauge("marketplace_job_age_seconds", "Wait of the oldest due message by kind", ["kind"], registry=registry)
    for kind, age_s in (await queries.job_ages_s(now=now)).items():
        ages.labels(kind).set(age_s)
    if verified := await inventory.last_verification():
        Gauge(
            "marketplace_inventory_drift_count", "Counters that the last verification found wrong", registry=registry
        ).set(verified.drift_count)
        Gauge("marketplace_inventory_verified_timestamp_seconds", "When that was", registry=registry).set(
            verified.verified_at.timestamp()
        )
    count, amount = await payments.suspense()
    Gauge(
        "marketplace_money_suspense_count", "Movements at the provider that nothing of ours explains", registry=registry
    ).set(count)
    Gauge("marketplace_money_suspense_amount", "What they are in sum, in minor units", registry=registry).set(amount)
    if proved := await payments.last_verification():
        Gauge("marketplace_money_finding_count", "What the last proof of the books found wrong", registry=registry).set(
            proved.finding_count
        )
        Gauge("marketplace_money_verified_timestamp_seconds", "When that was", registry=registry).set(
            proved.verified_at.timestamp()
        )
    return Response(generate_latest(registry) + generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _timed(check: Callable[[], Awaitable[str | None]]) -> Check:
    started = time.perf_counter()
    try:
        complaint = await check()
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, readiness reports it.
        complaint = type(error).__name__
    return Check(ok=complaint is None, elapsed_ms=round((time.perf_counter() - started) * 1000, 2), detail=complaint)


async def _postgres() -> str | None:
    return None if await fetch_value("SELECT 1") == 1 else "unexpected answer"


async def _migrations() -> str | None:
    missing = set(expected_migrations()) - set(await queries.migrations_applied())
    return f"missing {', '.join(sorted(missing))}" if missing else None


async def _valkey() -> str | None:
    await valkey.client().ping()
    return None


async def _outbox() -> str | None:
    lag_s = await outbox.lag_s(now=clock.now())
    return f"oldest due message waits {lag_s:.0f} s" if lag_s > 60 else None
