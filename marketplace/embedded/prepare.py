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
    database = hashlib.sha256(told["DATABASE_URL"].encode()).hexdigest()
    steps = [("migrate", "schema up to date", f"{database}:{digest(paths.checkout() / 'migrations')}")]
    if with_seed:
        steps.append(("seed", "demo world planted", database))
    for name, title, mark in steps:
        began = time.monotonic()
        if known.prepared.get(name) != mark:
            run_to_end(home, name, told)
            known.prepared[name] = mark
        report.step(title, seconds=time.monotonic() - began)


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
