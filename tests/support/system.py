"""A whole marketplace of real processes, started as a person starts it, in a home of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from marketplace.embedded.paths import Home
from marketplace.embedded.programs import answers
from marketplace.embedded.state import Run, load

PATIENCE_S = 60.0


def wait_for(holds: Callable[[], bool], what: str, *, patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


# What the suite sets for itself; the system is to choose its own.
_OURS = {
    "MARKETPLACE_ENV",
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "PUBLIC_URL",
    "STRIPE_API_KEY",
    "STRIPE_API_BASE",
    "STRIPE_WEBHOOK_SECRET",
    "LOG_LEVEL",
}


@dataclass
class System:
    home: Home
    supervisor: subprocess.Popen[str]

    @property
    def run(self) -> Run:
        found = load(self.home).run
        assert found is not None
        return found

    @property
    def api(self) -> str:
        return self.run.urls["api"]

    def kill(self, name: str) -> None:
        """Kill a program without warning and wait until the supervisor has brought another up."""
        pid = self.run.processes[name].pid
        os.kill(pid, signal.SIGKILL)

        def replaced() -> bool:
            process = self.run.processes[name]
            return process.pid != pid and process.condition == "running"

        wait_for(replaced, f"{name} is back")
        wait_for(self.is_ready, f"the API is ready after {name} was killed")

    @property
    def failpoints(self) -> Path:
        return self.home.root / "failpoints"

    def arm(self, place: str) -> None:
        """Have the next process that comes to a place of ``kit.failpoints`` end there."""
        (self.failpoints / place).touch()

    def is_armed(self, place: str) -> bool:
        return (self.failpoints / place).exists()

    def is_ready(self) -> bool:
        return answers(f"{self.api}/readyz")


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    root = tmp_path_factory.mktemp("候鸟 故障")
    clean = {name: value for name, value in os.environ.items() if name not in _OURS}
    (root / "failpoints").mkdir()
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "marketplace", "up"],
        env={**clean, "MARKETPLACE_HOME": str(root), "MARKETPLACE_FAILPOINTS": str(root / "failpoints")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    found = System(home=Home(root), supervisor=supervisor)

    def ready() -> bool:
        assert supervisor.poll() is None, supervisor.communicate()[0]
        run = load(found.home).run
        return run is not None and run.ready

    try:
        wait_for(ready, "the marketplace is up", patience_s=100)
        yield found
    finally:
        supervisor.send_signal(signal.SIGINT)
        supervisor.communicate(timeout=60)
