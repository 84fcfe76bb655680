import os
import subprocess
import sys

import pytest

from marketplace.embedded import detached, lock, processes, programs, state
from marketplace.embedded.errors import AlreadyRunning, ProgramFailed
from marketplace.embedded.panel import Reporter
from marketplace.embedded.paths import Home
from seed.logins import listed
from tests.embedded.conftest import furnish
from tests.embedded.stand_ins import SETTINGS, UP


@pytest.fixture
def home(tmp_path, cluster, monkeypatch):
    made = furnish(Home(tmp_path / "候鸟 home"), cluster)
    monkeypatch.setenv("MARKETPLACE_HOME", str(made.root))
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(programs, "command", lambda _, *options: [sys.executable, "-c", UP, *options])
    before = dict(os.environ)
    yield made
    detached.stop(made)
    # A borrowed environment is meant for a command's own process.
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def report():
    return Reporter(listed())


def test_it_runs_in_the_background_until_it_is_stopped(home, report, capsys):
    started = detached.start(home, report, with_seed=False)
    assert "Ready in" in capsys.readouterr().out
    assert detached.is_ready(home)
    running = [one.pid for one in state.load(home).run.processes.values()]
    assert len(running) == 6
    with pytest.raises(AlreadyRunning):
        detached.start(home, report)
    with detached.running(home, report):
        assert os.environ["DATABASE_URL"] == state.load(home).run.environment["DATABASE_URL"]
    assert detached.is_ready(home)
    assert detached.stop(home)
    assert started.wait() == 0
    assert not any(processes.alive(pid) for pid in running)
    assert not detached.stop(home)


def test_what_needs_it_may_start_it_for_a_while(home, report):
    with detached.running(home, report):
        pid = lock.holder(home)
        assert detached.is_ready(home)
    assert not lock.is_held(home)
    assert processes.wait_until(lambda: not processes.alive(pid), 10)


def test_a_start_that_fails_says_why_and_leaves_nothing(home, report, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "mysql://x")
    with pytest.raises(ProgramFailed, match="REDIS_URL is wrong"):
        detached.start(home, report)
    assert not lock.is_held(home)
    assert "database system is shut down" in home.log("postgres").read_text()


def test_a_log_can_be_followed(home, supervised):
    home.logs.mkdir()
    home.log("api").write_text("first\n")
    following = subprocess.Popen(
        [sys.executable, "-u", "-m", "marketplace.cli", "logs", "-f", "api"], stdout=subprocess.PIPE, text=True
    )
    supervised.append(following)
    assert following.stdout.readline() == "first\n"
    with home.log("api").open("a") as log:
        log.write("second\nhalf a li")
        log.flush()
        assert following.stdout.readline() == "second\n"
        log.write("ne\n")
    assert following.stdout.readline() == "half a line\n"
    home.log("api").write_text("anew\n")
    assert following.stdout.readline() == "anew\n"
