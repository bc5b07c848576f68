"""The versions that CI installs as the lowest are the lower bounds of pyproject.toml."""

import re
import tomllib
from pathlib import Path

TESTS = Path(__file__).parent


def test_the_lowest_versions_are_the_lower_bounds():
    project = tomllib.loads((TESTS.parent / "pyproject.toml").read_text())["project"]
    requirements = project["dependencies"] + project["optional-dependencies"]["test"]
    lowest = [re.sub(r">=([\w.]+),<.*", r"==\1", requirement) for requirement in requirements]
    assert (TESTS / "lowest_versions.txt").read_text().split() == lowest
