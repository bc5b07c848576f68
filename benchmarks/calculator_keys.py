"""How soon the shape calculator answers a key, at a chain of 50 layers, while `digits-conv` trains.

The app runs on a pseudo-terminal. A key is sent, and the time is taken until the bytes of its result are on
the line: the new size of the last layer for a digit typed at the end of the line, the new size of the first
layer where a number is counted up in the table, which changes every row.

`python benchmarks/calculator_keys.py` prints the table of docs/benchmarks.md; `--quiet`: nothing trains.
"""

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from pseudo_terminal import Terminal

SIZES = ((80, 24), (140, 40))
KEYS = 60
LAYERS = ["conv 16 k3 p1", "relu"] * 24 + ["conv 16 k3 p1", "linear 1"]
UP, DOWN, RIGHT, HOME, ENTER, BACKSPACE = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[H", "\r", "\x7f"
CLEAR = HOME + "\x0b"
PASTE = "\x1b[200~{}\x1b[201~"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="nothing trains")
    quiet = parser.parse_args().quiet
    print("| milliseconds from key to result | median | 9 of 10 under | worst |\n|---|---|---|---|")
    for columns, rows in SIZES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            for name, found in measure(Path(folder), columns, rows, quiet).items():
                found.sort()
                print(
                    f"| {name}, {columns}x{rows} | {statistics.median(found):.0f} "
                    f"| {found[len(found) * 9 // 10]:.0f} | {found[-1]:.0f} |",
                    flush=True,
                )


def measure(folder: Path, columns: int, rows: int, quiet: bool) -> dict[str, list[float]]:
    start = [] if quiet else ["--preset", "digits-conv", "--set", "train.epochs=1000"]
    terminal = Terminal(*start, cwd=folder, columns=columns, rows=rows, seconds=300)
    try:
        terminal.wait_for("Sizes")
        if not quiet:
            terminal.wait_for("images/s")
        terminal.press("k")
        terminal.wait_for("Rows")
        terminal.press(CLEAR)
        terminal.wait_for("Type a size")
        terminal.press(PASTE.format("1x64x64 " + ", ".join(LAYERS)))
        terminal.wait_for("50 layers")
        typed = [answer(terminal, *key) for key in digits()]
        terminal.press(ENTER)
        terminal.wait_for("Value")
        terminal.press(HOME + DOWN + RIGHT)
        counted = [answer(terminal, UP, f" {channels}x64x64") for channels in range(17, 17 + KEYS)]
    finally:
        terminal.kill()
        for meta in folder.glob("runs/*/meta.json"):
            os.kill(json.loads(meta.read_text())["pid"], signal.SIGKILL)
    return {"a digit typed at the end": typed, "a number of the first layer counted up": counted}


def digits() -> Iterator[tuple[str, str]]:
    """Keys and the size that each leads to: linear 1, linear 12, linear 1, linear 13 ..."""
    for number in range(KEYS // 2):
        digit = str(2 + number % 8)
        yield digit, f" 16x64x1{digit}"
        yield BACKSPACE, " 16x64x1 "


def answer(terminal: Terminal, key: str, result: str) -> float:
    """Milliseconds from the key to its result; then the line falls silent before the next key."""
    began = time.perf_counter()
    terminal.press(key)
    received = b""
    while result.encode() not in received:
        received += terminal.read(5.0) or sys.exit(f"{key!r} brought no {result!r}")
    milliseconds = (time.perf_counter() - began) * 1000
    while terminal.read(0.15):
        pass
    return milliseconds


if __name__ == "__main__":
    main()
