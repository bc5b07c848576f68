"""Everything that is aimed at, measured on this machine: writes the first table of docs/benchmarks.md.

`make bench DATA=DIR` takes a quarter of an hour on a machine with nothing else to do; DIR holds MNIST. With
`--peers PYTHON`, one that has lightning, the epoch of Lightning with its progress bar is measured too.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import busy
import line_bytes
import opening
import screen_cost
import step_cost
from figures import HEAD, Figure

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "## What is aimed at\n", "\n## An epoch in the app"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peers", default="", metavar="PYTHON")
    options = parser.parse_args()
    options.data = options.data.absolute()
    parts: list[Callable[[], Iterator[Figure]]] = [
        partial(line_bytes.figures, options.data),
        partial(step_cost.figures, options.data),
        partial(busy.figures, options.data),
        partial(screen_cost.figures, options.data, options.peers),
        opening.figures,
    ]
    rows = []
    for part in parts:
        for figure in part():
            rows.append(figure.row())
            print(rows[-1], flush=True)
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{machine()}\n\n{HEAD}\n" + "\n".join(rows) + f"\n{end}{after}")


def machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "textual", "plotext"))
    where = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return f"`make bench`, {time.strftime('%Y-%m-%d')}: {where}, {versions}."


if __name__ == "__main__":
    main()
