"""Bytes a second to a terminal while a model trains: the app on a pseudo-terminal, at two sizes.

Run it as `python benchmarks/line_bytes.py --data DIR`; DIR holds MNIST. The first seconds, in which the
screen is drawn and pictures follow every epoch, are told apart from steady training.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from figures import Figure
from live_runs import kill_all
from pseudo_terminal import Terminal

SIZES = ((140, 40), (80, 24))
AIMS = (4000, 1500)
"""Bytes a second at these sizes."""


def measured(columns: int, rows: int, data: Path, seconds: tuple[float, float]) -> tuple[int, float, int]:
    """Bytes until it is steady, then bytes a second, and writes in that time."""
    first, steady = seconds
    options = ("--data", str(data), "--threads", "1", "--images", "half", "--set", "train.epochs=1000")
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal(
            "--preset", "mnist-mlp", *options, cwd=Path(folder), columns=columns, rows=rows, seconds=600
        )
        try:
            terminal.wait_for("epoch    1/")
            begun, writes, counts = time.monotonic(), 0, [0, 0]
            while (passed := time.monotonic() - begun) < first + steady:
                received = terminal.read(0.2)
                counts[passed > first] += len(received)
                writes += bool(received) and passed > first
        finally:
            terminal.kill()
            kill_all(Path(folder) / "runs")  # the training outlives its screen
    return counts[0], counts[1] / steady, writes


def figures(data: Path) -> Iterator[Figure]:
    for (columns, rows), aim in zip(SIZES, AIMS, strict=True):
        rates = [measured(columns, rows, data, (15.0, 15.0))[1] for _ in range(3)]
        yield Figure(f"to a terminal of {columns}x{rows} in steady training", "bytes/s", aim, rates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--first", type=float, default=20.0, help="seconds until training is steady")
    parser.add_argument("--steady", type=float, default=40.0, help="seconds that are counted")
    options = parser.parse_args()
    print("| terminal | aim, bytes a second | steady training | writes a second | the first seconds, kB |")
    print("|---|---|---|---|---|")
    for (columns, rows), aim in zip(SIZES, AIMS, strict=True):
        before, rate, writes = measured(columns, rows, options.data, (options.first, options.steady))
        row = (f"{columns}x{rows}", f"{aim:,}", f"{rate:,.0f}", f"{writes / options.steady:.1f}")
        print(f"| {' | '.join(row)} | {before / 1000:.0f} |", flush=True)


if __name__ == "__main__":
    main()
