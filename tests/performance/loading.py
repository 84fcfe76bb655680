"""Sending requests and counting what they cost."""

import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

from tests.performance.machine import Machine

# All of 127.0.0.0/8 is this machine. The clients of each load have addresses of their own, since strangers are limited
# by address, and nobody is to be refused here for what another load has sent.
_NETWORKS = (f"127.{high}.{low}" for high in range(1, 255) for low in range(255))
# In a rush nobody waits longer than this.
RUSH_MS = 400.0
GENERATOR = Path(__file__).with_name("generator.py")


@dataclass(frozen=True)
class Load:
    """How requests are sent: closed loop by so many clients, or at ``rate`` a second whatever happens."""

    clients: int
    seconds: float = 60.0
    rate: float | None = None
    keep_bodies: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came back. Latencies are of the requests that were accepted (2xx), in ms; CPU is per accepted request."""

    accepted: list[float]
    statuses: dict[str, int]
    elapsed_s: float
    cpu_ms: dict[str, float]
    generator_cpu_ms: float
    bodies: dict[int, bytes]

    @property
    def count(self) -> int:
        return len(self.accepted)

    @property
    def per_s(self) -> float:
        return self.count / self.elapsed_s

    @property
    def mean_ms(self) -> float:
        return mean(self.accepted)

    def percentile(self, n: int) -> float:
        return percentile(self.accepted, n)

    @property
    def system_cpu_ms(self) -> float:
        """CPU of PostgreSQL, Valkey and the API per accepted request."""
        return sum(self.cpu_ms.values()) / self.count

    def summary(self) -> dict[str, Any]:
        """Return what stands in the report."""
        return {
            "accepted_count": self.count,
            "statuses": self.statuses,
            "per_s": round(self.per_s, 1),
            "mean_ms": round(self.mean_ms, 2),
            "p50_ms": round(self.percentile(50), 2),
            "p99_ms": round(self.percentile(99), 2),
            "max_ms": round(max(self.accepted), 2),
            "cpu_ms": round(self.system_cpu_ms, 3),
            "cpu_ms_by_part": {part: round(ms / self.count, 3) for part, ms in self.cpu_ms.items()},
            "generator_cpu_ms": round(self.generator_cpu_ms / self.count, 3),
        }


def percentile(values: Sequence[float], n: int) -> float:
    """Return the n-th percentile (1 to 99)."""
    return quantiles(values, n=100, method="inclusive")[n - 1] if len(values) > 1 else values[0]


def send(machine: Machine, requests: Sequence[bytes], load: Load) -> Outcome:
    """Send requests from a process of its own; at most ``seconds`` and 30 more for the last answers."""
    job = {
        "address": machine.address,
        "network": next(_NETWORKS),
        "requests": list(requests),
        "clients": load.clients,
        "seconds": load.seconds,
        "rate": load.rate,
        "keep_bodies": load.keep_bodies,
    }
    before = machine.cpu_ms()
    ended = subprocess.run(
        [sys.executable, "-I", "-S", str(GENERATOR)],
        input=pickle.dumps(job),
        capture_output=True,
        timeout=load.seconds + 60,
        check=False,
    )
    if ended.returncode != 0:
        raise SystemExit(f"the load generator failed:\n{ended.stderr.decode()[-2000:]}")
    after = machine.cpu_ms()
    result = pickle.loads(ended.stdout)
    answers = result["answers"]
    statuses = Counter(str(status) for _, status, _, _ in answers)
    if result["unanswered_count"]:
        statuses["unanswered"] = result["unanswered_count"]
    accepted = [latency * 1000 for _, status, latency, _ in answers if 200 <= status < 300]
    if not accepted:
        raise SystemExit(
            f"nothing was accepted: {dict(statuses)}\n{(machine.api.last_words(20) if machine.api else '')}"
        )
    return Outcome(
        accepted=accepted,
        statuses=dict(sorted(statuses.items())),
        elapsed_s=result["elapsed_s"],
        cpu_ms={part: after[part] - before[part] for part in after},
        generator_cpu_ms=result["cpu_s"] * 1000,
        bodies={number: body for number, status, _, body in answers if 200 <= status < 300},
    )
