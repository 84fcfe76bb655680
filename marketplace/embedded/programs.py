"""The programs of a running marketplace: what each is started with, and how one knows that it is ready.

The argument lists are the same in a container: `marketplace api`, `marketplace worker` and `marketplace beat` become them.
"""

import http.client
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NoReturn, Protocol, TypeVar

from marketplace.embedded import paths, processes
from marketplace.embedded.paths import Home

GRACE = (signal.SIGTERM, 25.0)


class Running(Protocol):
    """What the supervisor asks of anything that runs."""

    @property
    def pid(self) -> int:
        """The process id."""

    @property
    def log(self) -> Path:
        """Where its output goes."""

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""

    def last_words(self, lines: int = 12) -> str:
        """Return the last lines of what this very process has logged."""

    def sweep(self) -> None:
        """Kill what it left behind when it ended."""

    def stop(self) -> None:
        """End it in order; returns when it is gone."""


R = TypeVar("R", bound=Running)


@dataclass(frozen=True, kw_only=True)
class Program(Generic[R]):
    """One thing that the supervisor keeps alive; everything ends with an essential one that cannot be."""

    name: str
    title: str
    where: str = ""
    start: Callable[[], R]
    ready: Callable[[R], bool] = lambda _: True
    essential: bool = False


@dataclass(frozen=True, kw_only=True)
class Process(processes.Child):
    """A program of our own, which ends by itself when it is asked to."""

    def ask_to_stop(self) -> None:
        """Ask, without waiting."""
        if self.poll() is None:
            self.popen.send_signal(signal.SIGTERM)

    def stop(self, *steps: tuple[signal.Signals, float]) -> None:
        """End what it is doing, at most 25 s."""
        super().stop(*(steps or (GRACE,)))


def api(*, host: str, port: int, workers: int = 1) -> list[str]:
    """Return the arguments of the API server."""
    return [
        sys.executable, "-m", "granian", "marketplace.app:create_app", "--factory", "--interface", "asgi",
        "--host", host, "--port", str(port), "--workers", str(workers), "--loop", "uvloop",
        "--respawn-failed-workers", "--workers-kill-timeout", "20",
    ]  # fmt: skip


def worker(*, concurrency: int = 2) -> list[str]:
    """Return the arguments of a Celery worker."""
    return [sys.executable, "-m", "workers", "worker", "--concurrency", str(concurrency)]


def beat() -> list[str]:
    """Return the arguments of the scheduler; several may run, one of them sends."""
    return [sys.executable, "-m", "workers", "beat"]


def sandbox(*, port: int, data: Path) -> list[str]:
    """Return the arguments of the Stripe sandbox."""
    return [sys.executable, "-m", "marketplace.embedded.stripe_sandbox", "--port", str(port), "--data", str(data)]


def command(*words: str) -> list[str]:
    """Return the arguments of one of our own commands."""
    return [sys.executable, "-m", "marketplace.cli", *words]


def become(argv: list[str]) -> NoReturn:
    """Replace this process, as the first process of a container must: signals then reach the program itself."""
    os.environ["PYTHONUNBUFFERED"] = "1"
    os.execv(argv[0], argv)  # noqa: S606 - an argument list needs no shell.


def launch(home: Home, name: str, argv: list[str], environment: Mapping[str, str]) -> Process:
    """Start one of our own programs."""
    inherited = {**os.environ, "PYTHONUNBUFFERED": "1"}
    # Without kept bytecode each of five programs compiles the same libraries at each start, which triples the wait.
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    child = processes.spawn(
        name,
        argv,
        log=home.log(name),
        env={**inherited, **environment},
        cwd=paths.checkout(),
    )
    return Process(name=child.name, popen=child.popen, log=child.log, log_offset=child.log_offset)


def answers(url: str) -> bool:
    """Tell whether a GET of this address is answered with 200."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=5.0)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", f"/{path}")
        answered = connection.getresponse().status == 200
        connection.close()
        return answered
    return False


def listens(port: int) -> bool:
    """Tell whether something accepts connections on this loopback port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
        return True
    return False
