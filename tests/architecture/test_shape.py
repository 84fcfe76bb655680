"""Budgets are tripwires: a file or function that passes one is split before it becomes the god of its noun."""

import ast
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("marketplace", "workers", "seed") for path in (ROOT / folder).rglob("*.py"))
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
MEDIAN_LINES_MAX = 120
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py", "services.py", "repositories.py"}
# A stack of data rows is not logic; splitting it would only hide it.
DATA = {"seed/places.py", "seed/institutions.py", "seed/climate.py", "marketplace/openapi/vocabulary.py"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_and_functions_stay_small(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert path.name not in FORBIDDEN_NAMES
    if name(path) not in DATA:
        assert len(source.splitlines()) <= FILE_LINES_MAX
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES_MAX, node.name


def test_the_median_file_is_short() -> None:
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in FILES if path.name != "__init__.py"]

    assert median(lengths) <= MEDIAN_LINES_MAX


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_clock_is_read_only_at_the_edge(path: Path) -> None:
    """Operations, queries and rules are told the time; only controllers, workers, commands and the kit's clock look."""
    inner = {"operations", "queries", "rules", "states", "events", "errors", "jobs", "tables", "schemas"}
    if not inner & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}:
        return
    source = path.read_text(encoding="utf-8")
    for reading in ("clock.now(", "datetime.now(", "date.today(", "time.time("):
        assert reading not in source, f"{name(path)} reads the clock"
