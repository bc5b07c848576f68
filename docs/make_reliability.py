"""Writes docs/reliability.md: every row of tests/reliability/matrix.toml, its tests run, with their figures.

`make reliability` takes a quarter of an hour. A row without a test, with a failing one or with skipped ones
alone fails, and nothing is written. `--only WORDS…` runs the rows whose fault has such words in it and leaves
the others as they stand; `--soak FILE` writes the section on what benchmarks/soak.py measured.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from aetui.text import plural

ROOT = Path(__file__).parents[1]
MATRIX = ROOT / "tests" / "reliability" / "matrix.toml"
PAGE = ROOT / "docs" / "reliability.md"
SITTING = "\n## A long sitting\n"


@dataclass
class Found:
    """What the tests of one name gave, over all their parameters."""

    passed: int = 0
    skipped: int = 0
    failed: int = 0
    figures: Counter[str] = field(default_factory=Counter)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", type=Path)
    parser.add_argument("--only", nargs="*", default=[""], metavar="WORDS")
    options = parser.parse_args()
    table, _, sitting = (PAGE.read_text() if PAGE.exists() else "").partition(SITTING)
    if options.soak:
        sitting = soaked(options.soak)
    else:
        table = tried_table(options.only, table.splitlines(keepends=True))
    PAGE.write_text(table + (SITTING + sitting if sitting else ""))
    print(f"wrote {PAGE}")


def tried_table(only: list[str], before: list[str]) -> str:
    """Every row with what its tests gave; ends the program where a row is not shown.

    One with none of these words stands as `before`.
    """
    matrix = tomllib.loads(MATRIX.read_text())["row"]
    rows = [row for row in matrix if any(words in row["fault"] for words in only)]
    found = run_tests(sorted({test for row in rows for test in row["tests"]}))
    problems = [line for row in rows for line in problems_of(row, found)]
    if problems:
        sys.exit("\n".join(problems))
    lines = {row["fault"]: line(row, found) for row in rows}
    for row in matrix:
        kept = [old for old in before if old.startswith(f"| {row['fault']} |")]
        if row["fault"] not in lines and not kept:
            sys.exit(f"the page has no row yet: {row['fault']}")
        lines.setdefault(row["fault"], *kept)
    return table(lines[row["fault"]] for row in matrix)


def run_tests(tests: list[str]) -> dict[str, Found]:
    """Run them all, the slow ones too; what each gave by the file and function that junit names."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-m", "slow or not slow", f"--junitxml={report}"]
        more = ["--hypothesis-show-statistics", "-o", "junit_family=xunit1", "-p", "no:cacheprovider"]
        subprocess.run([*command, *more, *tests], cwd=ROOT, stdout=sys.stderr, check=False)
        cases = ET.parse(report).getroot().iter("testcase")
        return collect(cases)


def collect(cases: "list[ET.Element]") -> dict[str, Found]:
    found: dict[str, Found] = {}
    for case in cases:
        name = f"{case.get('file')}::{(case.get('name') or '').partition('[')[0]}"
        one = found.setdefault(name, Found())
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            one.failed += 1
        elif "skipped" in outcomes:
            one.skipped += 1
        else:
            one.passed += 1
        for figure in case.iter("property"):
            one.figures[figure.get("name") or ""] += int(figure.get("value") or 0)
    return found


def of_row(row: dict, found: dict[str, Found]) -> list[Found]:
    return [one for name, one in found.items() if any(_belongs(name, test) for test in row["tests"])]


def _belongs(name: str, test: str) -> bool:
    return name == test or ("::" not in test and name.startswith(f"{test}::"))


def problems_of(row: dict, found: dict[str, Found]) -> list[str]:
    for test in row["tests"]:
        ran = [one for name, one in found.items() if _belongs(name, test)]
        if not sum(one.passed for one in ran):
            return [f"{row['fault']}: {test} passed nothing"]
        if any(one.failed for one in ran):
            return [f"{row['fault']}: {test} failed"]
    return []


def table(lines: Iterable[str]) -> str:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    head = f"""# What can go wrong, and what aetui does

Written by `make reliability`, which runs the tests of every row, the slow ones too ({machine},
torch {version("torch")}, Textual {version("textual")}). No GPU: what only one can show is not here.

| fault or input | what happens | shown by |
|---|---|---|
"""
    return head + "".join(lines)


def line(row: dict, found: dict[str, Found]) -> str:
    return f"| {row['fault']} | {row['promise']} | {shown(row, found)} |\n"


def shown(row: dict, found: dict[str, Found]) -> str:
    ran = of_row(row, found)
    figures = sum((one.figures for one in ran), Counter())
    passed, skipped = sum(one.passed for one in ran), sum(one.skipped for one in ran)
    counted = [f"{count:,} {name}" for name, count in figures.items()]
    links = ", ".join(
        sorted({f"[{Path(t.partition('::')[0]).name}](../{t.partition('::')[0]})" for t in row["tests"]})
    )
    skips = [f"{skipped} skipped here"] if skipped else []
    return f"{'; '.join([plural(passed, 'test'), *counted, *skips])}: {links}"


def soaked(soak: Path) -> str:
    told = json.loads(soak.read_text())
    rows = "".join(
        f"| {name} | {both['first']:g} | {both['last']:g} |\n" for name, both in told["summary"].items()
    )
    return f"""
`benchmarks/soak.py`, {told["minutes"]:.0f} minutes, {told["machine"]}, torch {told["torch"]}: the app on a
pseudo-terminal beside one training process, {told["rounds"]} rounds of every screen, {told["keys"]:,} keys,
{told["resizes"]} resizes, {told["processes"]} processes that trained one after another. Medians of the first
and of the last tenth, after five minutes; meanwhile the run came to {told["samples"][-1]["step"]:,} steps,
all of which the app shows.

| | first | last |
|---|---|---|
{rows}"""


if __name__ == "__main__":
    main()
