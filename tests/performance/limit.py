"""The limit: the very SQL of placing a booking, sent by pgbench without any Python, on the same database and data.

The statements are recorded from the application and written as a pgbench script. What differs from booking to booking
(quote, room type, family, new ids) becomes a variable; everything else stays as recorded.
"""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

from asyncpg import Range

from marketplace.embedded import binaries
from marketplace.kit.db import connection_of_its_own, execute
from tests.performance.machine import Machine
from tests.performance.recording import Statement

PATIENCE_S = 180
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Limit:
    """What the database does alone."""

    per_s: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float


class Script:
    """A pgbench script made of recorded statements; ``names`` says which values are variables."""

    def __init__(self, names: Mapping[object, str]) -> None:
        self.names = {_plain(value): name for value, name in names.items()}
        self.fresh: list[str] = []

    async def write(self, statements: Sequence[Statement], *, first: str) -> str:
        """Return the script; ``first`` is a query that sets the named variables, to which fresh ids are added."""
        lines = [await self._statement(one) for one in statements]
        fresh = "".join(f", uuidv7() AS {name}" for name in self.fresh)
        return "\n".join([first.replace("{fresh}", fresh) + " \\gset", *lines]) + "\n"

    async def _statement(self, statement: Statement) -> str:
        if not statement.args:
            return statement.sql.rstrip("; \n").replace("\n", " ") + ";"
        async with connection_of_its_own() as connection:
            prepared = await connection.prepare(statement.sql)
            types = [one.name for one in prepared.get_parameters()]
        values = [f"({self._expression(arg)})::{type_}" for arg, type_ in zip(statement.args, types, strict=True)]
        sql = re.sub(r"\$(\d+)", lambda found: values[int(found[1]) - 1], statement.sql)
        return " ".join(sql.split()) + ";"

    def _expression(self, value: Any) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, list | tuple) and not isinstance(value, Range):
            return f"ARRAY[{', '.join(self._expression(one) for one in value)}]"
        text = _plain(value)
        if text in self.names:
            return f":{self.names[text]}"
        if isinstance(value, UUID):
            return f":{self._name(text)}"
        if isinstance(value, str) and any(found in self.names for found in _UUID.findall(text)):
            parts = re.split(f"({_UUID.pattern})", text)
            return " || ".join(f":{self.names[one]}::text" if one in self.names else _quoted(one) for one in parts)
        return _quoted(text)

    def _name(self, text: str) -> str:
        """Name an id that the product made for this booking: each run of the script makes its own."""
        self.names[text] = f"fresh{len(self.fresh) + 1}"
        self.fresh.append(self.names[text])
        return self.names[text]


def _plain(value: object) -> str:
    """Return a value as PostgreSQL reads it."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, Range):
        return f"[{value.lower},{value.upper})"
    return str(value)


def _quoted(text: str) -> str:
    """Return a literal without colons, after which pgbench would look for variables."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a") + "'"


async def prepare(*, count: int) -> None:
    """Give the script a turn counter; ``bench.offers`` holds ``count`` unused quotes numbered from 1."""
    await execute("DROP SEQUENCE IF EXISTS bench.turn")
    await execute(f"CREATE SEQUENCE bench.turn MAXVALUE {count}")


def run(machine: Machine, script: str, *, clients: int, count: int) -> Limit:
    """Run the script ``count`` times in all."""
    folder = machine.home.root
    file, log = folder / "place.sql", folder / f"pgbench-{clients}"
    file.write_text(script)
    before = machine.cpu_ms()["postgres"]
    ended = subprocess.run(
        [
            binaries.postgres("pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=1",
            f"--transactions={max(1, count // clients)}", "--log", f"--log-prefix={log}", f"--file={file}",
            "--host=127.0.0.1", f"--port={machine.database.port}", "--username=houniao", "houniao",
        ],
        env={"PGPASSWORD": machine.database.password, "LC_ALL": "C.UTF-8", "PATH": os.defpath},
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    done = re.search(r"actually processed: (\d+)", ended.stdout)
    rate = re.search(r"tps = ([\d.]+)", ended.stdout)
    if ended.returncode != 0 or done is None or rate is None or "ERROR" in ended.stderr:
        raise SystemExit(f"pgbench failed:\n{ended.stderr[-2000:]}\n{ended.stdout[-500:]}")
    cpu = machine.cpu_ms()["postgres"] - before
    latencies = [int(line.split()[2]) / 1000 for part in _logs(log) for line in part.read_text().splitlines()]
    cuts = quantiles(latencies, n=100)
    return Limit(
        per_s=round(float(rate[1]), 1), cpu_ms=round(cpu / int(done[1]), 3), p50_ms=round(cuts[49], 2),
        p99_ms=round(cuts[98], 2),
    )  # fmt: skip


def _logs(prefix: Path) -> list[Path]:
    return sorted(prefix.parent.glob(f"{prefix.name}.*"))
