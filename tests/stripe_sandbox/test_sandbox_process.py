"""The process: what it refuses to start with, how it ends, and that a kill leaves no half effects."""

import ast
import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import stripe

from marketplace.embedded.stripe_sandbox.settings import SettingsError, read_settings

ARGUMENTS = ["--port", "8420", "--data", "sandbox.sqlite3"]
ROOT = Path(__file__).parents[2]
GOOD = {"STRIPE_API_KEY": "sk_test_houniao"}


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (ARGUMENTS, {}, "STRIPE_API_KEY is missing"),
        (ARGUMENTS, {"STRIPE_API_KEY": "sk_live_houniao"}, "STRIPE_API_KEY is a live key"),
        (ARGUMENTS, {"STRIPE_API_KEY": "rk_live_houniao"}, "STRIPE_API_KEY is a live key"),
        ([*ARGUMENTS, "--host", "0.0.0.0"], GOOD, "listens on loopback only"),
        ([*ARGUMENTS, "--host", "houniao.example"], GOOD, "listens on loopback only"),
        (ARGUMENTS, {**GOOD, "STRIPE_SANDBOX_WEBHOOK_URL": "http://127.0.0.1:1/"}, "STRIPE_WEBHOOK_SECRET is missing"),
    ],
)
def test_a_dangerous_setting_is_refused(arguments, environment, named):
    with pytest.raises(SettingsError, match=named):
        read_settings(arguments, environment)


@pytest.mark.parametrize(("host", "base"), [("localhost", "http://127.0.0.1:8420"), ("::1", "http://[::1]:8420")])
def test_loopback_goes_by_several_names(host, base):
    assert read_settings([*ARGUMENTS, "--host", host], GOOD).base_url == base


def test_a_taken_port_is_refused_and_the_first_process_stays(sandbox, http, tmp_path):
    command = [sys.executable, "-m", "marketplace.embedded.stripe_sandbox", "--port", str(sandbox.port)]
    second = subprocess.run(
        [*command, "--data", str(tmp_path / "other.sqlite3")],
        env={**GOOD, "PATH": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 2
    assert f"port {sandbox.port} cannot be used" in second.stderr
    assert http.get(f"{sandbox.url}/livez").json() == {"status": "ok"}


def test_health_is_open_and_control_is_closed(sandbox, http):
    health = http.get(f"{sandbox.url}/_sandbox/health").json()
    assert (health["status"], health["clock_offset_seconds"]) == ("ok", 0)
    for headers in ({}, {"X-Sandbox-Token": "guess"}):
        answer = http.post(f"{sandbox.url}/_sandbox/chaos", json={"error_rate": 1}, headers=headers)
        assert answer.status_code == 403
    assert sandbox.control("GET", "/chaos")["error_rate"] == 0
    headers = {"X-Sandbox-Token": "control-token"}
    for wrong in ({"eror_rate": 1}, {"error_rate": 2}, {"delay_ms": -1}):
        answer = http.post(f"{sandbox.url}/_sandbox/chaos", json=wrong, headers=headers)
        assert answer.status_code == 400
    assert sandbox.control("GET", "/chaos")["error_rate"] == 0


async def test_a_kill_loses_nothing_and_leaves_each_key_with_one_effect(new_process, new_receiver, new_sdk, wait_until):
    count = 16
    deaf = new_receiver()
    deaf.default_answer = 503
    process = new_process(deaf.url).start()
    sdk = new_sdk(process.url)
    answered: dict[int, str] = {}
    killed = asyncio.Event()

    async def pay(number: int) -> None:
        params = {"amount": 5000 + number, "currency": "cny", "payment_method": "pm_card_visa", "confirm": True}
        options = {"idempotency_key": f"pay:{number}:1", "max_network_retries": 0}
        intent = await sdk.v1.payment_intents.create_async(
            {**params, "allowed_payment_method_types": ["card"]}, options
        )
        answered[number] = intent.id
        if len(answered) == 5 and not killed.is_set():
            killed.set()
            process.kill()

    outcomes = await asyncio.gather(*(pay(number) for number in range(count)), return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, stripe.APIConnectionError) for outcome in outcomes)
    before = dict(answered)
    assert len(before) >= 5

    listening = new_receiver()
    process.webhook_url = listening.url
    process.start()
    sdk = new_sdk(process.url)
    await asyncio.gather(*(pay(number) for number in range(count)))
    assert {number: answered[number] for number in before} == before
    intents = (await sdk.v1.payment_intents.list_async({"limit": 100})).data
    assert sorted(intent.id for intent in intents) == sorted(answered.values())
    charges = (await sdk.v1.charges.list_async({"limit": 100})).data
    assert sorted(charge.payment_intent for charge in charges) == sorted(answered.values())

    # What the deaf receiver refused before the kill is delivered to the new address after it.
    listening.wait_for(lambda events: len({event["id"] for event in events}) == 3 * count)
    wait_until(lambda: sdk.v1.events.list({"delivery_success": False}).data == [])
    events = (await sdk.v1.events.list_async({"limit": 100})).data
    assert {hook.event["id"] for hook in listening.received} == {event.id for event in events}
    assert {hook.event["id"] for hook in deaf.received} <= {event.id for event in events}
    assert process.stop() == 0


def test_the_package_stands_alone():
    """It imports nothing else of the product, and no SDK: the sandbox must not share the product's mistakes."""
    home = "marketplace.embedded.stripe_sandbox"
    imported = set()
    for file in (ROOT / home.replace(".", "/")).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, file
                imported.add(node.module)
    assert [name for name in imported if name.startswith("marketplace") and not name.startswith(home)] == []
    foreign = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    assert foreign == {"marketplace", "granian", "httpx", "jinja2", "litestar", "msgspec", "uvloop"}
