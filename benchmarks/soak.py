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
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from live_runs import kill_all
from pseudo_terminal import AETUI, Terminal

from aetui import __version__
from aetui.files import write_whole
from aetui.runs.listing import find_run
from aetui.runs.report import read_history

ESCAPE, LEFT, RIGHT, TOP = "\x1b", "\x1b[D", "\x1b[C", "\x1b[H"
SIZES = ((80, 24), (140, 40), (200, 60), (60, 15), (100, 30), (12, 4), (140, 40))
KEYS = (
    *"vvvllmmxxxzzzwe", LEFT, RIGHT, *"pp123451", "c", "r",
)  # fmt: skip
"""Of the monitor, which is as before after them."""
OVER_IT = {
    "?": "Steer the training", "k": "back at its size", "g": "all labels", "\x10": "Search for commands",
    "s": "Stop this run?", "q": "Leave how?", "t": "train loss  test loss", "h": "Change while it trains",
    "b": "A new run from which checkpoint",
}  # fmt: skip
"""What opens over the monitor, and what is seen of it then; escape closes it."""
UNDER_IT = "epoch"
"""What is seen of the monitor once they are closed."""
MENU, EDITOR, TABLE = "Presets", "settings of", "by started"
"""What is seen of other screens."""
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
        subprocess.run([*AETUI, "train", "digits-mlp", "--set", "train.epochs=2"], cwd=folder, check=True)
        self._runs = folder / "runs"
        self.terminal = Terminal(*preset, "--threads", "1", cwd=folder, columns=140, rows=40)
        self.samples: list[dict[str, Any]] = []
        self.counts = {"keys": 0, "resizes": 0, "rounds": 0, "processes": 1}
        self._began = time.monotonic()
        self._sampled = 0.0

    def round(self) -> None:
        """Every key, every screen, every size, a pause; now and then the next process."""
        for keys in KEYS:
            self._press(keys)
        for key, shown in OVER_IT.items():
            self._press(key, shown)
            self._press(ESCAPE, lambda text, shown=shown: shown not in text and UNDER_IT in text)
        self._other_screens()
        for columns, rows in SIZES:
            self.terminal.resize(columns, rows)
            self.counts["resizes"] += 1
            self._watch(0.5)
        self._press(" ", "paused")
        self._press(" ", "running")
        self.counts["rounds"] += 1
        if self.counts["rounds"] % ROUNDS_A_PROCESS == 0:
            self._press("s", "Stop this run?")
            self._press("\r", "stopped")
            self._press(" ", "running")
            self.counts["processes"] += 1

    def _other_screens(self) -> None:
        """The menu, the settings of a preset, the table of runs, a comparison, and the monitor again."""
        while MENU not in self.terminal.text:
            self._press(ESCAPE)
        self._press("e", EDITOR)
        self._press(ESCAPE, MENU)
        self._press("\t", TABLE)
        self._press(f"{TOP}  ")
        self._press("c", "2 runs of digits-mlp")
        self._press(ESCAPE, TABLE)
        self._press(f"{TOP}  {TOP}")
        self._press("\r", UNDER_IT)

    def _press(self, keys: str, seen: str | Callable[[str], bool] = "") -> None:
        self.terminal.press(keys)
        self.counts["keys"] += 1
        self._watch(0.5)
        self.terminal.deadline = time.monotonic() + 60
        self.terminal.wait_for(seen)

    def _watch(self, seconds: float) -> None:
        """Follow the screen for so long; sample now and then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.terminal.follow(max(0.0, end - time.monotonic()))
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
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
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
            kill_all(Path(folder) / "runs")


if __name__ == "__main__":
    main()
