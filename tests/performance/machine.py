"""A throw-away system to measure: PostgreSQL, Valkey and the API as production runs them, and the CPU they use."""

import base64
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from marketplace.embedded import paths, ports, postgres, processes, programs, valkey
from marketplace.embedded.errors import ProgramFailed

READY_S = 60.0
_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass
class Machine:
    """What runs while a bench runs; nothing listens but on loopback, and everything ends with this process."""

    home: paths.Home
    database: postgres.Server
    broker: valkey.Server
    environment: dict[str, str]
    api: programs.Process | None = None
    api_port: int = 0
    roots: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.api_port

    def start_api(self, *, workers: int) -> None:
        """Start granian with ``workers`` processes and wait until all of them answer."""
        self.stop_api()
        self.api_port = ports.throwaway()
        self.api = programs.launch(
            self.home, "api", programs.api(host="127.0.0.1", port=self.api_port, workers=workers), self.environment
        )
        self.roots["api"] = self.api.pid

        def ready() -> bool:
            assert self.api is not None
            if self.api.poll() is not None:
                return True
            # A process that still imports answers nobody, but is busy.
            before = self.cpu_ms()["api"]
            answers = programs.answers(f"http://127.0.0.1:{self.api_port}/readyz")
            time.sleep(0.1)
            return answers and len(_family(self.api.pid)) > workers and self.cpu_ms()["api"] - before <= 2 * _TICK_MS

        if not processes.wait_until(ready, READY_S, every=0.05) or self.api.poll() is not None:
            raise ProgramFailed(f"the API did not start:\n{self.api.last_words(30)}", remedy="read the lines above")

    def stop_api(self) -> None:
        if self.api is not None:
            self.api.stop()
            self.api = None

    def cpu_ms(self) -> dict[str, float]:
        """Return the CPU that each part has used so far, its ended children included."""
        return {part: sum(_cpu_ms(pid) for pid in _family(root)) for part, root in self.roots.items()}

    def memory_mb(self, part: str) -> float:
        """Return what the processes of a part occupy together (RSS)."""
        return round(sum(_rss_kb(pid) for pid in _family(self.roots[part])) / 1024, 1)


@contextmanager
def running() -> Iterator[Machine]:
    """Start the servers in a folder that is removed afterwards."""
    below = paths.home().root
    below.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="bench-", dir=below))
    stack: list[object] = []
    try:
        database = postgres.start(root / "postgres")
        stack.append(database)
        broker = valkey.start(root / "valkey")
        stack.append(broker)
        machine = Machine(
            home=paths.Home(root),
            database=database,
            broker=broker,
            environment=_environment(database.url, broker.url),
            roots={"postgres": database.pid, "valkey": broker.pid},
        )
        stack.append(_Api(machine))
        yield machine
    finally:
        while stack:
            stack.pop().stop()  # type: ignore[attr-defined]
        shutil.rmtree(root, ignore_errors=True)


@dataclass
class _Api:
    machine: Machine

    def stop(self) -> None:
        self.machine.stop_api()


def _environment(database_url: str, redis_url: str) -> dict[str, str]:
    """Return production's settings, with keys that open nothing: no payment is ever started here."""
    return {
        "MARKETPLACE_ENV": "production",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": base64.b64encode(os.urandom(32)).decode(),
        "PUBLIC_URL": "https://bench.example",
        "STRIPE_API_KEY": "sk_test_bench",
        "STRIPE_API_BASE": "",
        "STRIPE_WEBHOOK_SECRET": "whsec_bench",
        "LOG_LEVEL": "INFO",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "",
    }


def _family(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            fields = _stat(int(entry.name))
            if fields:
                parents[int(entry.name)] = int(fields[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the program's name, which may hold blanks; none when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_ms(pid: int) -> float:
    """Return user and system time, also of children that have ended and been waited for."""
    return sum(int(ticks) for ticks in _stat(pid)[11:15]) * _TICK_MS


def _rss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Rss:")), 0)


def require_linux() -> None:
    """Refuse machines on which nothing could be measured."""
    if not sys.platform.startswith("linux"):
        raise SystemExit("the bench reads /proc, which only Linux has")
