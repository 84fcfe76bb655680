"""``python -m tests.faults [--short]``: run every test of the fault matrix and print what was survived."""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.faults.matrix import MATRIX, Row

Verdicts = dict[str, tuple[bool, str]]


def main() -> int:
    """Run the tests in one process, print the matrix, and end with what pytest ended with."""
    short = "--short" in sys.argv[1:]
    # In the order of the matrix: the sabotages, which leave the books of their system broken, come last.
    wanted = list(dict.fromkeys(test for row in MATRIX for test in row.tests))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-n0",
            "-q",
            "-o",
            "junit_family=xunit1",
            f"--junit-xml={report}",
            *wanted,
        ]
        environment = os.environ | {"FAULTS": "short" if short else "full"}
        code = subprocess.run(command, env=environment, check=False).returncode
        verdicts = read(report) if report.exists() else {}
    sys.stdout.write("\n")
    for row in MATRIX:
        sys.stdout.write(f"{line(row, verdicts)}\n")
    return code


def read(report: Path) -> Verdicts:
    """Read what became of each test, its parameters taken together, and what it said of itself."""
    verdicts: Verdicts = {}
    for case in ET.parse(report).iter("testcase"):
        path = case.get("classname", "").replace(".", "/") + ".py"
        name = f"{path}::{case.get('name', '').partition('[')[0]}"
        passed = not any(child.tag in ("failure", "error", "skipped") for child in case)
        said = "; ".join(found.get("value", "") for found in case.iter("property"))
        before, words = verdicts.get(name, (True, ""))
        verdicts[name] = (before and passed, "; ".join(filter(None, (words, said))))
    return verdicts


def line(row: Row, verdicts: Verdicts) -> str:
    """Write one row: whether every one of its tests passed, what it said, and what is not shown."""
    found = [verdicts.get(test) for test in row.tests]
    passed = bool(found) and all(verdict is not None and verdict[0] for verdict in found)
    said = "; ".join(verdict[1] for verdict in found if verdict and verdict[1])
    tests = ", ".join(test.partition("::")[2] for test in row.tests)
    notes = "".join(f"\n      {mark} {text}" for mark, text in (("·", said), ("not shown:", row.gap)) if text)
    return f"{'✔' if passed else '✘'} {row.number:<4}{row.fault}\n      {tests}{notes}"


if __name__ == "__main__":
    sys.exit(main())
