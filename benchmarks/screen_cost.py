"""What the screen costs, on `mnist-mlp`.

Two questions. *How fast is an epoch in the app?* The app on a pseudo-terminal of 140x40, `aetui train` and
a plain tutorial loop take turns, and ratios of the same round are compared. *What does the screen take of
the training's speed?* One run without a screen of its own, watched by the app on a pseudo-terminal that is
stopped (SIGSTOP) in every second epoch: neighbouring epochs with and without a screen are compared, so that
slow drifts of the machine cancel.

`python benchmarks/screen_cost.py --data DIR` prints the tables of docs/benchmarks.md.
"""

import argparse
import fcntl
import json
import os
import platform
import pty
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import torch
from figures import Figure
from pseudo_terminal import Terminal

COLUMNS, ROWS = 140, 40
AETUI = [sys.executable, "-m", "aetui"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--preset", default="mnist-mlp")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    ways = {"app": app_epochs, "train": headless_epochs, "tutorial": tutorial_epochs}
    rounds = []
    for number in range(options.rounds):
        order = list(ways)[number % 3 :] + list(ways)[: number % 3]
        found = {way: statistics.median(ways[way](options)[1:]) for way in order}
        rounds.append(found)
        print(f"round {number + 1}: " + ", ".join(f"{w} {found[w]:.2f} s" for w in ways), file=sys.stderr)
    report(options, rounds)
    report_pairs(watched_pairs(options))


def figures(data: Path, peers: str) -> Iterator[Figure]:
    """Epochs of others over those in the app; of Lightning where `peers` is a Python that has it."""
    options = argparse.Namespace(
        data=data, epochs=3, pairs=10, preset="mnist-mlp", peers=peers, device="auto"
    )
    others = {"a tutorial's loop": tutorial_epochs}
    if peers:
        others["Lightning with its progress bar"] = lightning_epochs
    ratios: dict[str, list[float]] = {name: [] for name in others}
    for _ in range(3):
        app = statistics.median(app_epochs(options)[1:])
        for name, epochs in others.items():
            ratios[name].append(statistics.median(epochs(options)[1:]) / app)
    for name, found in ratios.items():
        yield Figure(f"an epoch of {name} over one in the app", "", 3.0, found, more_is_better=True)
    pairs = [alone / watched for watched, alone in watched_pairs(options)]
    yield Figure("speed with the screen over that without", "", 0.98, pairs, more_is_better=True)


def report(options: argparse.Namespace, rounds: list[dict[str, float]]) -> None:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"`{options.preset}`, {machine}, torch {torch.__version__}; ", end="")
    print(f"n = {len(rounds)} rounds in turn, medians of {options.epochs - 1} epochs\n")
    print("| | median | lowest | highest |\n|---|---|---|---|")
    for way in rounds[0]:
        row("seconds an epoch, " + way, [found[way] for found in rounds])
    row("app / train", [found["app"] / found["train"] for found in rounds])
    row("app / tutorial", [found["app"] / found["tutorial"] for found in rounds])


def report_pairs(pairs: list[tuple[float, float]]) -> None:
    ratios = [watched / alone for watched, alone in pairs]
    print(f"\nn = {len(pairs)} pairs of neighbouring epochs, with the screen and with it stopped\n")
    print("| | median | lowest | highest |\n|---|---|---|---|")
    row("seconds an epoch, watched", [watched for watched, _ in pairs])
    row("seconds an epoch, screen stopped", [alone for _, alone in pairs])
    row("watched / screen stopped", ratios)
    quartiles = statistics.quantiles(ratios, n=4)
    print(f"\nmiddle half of the ratios: {quartiles[0]:.3f} to {quartiles[2]:.3f}")


def row(name: str, values: list[float]) -> None:
    print(f"| {name} | {statistics.median(values):.3f} | {min(values):.3f} | {max(values):.3f} |")


def settings(options: argparse.Namespace, runs: str) -> list[str]:
    where = ["--data", str(options.data.absolute()), "--runs", runs, "--device", options.device]
    return [*where, "--set", f"train.epochs={options.epochs}"]


def watched_pairs(options: argparse.Namespace) -> list[tuple[float, float]]:
    """Seconds of neighbouring epochs: watched, and with the watching app stopped."""
    with tempfile.TemporaryDirectory() as runs:
        extra = ["--set", f"train.epochs={2 * options.pairs + 3}", "--json"]
        command = [*AETUI, "train", options.preset, *settings(options, runs), *extra]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as training:
            assert training.stdout is not None
            seconds: list[float] = []
            watcher = None
            for line in training.stdout:
                event = json.loads(line)
                if event["event"] != "EpochFinished":
                    continue
                watcher = watcher or on_terminal("watch", "--runs", runs)[0]
                seconds.append(event["seconds"])
                watcher.send_signal(signal.SIGSTOP if event["epoch"] % 2 else signal.SIGCONT)
            assert watcher is not None
            watcher.send_signal(signal.SIGCONT)
            watcher.kill()
            watcher.wait()
    # seconds[n] is epoch n; the screen draws in odd epochs; the first two warm up
    return [(seconds[n], seconds[n + 1]) for n in range(3, len(seconds) - 1, 2)]


def on_terminal(*arguments: str) -> tuple[subprocess.Popen[bytes], int, threading.Event]:
    """aetui on a pseudo-terminal read as fast as it writes; the event: a run is shown as finished."""
    main_end, side_end = pty.openpty()
    fcntl.ioctl(side_end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    finished = threading.Event()
    reader = threading.Thread(target=read_until, args=(main_end, "✓".encode(), finished), daemon=True)
    reader.start()
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    app = subprocess.Popen(
        [*AETUI, *arguments], stdin=side_end, stdout=side_end, stderr=side_end, env=environment
    )
    os.close(side_end)
    return app, main_end, finished


def headless_epochs(options: argparse.Namespace) -> list[float]:
    with tempfile.TemporaryDirectory() as runs:
        command = [*AETUI, "train", options.preset, *settings(options, runs)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return epochs_of(runs)


def app_epochs(options: argparse.Namespace) -> list[float]:
    """The app from start to the run's end, left by key."""
    with tempfile.TemporaryDirectory() as runs:
        app, keyboard, finished = on_terminal("--preset", options.preset, *settings(options, runs))
        if not finished.wait(300):
            sys.exit("the run did not finish")
        os.write(keyboard, b"q")
        app.wait()
        return epochs_of(runs)


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
    return _script_epochs(sys.executable, "tutorial.py", options)


def lightning_epochs(options: argparse.Namespace) -> list[float]:
    return _script_epochs(options.peers, "lightning_peer.py", options)


def _script_epochs(python: str, script: str, options: argparse.Namespace) -> list[float]:
    """The seconds of each epoch of another loop, on a terminal of its own, as it writes them into a file."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "seconds"
        words = (str(Path(__file__).with_name(script)), str(options.data), str(options.epochs), str(told))
        terminal = Terminal(*words, cwd=Path(folder), program=(str(python),), seconds=1000)
        if terminal.wait_for_exit():
            sys.exit(f"{script} failed:\n{terminal.text}")
        return [float(line) for line in told.read_text().split()]


if __name__ == "__main__":
    main()
