"""Another system beside ours: its own load scenario, run in turn with ours on the same machine.

The command is told ``BENCH_CLIENTS``, ``BENCH_COUNT`` and ``BENCH_SECONDS`` and prints one JSON object as its last line;
what that says stands in the report as it is.
"""

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.performance.loading import Load
from tests.performance.placing import Rush

if TYPE_CHECKING:
    from tests.performance.bench import Size

ROUNDS = 2
GRACE_S = 120.0


@dataclass(frozen=True)
class Rival:
    """A command that puts load on another system."""

    command: str

    async def compare(self, rush: Rush, size: "Size", *, clients: int) -> dict[str, Any]:
        """Run ours, theirs, ours, theirs."""
        rounds = []
        for _ in range(ROUNDS):
            wishes = await rush.wishes(size.places // 2)
            ours = rush.place(wishes, Load(clients=clients, seconds=size.seconds)).summary()
            rounds.append({"ours": ours, "theirs": self._run(size, clients=clients)})
        return {"command": self.command, "clients": clients, "rounds": rounds}

    def _run(self, size: "Size", *, clients: int) -> Any:
        told = {"BENCH_CLIENTS": clients, "BENCH_COUNT": size.places // 2, "BENCH_SECONDS": size.seconds}
        try:
            ended = subprocess.run(
                shlex.split(self.command),
                env={**os.environ, **{name: str(value) for name, value in told.items()}},
                capture_output=True,
                text=True,
                timeout=size.seconds + GRACE_S,
                check=True,
            )
            return json.loads(ended.stdout.strip().splitlines()[-1])
        except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
            return {"failed": f"{type(error).__name__}: {error}"}
