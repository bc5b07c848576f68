"""What a training step of aetui costs, against a bare loop over the same layers.

The bare loop holds all images in memory as float32, uses fused Adam and flushes denormals: what a careful
person would write for speed alone. aetui's own training loop takes turns with it, some steps each, in one
process and with the same number of threads, so that the machine's drifts cancel.

`python benchmarks/step_cost.py --data DIR` prints the rows of docs/benchmarks.md.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from figures import Figure
from torch import nn

from aetui.config.shipped import load_preset
from aetui.data.batches import epoch_order
from aetui.models.autoencoder import Autoencoder
from aetui.runs.create import create_run
from aetui.training.control import Control, Stopped
from aetui.training.loop import train
from aetui.training.model_kinds import build_model
from aetui.training.preparing import prepare
from aetui.training.training import Training

PRESETS = ("mnist-mlp", "mnist-conv")
STEPS = 50
"""In a turn."""


class BareLoop:
    """Nothing but learning, on the layers of a run's model with weights of its own."""

    def __init__(self, training: Training, *, channels_last: bool) -> None:
        self.images = training.train.images.float().div_(255)
        self.batch_size = training.preset.train.batch_size
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        model = build_model(training.preset)
        assert isinstance(model, Autoencoder)
        self.model = nn.Sequential(*model.encoder, *model.decoder).to(memory_format=self.format)
        rate = training.preset.train.peak_learning_rate
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=rate, fused=True)
        self.total = torch.zeros(())
        self.steps = self._steps()

    def _steps(self) -> Iterator[None]:
        for epoch in range(1_000_000):
            for batch in epoch_order(0, epoch, len(self.images)).split(self.batch_size):
                images = self.images[batch].contiguous(memory_format=self.format)
                self.optimizer.zero_grad()
                loss = nn.functional.mse_loss(self.model(images), images)
                loss.backward()  # type: ignore[no-untyped-call]
                self.optimizer.step()
                self.total += loss.detach()
                yield

    def turn(self) -> float:
        """The seconds of some steps."""
        began = time.perf_counter()
        for _ in range(STEPS):
            next(self.steps)
        return time.perf_counter() - began


class Turns(Control):
    """After every turn of the training loop, which looks at `pending` once a step, others have theirs."""

    def __init__(self, training: Training, others: Callable[[float], None]) -> None:
        super().__init__()
        self._progress, self._others = training.progress, others
        self._began, self._next = time.perf_counter(), STEPS

    @property
    def pending(self) -> bool:  # type: ignore[override]
        if self._progress.step >= self._next:
            seconds = time.perf_counter() - self._began
            if self._progress.batch >= STEPS:  # no test of an epoch's end was among the steps
                self._others(seconds)
            self._began, self._next = time.perf_counter(), self._progress.step + STEPS
        return False

    @pending.setter
    def pending(self, value: bool) -> None:
        """Nobody requests anything."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--presets", nargs="+", default=PRESETS)
    options = parser.parse_args()
    print(
        f"torch {torch.__version__}, {options.threads} threads, n = {options.turns} turns of {STEPS} steps\n"
    )
    print(
        "| preset | bare loop / aetui | middle half | bare loop in channels_last / aetui |\n|---|---|---|---|"
    )
    for name in options.presets:
        found = compare(name, options.data, options.threads, options.turns)
        plain, last = (list(ratios) for ratios in zip(*found, strict=True))
        low, middle, high = statistics.quantiles(plain, n=4)
        print(f"| `{name}` | {middle:.3f} | {low:.3f} to {high:.3f} | {statistics.median(last):.3f} |")


def figures(data: Path) -> Iterator[Figure]:
    for name in PRESETS:
        ratios = [plain for plain, _ in compare(name, data, threads=1, turns=40)]
        yield Figure(f"a step of a bare loop over one of `{name}`", "", 1.0, ratios, more_is_better=True)


def compare(name: str, data: Path, threads: int, turns: int) -> list[tuple[float, float]]:
    """Of each turn the seconds of the bare loop, and of that in channels_last, over aetui's."""
    ratios: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as runs:
        preset, sentence = load_preset(name, ["train.epochs=100000"])
        folder = create_run(preset, sentence, Path(runs), data, "cpu", threads)
        training = prepare(folder, preset, data, Control(), lambda event: None)
        bare, last = BareLoop(training, channels_last=False), BareLoop(training, channels_last=True)

        def take_turns(seconds: float) -> None:
            ratios.append((bare.turn() / seconds, last.turn() / seconds))
            if len(ratios) > turns:
                raise Stopped

        try:
            train(training, Turns(training, take_turns), lambda event: None)
        except Stopped:
            return ratios[1:]
    raise AssertionError("the loop ends when it is stopped")


if __name__ == "__main__":
    main()
