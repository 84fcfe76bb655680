import httpx
import pytest

from marketplace.kit import clock, valkey
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.outbox import publish
from marketplace.payments.jobs import CancelPayment
from tests.support.world import build, hold


async def test_a_living_process_asks_nobody(client: httpx.AsyncClient, count_queries) -> None:
    async with count_queries() as queries:
        answer = await client.get("/livez")

    assert (answer.status_code, answer.json(), queries) == (200, {"status": "alive"}, [])


async def test_readiness_says_how_long_each_check_took(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    checks = answer.json()["checks"]

    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert set(checks) == {"postgres", "migrations", "valkey", "outbox"}
    assert all(check["ok"] and check["elapsed_ms"] >= 0 for check in checks.values())


async def test_a_missing_migration_is_named_and_nothing_is_served(client: httpx.AsyncClient) -> None:
    newest = await fetch_value("SELECT max(name) FROM migration")
    await execute("DELETE FROM migration WHERE name = $1", newest)

    answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert newest in answer.json()["checks"]["migrations"]["detail"]


async def test_rate_limits_let_pass_and_readiness_stays_when_valkey_is_away(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("planted")

    monkeypatch.setattr(valkey.client(), "execute_command", away)

    ready, places = await client.get("/readyz"), await client.get("/v1/places")

    assert ready.status_code == 200
    assert ready.json()["checks"]["valkey"]["ok"] is False
    assert places.status_code == 200


async def test_metrics_show_routes_states_and_the_age_of_what_waits(client: httpx.AsyncClient, gateway: object) -> None:
    world = await build(client=client)
    booking = await hold(world, await world.family())
    async with transaction():
        await publish(CancelPayment(payment_id=world.room_type_id), now=clock.now())

    text = (await client.get("/metrics")).text

    assert 'marketplace_state_count{state="on_hold",table="bookings"} 1.0' in text
    assert 'marketplace_state_count{state="certified",table="certifications"} 1.0' in text
    assert 'marketplace_job_age_seconds{kind="payments.cancel"}' in text
    assert "marketplace_outbox_lag_seconds" in text
    assert 'path="/v1/bookings"' in text
    assert booking["id"] not in text


def test_tracing_is_loaded_only_when_an_endpoint_is_configured() -> None:
    import msgspec

    from marketplace.monitoring.tracing import tracing_plugins
    from marketplace.settings import settings

    quiet = msgspec.structs.replace(settings(), otlp_endpoint=None)
    traced = msgspec.structs.replace(settings(), otlp_endpoint="http://127.0.0.1:9")

    assert tracing_plugins(quiet) == []
    assert [type(plugin).__name__ for plugin in tracing_plugins(traced)] == ["OpenTelemetryPlugin"]
