import functools
import sys
import time
from pathlib import Path

import pytest

from marketplace.embedded import processes, programs, supervisor
from marketplace.embedded.errors import ProgramFailed
from marketplace.embedded.paths import Home
from marketplace.embedded.programs import Program
from marketplace.embedded.supervisor import Supervisor


class Stopped(Exception):
    """Ends a watch once what the test waits for has happened."""


class Diary:
    """What a supervisor told, and an end to its watch."""

    def __init__(self, *, until):
        self.notes, self.conditions, self._until = [], {}, until

    def note(self, text):
        self.notes.append(text)

    def changed(self, states):
        self.conditions = {name: state.condition for name, state in states.items()}
        self.restarts = {name: state.restart_count for name, state in states.items()}
        if self._until(self):
            raise Stopped

    def watch(self, *, starting):
        kept = Supervisor(changed=self.changed, note=self.note)
        try:
            for program in starting:
                kept.start(program)
            kept.watch()
        finally:
            self._until = lambda _: False
            kept.stop()


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    monkeypatch.setattr(supervisor, "BACKOFF_SECONDS", (0.0,) * supervisor.ATTEMPT_LIMIT)
    monkeypatch.setattr(supervisor, "WATCH_SECONDS", 0.01)


@pytest.fixture
def make(tmp_path):
    def program(name, code, **more):
        start = functools.partial(programs.launch, Home(tmp_path), name, [sys.executable, "-c", code], {})
        return Program(name=name, title=name, start=start, **more)

    return program


def test_a_program_that_dies_is_started_again(make, tmp_path):
    # It dies on its first run and stays on its second.
    mark = tmp_path / "died once"
    code = (
        f"import pathlib, signal; mark = pathlib.Path({str(mark)!r})\n"
        "if mark.exists(): print('second life', flush=True); signal.pause()\n"
        "mark.touch(); raise SystemExit('last words')"
    )
    program = make("worker", code, ready=lambda running: running.has_said("second life"))
    diary = Diary(until=lambda diary: diary.conditions == {"worker": "running"})
    with pytest.raises(Stopped):
        diary.watch(starting=[program])
    assert diary.restarts == {"worker": 1}
    assert diary.notes[0] == "worker ended with 1; its last words:\nlast words"
    assert diary.notes[-1] == "worker runs again"


def test_one_that_keeps_dying_is_given_up_and_the_others_stay(make):
    diary = Diary(until=lambda diary: "failed" in diary.conditions.values())
    with pytest.raises(Stopped):
        diary.watch(starting=[make("api", "import signal; signal.pause()"), make("worker", "raise SystemExit('no')")])
    assert diary.conditions == {"api": "starting", "worker": "failed"}
    assert diary.restarts == {"api": 0, "worker": supervisor.ATTEMPT_LIMIT}


def test_without_an_essential_one_everything_ends(make):
    diary = Diary(until=lambda _: False)
    with pytest.raises(ProgramFailed, match="postgres died 7 times"):
        diary.watch(starting=[make("postgres", "raise SystemExit(1)", essential=True)])


def test_what_a_killed_program_leaves_behind_is_killed_too(make, tmp_path):
    child = tmp_path / "child"
    code = (
        "import os, pathlib, signal, subprocess, sys, time\n"
        "sleeper = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        f"pathlib.Path({str(child)!r}).write_text(str(sleeper.pid))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    diary = Diary(until=lambda diary: diary.restarts["worker"] == 1)
    with pytest.raises(Stopped):
        diary.watch(starting=[make("worker", code)])
    first = int(child.read_text())
    assert processes.wait_until(lambda: not processes.alive(first), 10)


def test_a_start_that_fails_says_what_the_program_said(make):
    kept = Supervisor(changed=lambda _: None, note=lambda _: None)
    kept.start(make("api", "raise SystemExit('DATABASE_URL is wrong')", ready=lambda _: False))
    with pytest.raises(ProgramFailed, match=r"api ended with 1; the end of .*api\.log:\nDATABASE_URL is wrong"):
        kept.wait_until_ready("api")
    kept.stop()


def test_one_that_never_gets_ready_is_named(make, monkeypatch):
    monkeypatch.setattr(supervisor, "READY_SECONDS", 0.05)
    kept = Supervisor(changed=lambda _: None, note=lambda _: None)
    running = kept.start(make("api", "import signal; signal.pause()", ready=lambda _: False))
    with pytest.raises(ProgramFailed, match="api was not ready"):
        kept.wait_until_ready("api")
    kept.stop()
    assert running.poll() is not None


def test_one_that_ignores_every_request_is_killed(make, monkeypatch):
    monkeypatch.setattr(programs, "GRACE", (programs.signal.SIGTERM, 0.05))
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)\nwhile True: signal.pause()"
    kept = Supervisor(changed=lambda _: None, note=lambda _: None)
    running = kept.start(make("api", code, ready=lambda running: running.has_said("deaf")))
    kept.wait_until_ready("api")
    began = time.monotonic()
    kept.stop()
    assert running.poll() == -9
    assert time.monotonic() - began < 5


def test_a_log_that_has_grown_too_long_is_begun_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "LOG_LIMIT_BYTES", 10)
    log = tmp_path / "api.log"
    log.write_text("more than ten bytes")
    with processes.open_log(log) as file:
        file.write(b"new")
    assert log.read_text() == "new"
    assert Path(f"{log}.1").read_text() == "more than ten bytes"
    assert log.stat().st_mode & 0o077 == 0
