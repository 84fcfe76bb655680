"""The matrix names tests that exist, and every row that applies."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.faults.matrix import MATRIX, Row

ROOT = Path(__file__).parents[2]


@cache
def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_row_is_there_once() -> None:
    assert [row.number for row in MATRIX] == [f"F{number}" for number in range(1, 25)] + ["N1", "N2", "N3"]


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row.number)
def test_a_row_is_covered_by_tests_that_exist(row: Row) -> None:
    assert row.tests
    for test in row.tests:
        path, _, name = test.partition("::")
        assert name in functions(path), test
