"""What two processes on two cores gain over one process on one core: `mnist-conv`, small batches and large.

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

PAIRS, EPOCHS = 3, 2
BATCHES = (64, 512)
"""Images a step, of both processes together; the preset has 64."""
ONE_CORE = ("taskset", "-c", "0")


def figures(data: Path) -> Iterator[Figure]:
    tests = []
    for batch in BATCHES:
        gains = []
        for _ in range(PAIRS):
            alone, together = seconds(data, 1, batch), seconds(data, 2, batch)
            gains.append(alone[0] / together[0])
            tests.append(alone[1] / together[1])
        what = f"training by two processes on two cores over one on one, batches of {batch}"
        yield Figure(what, "times as fast", None, gains, True)
    yield Figure("the test after an epoch, in the same way", "times as fast", None, tests, True)


def seconds(data: Path, processes: int, batch: int) -> tuple[float, float]:
    """Of the last epoch's training and of its test."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--runs", folder, "--data", str(data), "--device", "cpu", "--threads", "1"]
        words = ["train", "mnist-conv", "--processes", str(processes), "--set", f"train.epochs={EPOCHS}"]
        words += ["--set", f"train.batch_size={batch}"]
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
