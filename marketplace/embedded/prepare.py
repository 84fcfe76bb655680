"""Bring the database to where the code expects it: migrations, then the demo world; each skipped when nothing changed."""

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

from marketplace.embedded import paths, programs
from marketplace.embedded.errors import ProgramFailed
from marketplace.embedded.panel import Reporter
from marketplace.embedded.paths import Home
from marketplace.embedded.processes import wait_until
from marketplace.embedded.state import State

LIMIT_SECONDS = 600.0


def prepare(home: Home, known: State, told: Mapping[str, str], report: Reporter, *, with_seed: bool) -> None:
    """Migrate and plant, remembering what was done to which database.

    Both are harmless to repeat; remembering only saves the start of a Python program, which is half of a warm start.
    Refuses: ProgramFailed with the end of the log.
    """
    titles = {"migrate": "schema up to date", "seed": "demo world planted"}
    for name in ("migrate", "seed") if with_seed else ("migrate",):
        began = time.monotonic()
        if is_due(known, name, told):
            run_to_end(home, name, told)
            known.prepared[name] = mark(name, told)
        report.step(titles[name], seconds=time.monotonic() - began)


def is_due(known: State, name: str, told: Mapping[str, str]) -> bool:
    """Tell whether a step has not been done to this database, or not in this form."""
    return known.prepared.get(name) != mark(name, told)


def mark(name: str, told: Mapping[str, str]) -> str:
    """Return what identifies a step: the database, whose address holds its own password, and for migrations their text."""
    database = hashlib.sha256(told["DATABASE_URL"].encode()).hexdigest()
    return f"{database}:{digest(paths.checkout() / 'migrations')}" if name == "migrate" else database


def run_to_end(home: Home, name: str, told: Mapping[str, str]) -> None:
    """Run one of our own commands and wait for it.

    Refuses: ProgramFailed with the end of its log.
    """
    running = programs.launch(home, name, programs.command(name), told)
    try:
        wait_until(lambda: running.poll() is not None, LIMIT_SECONDS)
    finally:
        running.stop()
    if running.poll() != 0:
        raise ProgramFailed(
            f"marketplace {name} ended with {running.poll()}; the end of {running.log}:\n{running.last_words()}",
            remedy="read the lines above",
        )


def digest(folder: Path) -> str:
    """Return a fingerprint of the Python files below a folder."""
    content = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        content.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return content.hexdigest()
