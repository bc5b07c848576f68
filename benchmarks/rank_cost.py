"""What two processes on two cores gain over one process on one core: `mnist-conv`, the same batches of 64.

Short runs in turn; the first epoch of each, in which PyTorch makes its buffers, does not count.

`python benchmarks/rank_cost.py --data DIR` prints rows of docs/benchmarks.md.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from figures import HEAD, Figure

from aetui.runs.listing import find_run
from aetui.runs.report import read_history

PAIRS, EPOCHS = 4, 2
ONE_CORE = ("taskset", "-c", "0")


def figures(data: Path) -> Iterator[Figure]:
    one, two, test = [], [], []
    for _ in range(PAIRS):
        alone, together = seconds(data, 1), seconds(data, 2)
        one.append(alone[0])
        two.append(together[0])
        test.append(alone[1] / together[1])
    yield Figure("an epoch by one process on one core", "s", None, one)
    yield Figure("the same by two on two cores", "s", None, two)
    gains = [alone / together for alone, together in zip(one, two, strict=True)]
    yield Figure("training by two processes on two cores over one on one", "times as fast", None, gains, True)
    yield Figure("the test after an epoch, in the same way", "times as fast", None, test, True)


def seconds(data: Path, processes: int) -> tuple[float, float]:
    """Of the last epoch's training and of its test."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--runs", folder, "--data", str(data), "--device", "cpu", "--threads", "1"]
        words = ["train", "mnist-conv", "--processes", str(processes), "--set", f"train.epochs={EPOCHS}"]
        pinned = ONE_CORE if processes == 1 else ()
        command = [*pinned, sys.executable, "-m", "aetui", *options, *words]
        subprocess.run(command, check=True, capture_output=True)
        newest = read_history(find_run(Path(folder), None))[0].newest
        assert newest
        return newest.seconds, newest.test_seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    print(HEAD)
    for figure in figures(parser.parse_args().data):
        print(figure.row())
