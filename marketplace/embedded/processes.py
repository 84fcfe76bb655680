"""Child processes that never outlive us: started by argument list, logged to a file, ended in order or by the kernel."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from marketplace.embedded.errors import BinaryMissing

LEASH = Path(__file__).with_name("leash.py")
HAS_PROC = Path("/proc/self").exists()  # Linux has it, macOS does not.
DYING_SECONDS = 5.0
LOG_LIMIT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Child:
    """A running program of ours."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    log_offset: int

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its session and process group."""
        return self.popen.pid

    def poll(self) -> int | None:
        """Return the exit code, or None while the program runs."""
        return self.popen.poll()

    def stop(self, *steps: tuple[signal.Signals, float]) -> None:
        """Send each signal in turn, wait its seconds for the end, then kill whatever is left of the program."""
        for number, seconds in steps:
            if self.poll() is not None:
                break
            self.popen.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(seconds)
        self.sweep()
        self.popen.wait()

    def last_words(self, lines: int = 12) -> str:
        """Return the last lines of what this very process has logged."""
        return tail(self.log, lines, since=self.log_offset)

    def has_said(self, words: str) -> bool:
        """Tell whether this very process has logged these words lately."""
        return words in tail(self.log, 1000, since=self.log_offset)

    def sweep(self) -> None:
        """Kill what is left of the program's process group: pool workers whose master was killed with -9."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server that listens on a loopback port."""

    child: Child
    port: int
    password: str
    data_dir: Path

    @property
    def pid(self) -> int:
        """The process id of the server itself, whatever started it."""
        return self.child.pid

    @property
    def log(self) -> Path:
        """Where the server writes what happens to it."""
        return self.child.log

    def poll(self) -> int | None:
        """Return the exit code, or None while the server runs."""
        return self.child.poll()

    def last_words(self, lines: int = 12) -> str:
        """Return the last lines of what this very process has logged."""
        return self.child.last_words(lines)

    def sweep(self) -> None:
        """Kill what it left behind when it ended; the next start waits for what cannot be killed."""
        self.child.sweep()


def spawn(  # noqa: PLR0913 - these are the facts of a process; a Struct around them would only hide them.
    name: str,
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path,
    on_parent_death: signal.Signals = signal.SIGTERM,
    user: str = "",
    stdin: bytes = b"",
) -> Child:
    """Start a program in its own session (Ctrl-C in the terminal reaches only us), on a leash, appending to its log.

    Refuses: threads other than the main one, because the kernel ends the child when the *thread* that started it ends.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(f"{name} must be started from the main thread, else it dies with the thread that started it")
    program = shutil.which(argv[0])
    if program is None:
        raise BinaryMissing(
            f"{argv[0]} is not on this machine", remedy="run `make up` again; it installs what is missing"
        )
    leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(on_parent_death)), user]
    with open_log(log) as output:
        offset = output.tell()
        popen = subprocess.Popen(
            [*leash, program, *argv[1:]],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    feed(popen, stdin)
    return Child(name=name, popen=popen, log=log, log_offset=offset)


def feed(popen: subprocess.Popen[bytes], data: bytes) -> None:
    """Give a program its whole standard input; one that has already died is found out by whoever waits for it."""
    assert popen.stdin is not None
    with suppress(BrokenPipeError):
        popen.stdin.write(data)
    with suppress(BrokenPipeError):
        popen.stdin.close()


def open_log(path: Path) -> BinaryIO:
    """Open a log for appending, private to its owner; one generation of an overgrown log is kept beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def tail(path: Path, lines: int = 12, *, since: int = 0) -> str:
    """Return the last lines of a log written after the byte offset `since`."""
    try:
        with path.open("rb") as log:
            log.seek(max(since, path.stat().st_size - 64 * 1024))
            text = log.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def wait_until(condition: Callable[[], bool], seconds: float, *, every: float = 0.02) -> bool:
    """Wait for a condition; return whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def settle(child: Child, ready: Callable[[], bool], seconds: float, *steps: tuple[signal.Signals, float]) -> bool:
    """Wait until a new child is ready; return False when it ended or took too long, and leave nothing of it behind."""
    try:
        settled = wait_until(lambda: child.poll() is not None or ready(), seconds)
    except BaseException:
        child.stop(*steps)
        raise
    if settled and child.poll() is None:
        return True
    child.stop(*steps)
    return False


def alive(pid: int) -> bool:
    """Tell whether a process exists and still holds anything; a zombie that waits to be collected does not.

    A killed process with threads looks like a zombie while the last of them still keep its files and ports open.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with suppress(OSError):
        zombie = b") Z" in Path(f"/proc/{pid}/stat").read_bytes()
        return not zombie or len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    return not HAS_PROC


def works_in(pid: int, folder: Path) -> bool:
    """Tell whether a running process has this working folder: a pid alone may have been given to a stranger since."""
    if not HAS_PROC:
        listing = subprocess.run(["lsof", "-a", "-p", str(pid), "-d", "cwd", "-Fn"], capture_output=True, check=False)
        return f"n{folder.resolve()}" in os.fsdecode(listing.stdout).splitlines()
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except FileNotFoundError:
        # It is dying: its folder is gone already, its port perhaps not yet.
        wait_until(lambda: not alive(pid), DYING_SECONDS)
        return False
    except PermissionError:
        return False


def end(pid: int, *steps: tuple[signal.Signals, float]) -> bool:
    """Send each signal in turn to a process that is not our child and wait its seconds; return whether it is gone."""
    for number, seconds in steps:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(lambda: not alive(pid), seconds):
            return True
    return False
