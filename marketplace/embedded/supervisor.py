"""Keeps programs alive: one that dies is started again, ever more slowly; the end of one supervisor is the end of all."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marketplace.embedded.errors import EmbeddedError, ProgramFailed
from marketplace.embedded.processes import wait_until
from marketplace.embedded.programs import Process, Program, R, Running
from marketplace.embedded.state import ProcessState

ATTEMPT_LIMIT = 6
BACKOFF_SECONDS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 60.0  # A program that lived this long starts with a clean record.
READY_SECONDS = 60.0
WATCH_SECONDS = 0.2


@dataclass(kw_only=True)
class Kept:
    """A program, what runs of it, and its record."""

    program: Program[Any]
    running: Running
    state: ProcessState
    started_at: float
    attempt_count: int = 0
    retry_at: float | None = None


class Supervisor:
    """Starts programs in order, watches them and stops them in the opposite order."""

    def __init__(self, *, changed: Callable[[dict[str, ProcessState]], None], note: Callable[[str], None]) -> None:
        self._kept: dict[str, Kept] = {}
        self._changed = changed
        self._note = note

    def start(self, program: Program[R]) -> R:
        """Start a program without waiting until it is ready."""
        running = program.start()
        state = ProcessState(pid=running.pid)
        self._kept[program.name] = Kept(program=program, running=running, state=state, started_at=time.monotonic())
        self._publish()
        return running

    def wait_until_ready(self, name: str) -> None:
        """Wait for one started program.

        Refuses: ProgramFailed with the end of its log, when it ends or takes more than 60 s.
        """
        kept = self._kept[name]
        running = kept.running
        wait_until(lambda: running.poll() is not None or kept.program.ready(running), READY_SECONDS, every=0.05)
        if running.poll() is not None:
            raise ProgramFailed(
                f"{name} ended with {running.poll()}; the end of {running.log}:\n{running.last_words()}",
                remedy="read the lines above; `marketplace doctor` checks the machine",
            )
        if not kept.program.ready(running):
            raise ProgramFailed(
                f"{name} was not ready within {READY_SECONDS:.0f} s; the end of {running.log}:\n{running.last_words()}",
                remedy=f"read {running.log}; `marketplace doctor` checks the machine",
            )
        kept.state.condition = "running"
        self._publish()

    def watch(self) -> None:
        """Keep everything alive until an exception, such as Ctrl-C, ends the watch.

        Refuses: ProgramFailed when an essential program cannot be kept alive.
        """
        while True:
            for kept in self._kept.values():
                self._look_after(kept)
            time.sleep(WATCH_SECONDS)

    def stop(self) -> None:
        """Stop everything, newest first; programs that only talk to others are asked all at once."""
        everything = [kept.running for kept in reversed(self._kept.values())]
        for running in everything:
            if isinstance(running, Process):
                running.ask_to_stop()
        for running in everything:
            running.stop()
        self._kept.clear()

    def _look_after(self, kept: Kept) -> None:
        now = time.monotonic()
        if kept.retry_at is not None:
            if now >= kept.retry_at:
                self._restart(kept)
        elif kept.state.condition != "failed" and kept.running.poll() is not None:
            self._bury(kept)
        elif kept.state.condition == "restarting" and kept.program.ready(kept.running):
            kept.state.condition = "running"
            self._note(f"{kept.program.name} runs again")
            self._publish()

    def _bury(self, kept: Kept) -> None:
        """Report a death and decide when, and whether, there is a next life."""
        now = time.monotonic()
        kept.running.sweep()
        if now - kept.started_at > STEADY_SECONDS:
            kept.attempt_count = 0
        self._note(
            f"{kept.program.name} ended with {kept.running.poll()}; its last words:\n{kept.running.last_words(4)}"
        )
        self._try_again_or_give_up(kept)

    def _try_again_or_give_up(self, kept: Kept) -> None:
        if kept.attempt_count >= ATTEMPT_LIMIT:
            kept.retry_at, kept.state.condition = None, "failed"
            self._publish()
            remedy = f"read {kept.running.log}, mend the cause, then stop and start again"
            gave_up = ProgramFailed(
                f"{kept.program.name} died {ATTEMPT_LIMIT + 1} times and is given up", remedy=remedy
            )
            if kept.program.essential:
                raise gave_up
            self._note(str(gave_up))
            return
        kept.retry_at = time.monotonic() + BACKOFF_SECONDS[kept.attempt_count]
        kept.attempt_count += 1
        kept.state.condition = "restarting"
        self._publish()

    def _restart(self, kept: Kept) -> None:
        kept.retry_at, kept.started_at = None, time.monotonic()
        try:
            kept.running = kept.program.start()
        except EmbeddedError as error:
            self._note(f"{kept.program.name} did not start again: {error}")
            self._try_again_or_give_up(kept)
            return
        kept.state.pid = kept.running.pid
        kept.state.restart_count += 1
        self._publish()

    def _publish(self) -> None:
        self._changed({name: kept.state for name, kept in self._kept.items()})
