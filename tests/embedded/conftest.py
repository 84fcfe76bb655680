"""These tests start servers of their own; none of them needs the suite's database."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.embedded import binaries, ports, postgres, state
from marketplace.embedded.paths import Home
from marketplace.embedded.up import FIRST_PORTS


@pytest.fixture(autouse=True)
def database() -> None:
    """Stand in for the suite's fixture of this name, which would start and migrate a database."""


@pytest.fixture(scope="session")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose name has spaces, Chinese characters, a quote, and more letters than a socket's path may have."""
    folder = tmp_path_factory.mktemp("候鸟 旅居's 家") / ("长" * 40)
    folder.mkdir()
    assert len(os.fsencode(folder)) > 107
    return folder


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a database server that was made and stopped, to copy."""
    folder = tmp_path_factory.mktemp("cluster") / "postgres"
    postgres.start(folder, durable=False).stop()
    return folder


def furnish(home: Home, cluster: Path) -> Home:
    """Give a home its database, which is most of the time that a first start takes, and ports that nobody else wants.

    A marketplace that somebody starts beside the tests looks for its ports where a new home does.
    """
    shutil.copytree(cluster, home.postgres)
    state.save(home, state.State(ports={name: ports.throwaway() for name in FIRST_PORTS}))
    return home


@pytest.fixture
def supervised() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that a test has started and that must not survive it."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start_python(code: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start a Python program whose first line of output the test waits for."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def query(server: postgres.Server, sql: str) -> str:
    """Ask a server as any program would: over TCP, with the password."""
    asked = subprocess.run(
        [binaries.postgres("psql"), "-XAtqc", sql, server.url], capture_output=True, text=True, check=True
    )
    return asked.stdout.strip()
