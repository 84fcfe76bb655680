"""A marketplace in the background: start it, wait until it is ready, find it again, stop it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from marketplace.embedded import environment, lock, paths, processes, programs, state
from marketplace.embedded.errors import AlreadyRunning, ProgramFailed
from marketplace.embedded.panel import Reporter
from marketplace.embedded.paths import Home

START_SECONDS = 600.0
STOP_SECONDS = 90.0


def start(
    home: Home, report: Reporter, *, api_port: int | None = None, with_seed: bool = True
) -> subprocess.Popen[bytes]:
    """Start `marketplace up` in the background and return it when it is ready; it does not end with its parent.

    Refuses: AlreadyRunning; ProgramFailed with what it said.
    """
    if lock.is_held(home):
        raise AlreadyRunning(
            f"the marketplace is already running here (process {lock.holder(home)})",
            remedy="`marketplace status` shows it, `marketplace down` stops it",
        )
    began = time.monotonic()
    options = [f"--port={api_port}"] if api_port else []
    options += [] if with_seed else ["--no-seed"]
    with processes.open_log(home.log("up")) as log:
        offset = log.tell()
        supervisor = subprocess.Popen(
            programs.command("up", *options),
            cwd=paths.checkout(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    processes.wait_until(lambda: supervisor.poll() is not None or is_ready(home), START_SECONDS, every=0.1)
    run = state.load(home).run
    if supervisor.poll() is not None or run is None or not run.ready:
        stop(home)
        supervisor.wait()
        raise ProgramFailed(
            processes.tail(home.log("up"), since=offset), remedy="`marketplace doctor` checks the machine"
        )
    report.ready(run, seconds=time.monotonic() - began, stop="marketplace down")
    return supervisor


def stop(home: Home) -> bool:
    """Stop what runs here and wait for its end; False when nothing did.

    Refuses: ProgramFailed when it does not end.
    """
    if not lock.is_held(home):
        return False
    pid = lock.holder(home)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    if not processes.wait_until(lambda: not lock.is_held(home), STOP_SECONDS):
        raise ProgramFailed(f"process {pid} does not stop", remedy=f"`kill -9 {pid}` ends it and everything it started")
    return True


@contextmanager
def running(home: Home, report: Reporter) -> Iterator[None]:
    """Lend the environment of the running marketplace; start one for the length of the block when none runs."""
    ours = None if lock.is_held(home) else start(home, report)
    try:
        environment.borrow_or_refuse(home)
        yield
    finally:
        if ours:
            stop(home)
            ours.wait()


def is_ready(home: Home) -> bool:
    """Tell whether a marketplace runs here and has announced that it is ready."""
    run = state.load(home).run if lock.is_held(home) else None
    return run is not None and run.ready
