"""Training `mnist-mlp` while another process keeps one core half busy, against the same on a quiet machine.

In every second epoch the other process works. Then it goes on working, and the run is told to choose its
threads anew. The speeds are those of what is left of the machine: with two cores 0.75 of it.

`python benchmarks/busy.py --data DIR` prints rows of docs/benchmarks.md.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from figures import HEAD, Figure

AETUI = (sys.executable, "-m", "aetui")
HALF_BUSY = """
import time
while True:
    began = time.perf_counter()
    while time.perf_counter() - began < 0.01:
        pass
    time.sleep(0.01)
"""
PAIRS = 6


def figures(data: Path) -> Iterator[Figure]:
    quiet, busy, anew = epochs(data)
    cores = os.cpu_count() or 1
    left, usual = (cores - 0.5) / cores, statistics.median(quiet)
    what = "speed beside a half busy process, of what is left"
    yield Figure(f"{what}: the threads of a quiet start", "", 0.8, [usual / s / left for s in busy], True)
    yield Figure(f"{what}: chosen anew", "", 0.8, [usual / s / left for s in anew], True)


def epochs(data: Path) -> tuple[list[float], list[float], list[float]]:
    """Seconds of epochs: quiet ones, busy ones in between, busy ones after the threads were chosen anew."""
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as runs, subprocess.Popen([sys.executable, "-c", HALF_BUSY]) as other:
        other.send_signal(signal.SIGSTOP)
        length, where = f"train.epochs={3 * PAIRS + 2}", ["--data", str(data), "--runs", runs]
        command = [*AETUI, "train", "mnist-mlp", "--json", "--set", length, *where]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as training:
            assert training.stdout is not None
            for event in map(json.loads, training.stdout):
                if event["event"] != "EpochFinished":
                    continue
                seconds.append(event["seconds"])
                works = event["epoch"] % 2 or event["epoch"] > 2 * PAIRS
                other.send_signal(signal.SIGCONT if works else signal.SIGSTOP)
                if event["epoch"] == 2 * PAIRS:
                    choose = [*AETUI, "control", "--runs", runs, "mnist", "choose-threads"]
                    subprocess.run(choose, check=True, stderr=subprocess.DEVNULL)
        other.kill()
    # seconds[n] is epoch n; the other process works in even ones; the first two warm up
    alternating = range(3, 2 * PAIRS + 1)
    quiet = [seconds[n] for n in alternating if n % 2]
    busy = [seconds[n] for n in alternating if n % 2 == 0]
    return quiet, busy, seconds[2 * PAIRS + 2 :]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    print(HEAD)
    for figure in figures(parser.parse_args().data.absolute()):
        print(figure.row(), flush=True)
