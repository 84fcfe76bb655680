"""The main job, end to end, as `make demo` tells it: every line that it prints has been read back from the API."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.system import System


@pytest.fixture(autouse=True)
def database() -> None:
    """Stand in for the suite's fixture of this name: the system has a database of its own."""


@pytest.mark.timeout(200)
def test_the_demo_runs_to_its_end(system: System) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "marketplace", "demo"],
        env={**os.environ, "MARKETPLACE_HOME": str(system.home.root)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )

    assert told.returncode == 0, told.stdout + told.stderr
    found = re.search(r"✔ (\d+) claims read back in \d+ s", told.stdout)
    assert found is not None
    assert int(found[1]) == told.stdout.count("  ✔ ") >= 25
