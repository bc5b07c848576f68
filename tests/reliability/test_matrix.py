"""Every row of the matrix names tests that are there, and stands in the written page."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text())["row"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["fault"][:30])
def test_a_row_names_tests_that_exist(row):
    assert row["promise"]
    assert row["tests"]
    for name in row["tests"]:
        file, _, function = name.partition("::")
        defined = ast.walk(ast.parse((ROOT / file).read_text()))
        names = {node.name for node in defined if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert function in names if function else any(found.startswith("test_") for found in names), name


def test_the_written_page_has_every_row():
    page = (ROOT / "docs" / "reliability.md").read_text()
    assert [row["fault"] for row in ROWS if row["fault"] not in page] == []
