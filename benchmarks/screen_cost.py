"""What the screen costs: an epoch of `mnist-mlp` in the app, without a screen, and in a tutorial loop.

The three take turns, so that whatever else the machine does meets all of them. Only ratios of the same
round are compared. `python benchmarks/screen_cost.py --data DIR` prints a table for docs/benchmarks.md.
"""

import argparse
import fcntl
import json
import os
import platform
import pty
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from pathlib import Path

import torch

COLUMNS, ROWS = 140, 40
AETUI = [sys.executable, "-m", "aetui"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--preset", default="mnist-mlp")
    options = parser.parse_args()
    ways = {"app": app_epochs, "train": headless_epochs, "tutorial": tutorial_epochs}
    rounds = []
    for number in range(options.rounds):
        order = list(ways)[number % 3 :] + list(ways)[: number % 3]
        found = {way: statistics.median(ways[way](options)[1:]) for way in order}
        rounds.append(found)
        print(f"round {number + 1}: " + ", ".join(f"{w} {found[w]:.2f} s" for w in ways), file=sys.stderr)
    report(options, rounds)


def report(options: argparse.Namespace, rounds: list[dict[str, float]]) -> None:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"`{options.preset}`, {machine}, torch {torch.__version__}; ", end="")
    print(f"n = {len(rounds)} rounds in turn, medians of {options.epochs - 1} epochs\n")
    print("| | median | lowest | highest |\n|---|---|---|---|")
    for way in rounds[0]:
        row("seconds an epoch, " + way, [found[way] for found in rounds])
    row("app / train", [found["app"] / found["train"] for found in rounds])
    row("app / tutorial", [found["app"] / found["tutorial"] for found in rounds])


def row(name: str, values: list[float]) -> None:
    print(f"| {name} | {statistics.median(values):.3f} | {min(values):.3f} | {max(values):.3f} |")


def settings(options: argparse.Namespace, runs: str) -> list[str]:
    return ["--data", str(options.data.absolute()), "--runs", runs, "--set", f"train.epochs={options.epochs}"]


def headless_epochs(options: argparse.Namespace) -> list[float]:
    with tempfile.TemporaryDirectory() as runs:
        command = [*AETUI, "train", options.preset, *settings(options, runs)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return epochs_of(runs)


def app_epochs(options: argparse.Namespace) -> list[float]:
    """The app on a pseudo-terminal that is read as fast as it writes; left by key at the run's end."""
    with tempfile.TemporaryDirectory() as runs:
        main_end, side_end = pty.openpty()
        fcntl.ioctl(side_end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        finished = threading.Event()
        reader = threading.Thread(target=read_until, args=(main_end, "✓".encode(), finished), daemon=True)
        reader.start()
        command = [*AETUI, "--preset", options.preset, *settings(options, runs)]
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        with subprocess.Popen(
            command, stdin=side_end, stdout=side_end, stderr=side_end, env=environment
        ) as app:
            if not finished.wait(300):
                sys.exit("the run did not finish")
            os.write(main_end, b"q")
            app.wait()
        epochs = epochs_of(runs)
        os.close(side_end)
        return epochs


def read_until(descriptor: int, mark: bytes, seen: threading.Event) -> None:
    """Read on for ever; tell when `mark` has come."""
    tail = b""
    while True:
        try:
            tail = tail[-len(mark) :] + os.read(descriptor, 65536)
        except OSError:
            return
        if mark in tail:
            seen.set()


def epochs_of(runs: str) -> list[float]:
    shown = subprocess.run(
        [*AETUI, "show", "--json", "--runs", runs], check=True, capture_output=True, text=True
    )
    return [epoch["seconds"] for epoch in json.loads(shown.stdout)["epochs"][1:]]


def tutorial_epochs(options: argparse.Namespace) -> list[float]:
    command = [
        sys.executable,
        str(Path(__file__).with_name("tutorial.py")),
        str(options.data),
        str(options.epochs),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(line) for line in done.stdout.split()]


if __name__ == "__main__":
    main()
