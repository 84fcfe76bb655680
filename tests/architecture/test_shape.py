"""Budgets are tripwires: a file or function that passes one is split before it becomes the god of its noun."""

import ast
from functools import cache
from pathlib import Path
from statistics import median

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


@cache
def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def length(path: Path) -> int:
    return len(source(path).splitlines())


def test_no_file_is_named_for_nothing() -> None:
    found = [name(path) for path in FILES if path.name in FORBIDDEN_NAMES]

    assert not found, "\n".join(found)


def test_files_stay_small() -> None:
    long = [name(path) for path in FILES if length(path) > FILE_LINES_MAX and name(path) not in DATA]

    assert not long, "\n".join(long)


def test_functions_stay_small() -> None:
    long = [
        f"{name(path)}: {node.name}"
        for path in FILES
        for node in ast.walk(ast.parse(source(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX
    ]

    assert not long, "\n".join(long)


def test_the_median_file_is_short() -> None:
    assert median(length(path) for path in FILES if path.name != "__init__.py") <= MEDIAN_LINES_MAX


def test_the_clock_is_read_only_at_the_edge() -> None:
    """Operations, queries and rules are told the time; only controllers, workers, commands and the kit's clock look."""
    inner = {"operations", "queries", "rules", "states", "events", "errors", "jobs", "tables", "schemas"}
    readings = ("clock.now(", "datetime.now(", "date.today(", "time.time(")
    told = [path for path in FILES if inner & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}]
    looking = [f"{name(path)}: {reading}" for path in told for reading in readings if reading in source(path)]

    assert told
    assert not looking, "\n".join(looking)
