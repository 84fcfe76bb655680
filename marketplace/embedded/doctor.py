"""`marketplace doctor`: what is wrong on this machine and in the running system, each problem with its remedy."""

import asyncio
import hashlib
import json
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from marketplace import settings
from marketplace.embedded import binaries, environment, inspection, lock, paths, ports, state
from marketplace.embedded.errors import EmbeddedError
from marketplace.embedded.findings import Finding
from marketplace.embedded.paths import Home

DISK_BYTES = 1024**3


def examine(home: Home) -> Iterator[Finding]:
    """Yield the findings about the machine, then, where a system runs or is configured, about that."""
    yield python_version()
    yield locked_dependencies()
    yield disk(home)
    yield from server_programs()
    run = state.load(home).run
    if environment.borrow(home) and run is not None:
        yield Finding(ok=True, what=f"running here as process {lock.holder(home)}")
        yield from processes_of(run)
    else:
        yield Finding(ok=True, what="nothing runs here now")
        yield from free_ports(home)
    try:
        found = settings.settings()
    except settings.SettingsError:
        return  # Nothing runs and nothing is configured: there is no more to ask.
    yield stripe_key(found)
    yield from asyncio.run(inspection.examine(found))


def python_version() -> Finding:
    """Check the interpreter."""
    return Finding(
        ok=sys.version_info >= (3, 11),
        what=f"Python {platform.python_version()}",
        remedy="install Python 3.11 or newer, then `make up`",
    )


def locked_dependencies() -> Finding:
    """Check that what is installed is what requirements.lock says."""
    stamp = paths.checkout() / ".venv" / ".lock-sha256"
    installed = stamp.read_text().strip() if stamp.exists() else ""
    return Finding(
        ok=installed == lock_fingerprint(paths.checkout()),
        what="installed packages are those of requirements.lock",
        remedy="run `make up` or `make test`: either installs what changed",
    )


def lock_fingerprint(checkout: Path) -> str:
    """Return the fingerprint that the bootstrap leaves behind: lock, project, Python and place."""
    content = hashlib.sha256()
    for name in ("requirements.lock", "pyproject.toml"):
        content.update((checkout / name).read_bytes())
    content.update(f"{platform.python_version()}\n{checkout}".encode())
    return content.hexdigest()


def disk(home: Home) -> Finding:
    """Check the room for data and logs."""
    folder = home.root if home.root.exists() else paths.checkout()
    free = shutil.disk_usage(folder).free
    return Finding(ok=free > DISK_BYTES, what=f"{free / 1024**3:.0f} GB of disk free", remedy="free at least 1 GB")


def server_programs() -> Iterator[Finding]:
    """Check that the embedded servers are there."""
    programs: list[tuple[str, Callable[[], str]]] = [
        ("PostgreSQL", lambda: binaries.postgres("postgres")),
        ("Valkey", binaries.valkey),
    ]
    for name, find in programs:
        try:
            yield Finding(ok=True, what=f"{name} at {find()}")
        except EmbeddedError as error:
            yield Finding(ok=False, what=str(error.args[0]), remedy=error.remedy)


def free_ports(home: Home) -> Iterator[Finding]:
    """Check the ports of the last start; a taken one is no more than a nuisance, but it changes an address."""
    for name, port in state.load(home).ports.items():
        yield Finding(
            ok=ports.is_free(port),
            what=f"port {port} for {name}",
            remedy=f"something else listens there: stop it, or let {name} move to another port",
        )


def stripe_key(found: settings.Settings) -> Finding:
    """Say which Stripe is meant, without showing the key."""
    if found.stripe_api_base:
        return Finding(ok=True, what=f"Stripe sandbox at {found.stripe_api_base}")
    live = found.stripe_api_key.startswith(settings.STRIPE_LIVE_PREFIXES)
    return Finding(ok=True, what=f"Stripe itself, in {'live' if live else 'test'} mode")


def processes_of(run: state.Run) -> Iterator[Finding]:
    """Say how each supervised program is."""
    for name, one in run.processes.items():
        restarts = f", restarted {one.restart_count} times" if one.restart_count else ""
        yield Finding(
            ok=one.condition == "running",
            what=f"{name} is {one.condition} (process {one.pid}{restarts})",
            remedy=f"`marketplace logs {name}` says why",
        )


def report(findings: Iterable[Finding], *, as_json: bool) -> bool:
    """Show the findings as they come; return whether all is well."""
    console = Console(highlight=False, soft_wrap=True)
    shown = []
    for finding in findings:
        shown.append(finding)
        if not as_json:
            console.print(f"[green]✔[/] {escape(finding.what)}" if finding.ok else f"[red]✘[/] {escape(finding.what)}")
        if not as_json and not finding.ok:
            console.print(f"  → {finding.remedy}", markup=False)
    if as_json:
        console.print(json.dumps([asdict(finding) for finding in shown], ensure_ascii=False, indent=2), markup=False)
    return all(finding.ok for finding in shown)
