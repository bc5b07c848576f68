"""What a new epoch's pictures cost the app and the line.

16 MNIST pairs, original beside reconstruction, in half-blocks of 14x14 pixels on a pseudo-terminal. For each
epoch: the app's processor time from `show` until the frame is written, and the bytes of that frame. The
reconstructions are those of a run (`--run DIR`), or imitated: the originals blurred, less in each epoch.

`python benchmarks/picture_cost.py --data DIR` prints the table of docs/benchmarks.md.
"""

import argparse
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from textual.app import App, ComposeResult

from aetui.pictures.pixels import Images
from aetui.pictures.sheet import read_sheet
from aetui.terminal.choice import Choice
from aetui.ui.pictures.picture_grid import PictureGrid

COLUMNS, ROWS = 122, 32
PAIRS, TILE, EPOCHS = 16, 14, 8
TEST_IMAGES = "MNIST/raw/t10k-images-idx3-ubyte"
IDX_HEADER = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with MNIST/raw")
    parser.add_argument("--run", type=Path, help="run folder with previews")
    parser.add_argument("--app", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.data and not options.run:
        parser.error("--data or --run, please")
    if options.app:
        Panel(epochs_of(options.run) if options.run else imitated_epochs(options.data)).run()
    else:
        measure()


def epochs_of(run: Path) -> list[dict[str, Images]]:
    """The pictures that a run left, epoch by epoch."""
    sheets = [read_sheet(path) for path in sorted(run.glob("previews/epoch_????.png"))]
    return [{name: sheet.views[name][:PAIRS] for name in ("original", "reconstruction")} for sheet in sheets]


def imitated_epochs(data: Path) -> list[dict[str, Images]]:
    """Originals and what a model might make of them: blurred by 3 pixels, 30 % less in each epoch."""
    raw = (data / TEST_IMAGES).read_bytes()[IDX_HEADER:]
    originals = np.frombuffer(raw, np.uint8).reshape(-1, 28, 28, 1)[:PAIRS]
    return [
        {"original": originals, "reconstruction": blurred(originals, 3 * 0.7**epoch)}
        for epoch in range(EPOCHS)
    ]


def blurred(images: Images, radius: float) -> Images:
    blur = ImageFilter.GaussianBlur(radius)
    return np.stack([np.asarray(Image.fromarray(image[..., 0]).filter(blur)) for image in images])[..., None]


class Panel(App[None]):
    """Shows an epoch at each key and tells on stdout what it cost, in seconds."""

    def __init__(self, epochs: list[dict[str, Images]]) -> None:
        super().__init__()
        self._epochs = epochs
        self._shown = 0

    def compose(self) -> ComposeResult:
        yield PictureGrid(Choice("half", "", (10, 20)))

    def on_key(self) -> None:
        if self._shown == len(self._epochs):
            self.exit()
            return
        began = time.process_time()
        grid = self.query_one(PictureGrid)
        grid.show(self._epochs[self._shown], [f"test {index}" for index in range(PAIRS)], PAIRS)
        self._shown += 1
        self.call_after_refresh(self._tell, began)

    def _tell(self, began: float) -> None:
        os.write(1, f"{time.process_time() - began}\n".encode())


def measure() -> None:
    main_end, side_end = pty.openpty()
    fcntl.ioctl(side_end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    command = [sys.executable, __file__, "--app", *sys.argv[1:]]
    with subprocess.Popen(
        command, stdin=side_end, stderr=side_end, stdout=subprocess.PIPE, env=environment
    ) as app:
        os.close(side_end)
        read_until_silent(main_end, 5)
        costs = []
        while app.poll() is None:
            os.write(main_end, b"n")
            sent = read_until_silent(main_end, 1)
            assert app.stdout
            if line := app.stdout.readline():
                costs.append((float(line) * 1000, sent))
    report(costs)


def read_until_silent(descriptor: int, patience: float) -> int:
    """How many bytes come, from the first, for which there is patience, until none comes for 0.3 s."""
    count, wait = 0, patience
    while select.select([descriptor], [], [], wait)[0]:
        try:
            count += len(os.read(descriptor, 65536))
        except OSError:
            break
        wait = 0.3
    return count


def report(costs: list[tuple[float, int]]) -> None:
    print(f"{PAIRS} pairs of {TILE}x{TILE} pixels, {COLUMNS}x{ROWS} cells\n")
    print("| epoch | ms of the app | bytes sent |\n|---|---|---|")
    for epoch, (milliseconds, sent) in enumerate(costs, 1):
        print(f"| {epoch} | {milliseconds:.1f} | {sent:,} |")
    later = costs[1:]
    median_ms = statistics.median(milliseconds for milliseconds, _ in later)
    print(
        f"| median after the first | {median_ms:.1f} | {statistics.median(sent for _, sent in later):,.0f} |"
    )


if __name__ == "__main__":
    main()
