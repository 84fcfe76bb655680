"""`marketplace up` with real servers and stand-ins for the product's own programs, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from marketplace.embedded import lock, processes, state
from marketplace.embedded.paths import Home
from tests.embedded.conftest import furnish, start_python
from tests.embedded.stand_ins import SETTINGS, UP


@pytest.fixture
def empty_home(tmp_path: Path) -> Home:
    return Home(tmp_path / "候鸟 home")


@pytest.fixture
def home(empty_home: Home, cluster: Path) -> Home:
    return furnish(empty_home, cluster)


@pytest.fixture
def up(empty_home, supervised):
    def start(*options: str, **environment: str) -> subprocess.Popen[str]:
        unset = dict.fromkeys(SETTINGS, "")
        process = start_python(UP, *options, **{"MARKETPLACE_HOME": str(empty_home.root), **unset, **environment})
        supervised.append(process)
        return process

    return start


def until_ready(process: subprocess.Popen[str]) -> list[str]:
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            return lines
    pytest.fail("".join(lines))


def pids(home: Home) -> list[int]:
    return [process.pid for process in state.load(home).run.processes.values()]


def test_it_starts_shows_and_stops_everything(up, empty_home):
    home = empty_home
    process = up()
    shown = "".join(until_ready(process))
    run = state.load(home).run
    assert run.ready
    assert list(run.processes) == ["postgres", "valkey", "stripe_sandbox", "api", "worker", "beat"]
    assert {one.condition for one in run.processes.values()} == {"running"}
    assert run.urls["api"] in shown
    assert "+8613800000001" in shown
    assert "\x1b" not in shown
    with urllib.request.urlopen(run.urls["api"]) as answer:
        assert answer.read().decode() == run.urls["api"]
    running = pids(home)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not any(processes.alive(pid) for pid in running)
    assert not lock.is_held(home)
    assert state.load(home).run is None
    assert "database system is shut down" in home.log("postgres").read_text()


def test_the_second_start_finds_the_same_addresses_and_data_and_repeats_nothing(up, home):
    first = up()
    until_ready(first)
    before = state.load(home)
    first.terminate()
    assert first.wait(30) == 0
    migrated = home.log("migrate").read_text()
    second = up()
    until_ready(second)
    after = state.load(home)
    assert after.run.urls == before.run.urls
    assert after.run.environment == before.run.environment
    assert home.log("migrate").read_text() == migrated == "migrate done\n"
    assert home.log("seed").read_text() == "seed done\n"


def test_a_second_one_is_told_and_secrets_are_for_their_owner_only(up, home):
    first = up()
    until_ready(first)
    is_told_that_the_first_runs(up, home, first)
    keeps_its_secrets(home)


def is_told_that_the_first_runs(up, home: Home, first: subprocess.Popen[str]) -> None:
    running = pids(home)
    second = up()
    said, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert f"already running here (process {first.pid})" in said
    assert "marketplace down" in said
    assert pids(home) == running
    assert all(processes.alive(pid) for pid in running)


def keeps_its_secrets(home: Home) -> None:
    assert home.state.stat().st_mode & 0o777 == 0o600
    assert all(log.stat().st_mode & 0o777 == 0o600 for log in home.logs.iterdir())
    known = state.load(home)
    shown = "".join(log.read_text() for log in home.logs.iterdir())
    for secret in known.secrets.values():
        assert secret not in shown


def test_kill_9_leaves_nothing_and_the_next_start_works(up, home):
    first = up()
    until_ready(first)
    running = pids(home)
    first.kill()
    assert processes.wait_until(lambda: not any(processes.alive(pid) for pid in running), 15)
    second = up()
    until_ready(second)
    assert not set(pids(home)) & set(running)


def test_each_killed_program_comes_back(up, home):
    process = up()
    until_ready(process)
    for name in ("postgres", "valkey", "api", "worker", "beat", "stripe_sandbox"):
        killed = state.load(home).run.processes[name].pid
        os.kill(killed, signal.SIGKILL)
        assert processes.wait_until(lambda name=name: is_back(home, name), 20), name
        assert state.load(home).run.processes[name].pid != killed
    assert state.load(home).run.ready


def is_back(home: Home, name: str) -> bool:
    one = state.load(home).run.processes[name]
    return one.restart_count == 1 and one.condition == "running"


def test_a_taken_port_is_stepped_over_and_said(up, home, supervised):
    port = state.load(home).ports["api"]
    stranger = start_python(
        f"import signal, socket; s = socket.create_server(('127.0.0.1', {port})); print(flush=True); signal.pause()"
    )
    supervised.append(stranger)
    stranger.stdout.readline()
    again = up()
    assert f"port {port} is taken; api has " in "".join(until_ready(again))
    assert state.load(home).ports["api"] > port
    again.terminate()
    assert again.wait(30) == 0
    asked = up(f"--port={port}")
    said, _ = asked.communicate(timeout=30)
    assert asked.returncode == 1
    assert f"port {port} is taken" in said


def test_two_that_start_at_once_choose_different_ports(up, home, tmp_path, cluster):
    other = Home(tmp_path / "other")
    furnish(other, cluster)
    state.save(other, state.load(home))
    both = [up(), up(MARKETPLACE_HOME=str(other.root))]
    for process in both:
        until_ready(process)
    chosen = [set(state.load(one).ports.values()) for one in (home, other)]
    assert [len(one) for one in chosen] == [4, 4]
    assert not chosen[0] & chosen[1]
    for one in (home, other):
        api = state.load(one).run.urls["api"]
        with urllib.request.urlopen(api) as answer:
            assert answer.read().decode() == api


def test_what_the_person_brings_is_used_instead(up, home):
    with_own = up(
        STRIPE_API_KEY="sk_test_own", STRIPE_WEBHOOK_SECRET="whsec_own", REDIS_URL="redis://:own@127.0.0.1:1/0"
    )
    shown = "".join(until_ready(with_own))
    run = state.load(home).run
    assert list(run.processes) == ["postgres", "api", "worker", "beat"]
    assert run.environment["STRIPE_API_KEY"] == "sk_test_own"
    assert "STRIPE_API_BASE" not in run.environment
    assert run.urls["stripe_sandbox"] == "https://api.stripe.com"
    assert run.environment["REDIS_URL"] == "redis://:own@127.0.0.1:1/0"
    assert "own@" not in shown


def test_it_will_not_run_in_production_nor_with_real_money(up, home):
    process = up(MARKETPLACE_ENV="production")
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "unset MARKETPLACE_ENV" in said
    process = up(STRIPE_API_KEY="sk_live_x")
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "a live STRIPE_API_KEY needs MARKETPLACE_ENV=production" in said
    assert not lock.is_held(home)


def test_json_for_scripts(up, home):
    process = up("--json", "--no-seed")
    for line in process.stdout:
        if line.startswith("{"):
            break
    told = json.loads(line)
    assert told["running"]
    assert set(told["urls"]) == {"api", "docs", "stripe_sandbox", "outbox"}
    assert [list(family) for family in told["demo"]["families"]] == [["phone", "name"]] * 5
    assert not home.log("seed").exists()
    asked = subprocess.run(
        [sys.executable, "-m", "marketplace.cli", "status", "--json"],
        env={**os.environ, "MARKETPLACE_HOME": str(home.root)},
        capture_output=True,
        check=True,
    )
    status = json.loads(asked.stdout)
    told.pop("seconds")
    assert status == told
    assert status["processes"]["postgres"]["condition"] == "running"
