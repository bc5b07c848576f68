"""A long sitting: the app trains for hours while every screen is opened and closed and the window resized.

`python benchmarks/soak.py --minutes 120 --out soak.json` samples memory, threads and open descriptors of both
processes every half minute. What grows is a leak: medians of the first and the last tenth are compared, after
a warm-up of five minutes. The file is whole at any time, so an interrupted sitting has its figures too.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from pseudo_terminal import Terminal

from aetui import __version__
from aetui.files import write_whole
from aetui.runs.listing import find_run
from aetui.runs.report import read_history

SIZES = ((80, 24), (140, 40), (200, 60), (60, 15), (100, 30), (12, 4), (140, 40))
ROUND = (
    "v", "v", "v", "l", "l", "m", "m", "x", "x", "x", "z", "z", "z", "w", "e", "\x1b[D", "\x1b[C", "p", "p",
    "1", "2", "3", "4", "5", "1", "?", "\x1b", "k", "conv 8 k3", "\x1b", "g", "\x1b", "\x10", "\x1b",
    "s", "\x1b", "q", "\x1b", "c", "r", " ", " ",
)  # fmt: skip
"""Keys of the monitor and of all that opens over it, back to the monitor at the end."""
SAMPLE_SECONDS = 30.0
WARM_UP_SECONDS = 300.0
EPOCHS = 100_000
"""More than are trained in days."""
ROUNDS_A_PROCESS = 20
"""After so many the run is stopped and taken up again, by the next process."""


class Sitting:
    """The app on a pseudo-terminal, what is done to it, and what was measured."""

    def __init__(self, folder: Path) -> None:
        preset = ("--preset", "digits-mlp", "--set", f"train.epochs={EPOCHS}")
        self._runs = folder / "runs"
        self.terminal = Terminal(*preset, "--threads", "1", cwd=folder, columns=140, rows=40, seconds=1e9)
        self.samples: list[dict[str, Any]] = []
        self.counts = {"keys": 0, "resizes": 0, "rounds": 0, "processes": 1}
        self._began = time.monotonic()
        self._sampled = 0.0

    def round(self) -> None:
        """Every key, every size; now and then the next process."""
        for keys in ROUND:
            self._press(keys)
        for columns, rows in SIZES:
            self.terminal.resize(columns, rows)
            self.counts["resizes"] += 1
            self._watch(0.5)
        self.counts["rounds"] += 1
        if self.counts["rounds"] % ROUNDS_A_PROCESS == 0:
            self._press("s")
            self._press("\r")
            self.terminal.wait_for("stopped")
            self._press(" ")
            self.counts["processes"] += 1
            self.terminal.wait_for("running")

    def _press(self, keys: str) -> None:
        self.terminal.press(keys)
        self.counts["keys"] += 1
        self._watch(0.7)

    def _watch(self, seconds: float) -> None:
        """Follow the screen for so long; sample now and then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.terminal.follow(end - time.monotonic())
        assert self.terminal.process.poll() is None, f"the app has ended:\n{self.terminal.text}"
        if time.monotonic() - self._sampled > SAMPLE_SECONDS:
            self._sampled = time.monotonic()
            self._sample()

    def _sample(self) -> None:
        run = find_run(self._runs, None)
        meta, history = run.read_meta(), read_history(run)[0]
        taken = {
            "seconds": round(time.monotonic() - self._began, 1),
            "run": run.name,
            "state": meta.state,
            "step": history.latest.step if history.latest else 0,
            "app": _measure(self.terminal.process.pid),
        }
        trainer = _measure(meta.pid) if meta.pid and meta.state in ("running", "paused") else None
        self.samples.append(taken | ({"trainer": trainer} if trainer else {}))


def _measure(pid: int) -> dict[str, float] | None:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            memory = process.memory_info().rss / 1e6
            return {"MB": memory, "threads": process.num_threads(), "descriptors": process.num_fds()}
    except psutil.Error:
        return None


def summary(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """The median of the first and of the last tenth after the warm-up, by process and quantity."""
    warm = [sample for sample in samples if sample["seconds"] > WARM_UP_SECONDS] or samples
    found: dict[str, Any] = {}
    for process in ("app", "trainer"):
        runs = [sample for sample in warm if sample.get(process)]
        part = max(1, len(runs) // 10)
        for quantity in ("MB", "threads", "descriptors") if runs else ():
            first, last = (
                statistics.median(sample[process][quantity] for sample in some)
                for some in (runs[:part], runs[-part:])
            )
            found[f"{process} {quantity}"] = {"first": round(first, 1), "last": round(last, 1)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sitting = Sitting(Path(folder))
        try:
            end = time.monotonic() + 60 * options.minutes
            sitting.terminal.wait_for("epoch")
            while time.monotonic() < end:
                sitting.round()
                report = {
                    "aetui": __version__,
                    "machine": f"{platform.machine()}, {os.cpu_count()} cores",
                    "python": platform.python_version(),
                    "torch": str(torch.__version__),
                    "minutes": round(sitting.samples[-1]["seconds"] / 60, 1) if sitting.samples else 0,
                    **sitting.counts,
                    "summary": summary(sitting.samples),
                    "samples": sitting.samples,
                }
                options.out.parent.mkdir(parents=True, exist_ok=True)
                write_whole(options.out.absolute(), json.dumps(report, indent=1).encode())
                print({key: report[key] for key in ("minutes", *sitting.counts, "summary")}, flush=True)
        finally:
            sitting.terminal.kill()


if __name__ == "__main__":
    main()
