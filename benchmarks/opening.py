"""How long a person waits: for the first frame, for a long run, for very many runs, for a key while training.

Everything runs on a pseudo-terminal of 140x40 or as a command, with warm files. The long run is one of 28
hours that told of its steps twice a second: 260,000 events, 70 MB.

`python benchmarks/opening.py` prints rows of docs/benchmarks.md.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from figures import HEAD, Figure
from live_runs import kill_all
from made_runs import compared_runs, long_run, many_runs
from pseudo_terminal import AETUI, Terminal

ROUNDS = 7
KEYS = 100
LONGEST_SECONDS = 1.0
HELP, MENU = "─ Keys ─", "Presets"


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        (place / "long").mkdir()
        long_run(place / "long" / "20261120-000000-long-aaaa", 28, 30)
        many_runs(place / "thousand", 1_000)
        many_runs(place / "tenthousand", 10_000)
        yield Figure("first frame of `aetui`", "s", 0.5, until_seen(place, MENU))
        show, memory = zip(*(command(place, "show", "--runs", "long") for _ in range(ROUNDS)), strict=True)
        yield Figure("`show` of a run of 28 hours", "s", 0.5, show)
        yield Figure("memory for it", "MB", 150, memory)
        watched = until_seen(place, "finished", "watch", "--runs", "long")
        yield Figure("`watch` of it, until all is drawn", "s", 0.5, watched)
        listed = [command(place, "runs", "--runs", "thousand")[0] for _ in range(ROUNDS)]
        yield Figure("`runs` of 1,000 runs", "s", 0.3, listed)
        yield Figure(
            "the menu beside 10,000 runs", "s", 0.5, until_seen(place, MENU, "--runs", "tenthousand")
        )
        yield table_of_runs(place)
        yield from twenty_runs(place)
        yield from keys_while_reading(place)
        yield from keys_while_training(place)


def until_seen(place: Path, text: str, *arguments: str) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        terminal = Terminal(*arguments, cwd=place, columns=140, rows=40)
        try:
            terminal.wait_for(text)
            found.append(time.perf_counter() - began)
        finally:
            terminal.kill()
    return found


HELD = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)
"""
"""What a command held; of a child of ours the system would tell what we hold ourselves where that is more."""


def command(place: Path, *arguments: str) -> tuple[float, float]:
    """Seconds, and the most megabytes of memory that it held."""
    began = time.perf_counter()
    subprocess.run([*AETUI, *arguments], cwd=place, stdout=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - began
    measured = [sys.executable, "-c", HELD, *AETUI, *arguments]
    return seconds, float(subprocess.run(measured, cwd=place, capture_output=True, check=True).stdout)


def table_of_runs(place: Path) -> Figure:
    """From the key to the table of a thousand runs, all of which are read."""
    found = []
    for _ in range(ROUNDS):
        terminal = Terminal("--runs", "thousand", cwd=place, columns=140, rows=40)
        try:
            terminal.wait_for(MENU)
            terminal.follow(LONGEST_SECONDS)
            found.append(answer(terminal, "\t", lambda text: "1,000 runs" in text) / 1000)
        finally:
            terminal.kill()
    return Figure("the table of 1,000 runs", "s", 0.5, found)


def twenty_runs(place: Path) -> Iterator[Figure]:
    """Runs of 200 epochs beside each other: a frame of their chart, and a key that chooses another."""
    runs = compared_runs(place / "twenty", 20, 200)
    drawn = subprocess.run([sys.executable, "-c", DRAWN, *runs], cwd=place, capture_output=True, check=True)
    lines = [[float(word) for word in line.split()] for line in drawn.stdout.splitlines()]
    yield Figure("the first frame of 20 compared runs", "ms", None, [first for first, _ in lines])
    yield Figure("a frame of them in which two have grown", "ms", 50, [later for _, later in lines])
    terminal = Terminal("watch", "--runs", "twenty", "--last", "20", cwd=place, columns=140, rows=40)
    found = []
    try:
        terminal.wait_for("200")
        terminal.follow(LONGEST_SECONDS)
        for number in range(KEYS // 2):
            key, chosen = ("\x1b[B", "PCA-3 ") if number % 2 == 0 else ("\x1b[A", "PCA-2 ")
            found.append(answer(terminal, key, partial(contains, chosen)))
    finally:
        terminal.kill()
    yield Figure("a key over them, 95 of 100", "ms", 50, found, share=0.95)


def contains(words: str, text: str) -> bool:
    return words in text


DRAWN = """
import sys, time
from dataclasses import replace
from pathlib import Path
from aetui.runs.folder import RunFolder
from aetui.ui.charts.braille import plot_lines
from aetui.ui.charts.canvas import DARK
from aetui.ui.charts.drawing import draw_chart
from aetui.ui.charts.loss_chart import LossChart
from aetui.ui.comparison.curves import curves_of
from aetui.ui.comparison.lineup import Lineup

lineup = Lineup([RunFolder(Path(path)) for path in sys.argv[1:]])
while lineup.poll(1.0) or lineup.behind:
    pass
chart = LossChart()


def frame():
    began = time.perf_counter()
    chart.losses = curves_of([[member] for member in lineup.members], lineup.members[0], "test")
    draw_chart(chart.chart(), 136, 28, DARK)
    return 1000 * (time.perf_counter() - began)


for _ in range(20):
    plot_lines.cache_clear()
    first = frame()
    for member in lineup.members[3:5]:
        newest = member.feed.history.epochs[200]
        member.feed.history.epochs[200] = replace(newest, test_loss=newest.test_loss * 0.9)
    print(first, frame())
"""


def keys_while_reading(place: Path) -> Iterator[Figure]:
    """The first key of somebody who opens the long run and cannot wait."""
    found = []
    for _ in range(ROUNDS):
        terminal = Terminal("watch", "--runs", "long", cwd=place, columns=140, rows=40)
        try:
            terminal.wait_for("old-mlp")
            found.append(answer(terminal, "?", lambda text: HELP in text))
        finally:
            terminal.kill()
    yield Figure("`?` while a run of 28 hours is read", "ms", 100, found)


def keys_while_training(place: Path) -> Iterator[Figure]:
    options = ("--set", "train.epochs=100000", "--threads", str(max(1, (os.cpu_count() or 2) - 1)))
    terminal = Terminal("--preset", "digits-mlp", *options, cwd=place, columns=140, rows=40, seconds=300)
    found = []
    try:
        terminal.wait_for("images/s")
        for _ in range(KEYS // 2):
            for key, seen in (("?", lambda text: HELP in text), ("q", lambda text: HELP not in text)):
                found.append(answer(terminal, key, seen))
    finally:
        terminal.kill()
        kill_all(place / "runs")  # the training outlives its screen
    yield Figure("a key while training, 95 of 100", "ms", 50, found, share=0.95)
    yield Figure("99 of 100", "ms", 100, found, share=0.99)


def answer(terminal: Terminal, key: str, seen: Callable[[str], bool]) -> float:
    """Milliseconds from a key to the last bytes of its frame.

    What comes is drawn only afterwards: pyte is slower than the terminals that people have.
    """
    began = time.perf_counter()
    terminal.press(key)
    pieces = []
    while (seconds := time.perf_counter() - began) < LONGEST_SECONDS:
        pieces.append((terminal.read(LONGEST_SECONDS - seconds), time.perf_counter() - began))
    answered = None
    for piece, seconds in pieces:
        terminal.draw(piece)
        if answered is None and seen(terminal.text):
            answered = seconds
    if answered is None:
        raise TimeoutError(f"{key!r} was not answered:\n{terminal.text}")
    return answered * 1000


if __name__ == "__main__":
    print(HEAD)
    for figure in figures():
        print(figure.row(), flush=True)
