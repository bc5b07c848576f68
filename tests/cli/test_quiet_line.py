"""What leaves for the terminal while somebody watches a training: counted on a pseudo-terminal."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pseudo_terminal import Terminal

from aetui.config.shipped import load_preset
from aetui.devices.machine import MachineSampled
from aetui.runs.create import create_run
from aetui.runs.event_log import EventWriter
from aetui.runs.events import EpochFinished, Event, RunStarted, StateChanged, StepsTrained
from aetui.training.ownership import owned

SECONDS, TICK = 10.0, 0.5
STEPS = 450
"""Between two ticks; an epoch has two."""


def script() -> Iterator[Event]:
    """A run as `mnist-mlp` writes it, for ever: every second event is half a second later."""
    yield StateChanged("running")
    yield RunStarted(
        "run", "mnist-mlp", "cpu", "CPU", 219_891, 1000, 2 * STEPS, 60_000, 10_000, "MNIST", 0, 0
    )
    for tick in range(1, 100_000):
        loss, seconds = 0.03 + 0.05 / tick, tick * TICK
        epoch, step = (tick + 1) // 2, tick * STEPS
        yield StepsTrained(epoch, step, loss, loss, 30_000, 60_000 + tick % 7 * 431.0, seconds, 1e-3)
        if tick % 2:
            yield MachineSampled(40.0 + tick % 9, 38.0, 4 << 30, 8 << 30, 600 << 20)
        else:
            yield EpochFinished(
                epoch=epoch,
                step=step,
                train_loss=loss,
                test_loss=1.1 * loss,
                seconds=2 * TICK,
                images_per_second=60_000.0,
                total_seconds=seconds,
                test_seconds=0.1,
                best=True,
            )


@pytest.mark.parametrize(("columns", "rows", "most"), [(140, 40, 4000), (80, 24, 1500)])
def test_steady_training_sends_little(tmp_path: Path, columns: int, rows: int, most: int):
    preset, sentence = load_preset("mnist-mlp", ["train.epochs=1000"])
    folder = create_run(preset, sentence, tmp_path / "runs", tmp_path)
    with owned(folder):
        folder.own()
        folder.change_meta(state="running")
        writer, events = EventWriter(folder.events), script()
        for _ in range(2 + 2 * 40):
            writer.write(next(events))
        terminal = Terminal(
            "watch", folder.name, "--images", "half", cwd=tmp_path, columns=columns, rows=rows
        )
        try:
            terminal.wait_for("epoch   21/")
            while terminal.follow(0.5):  # what is drawn once
                pass
            sent, begun, ticks = 0, time.monotonic(), 0
            while (passed := time.monotonic() - begun) < SECONDS:
                if passed > ticks * TICK:
                    ticks += 1
                    writer.write(next(events))
                    writer.write(next(events))
                sent += terminal.follow(0.05)
            terminal.wait_for("epoch   31/")
        finally:
            terminal.kill()
    assert 1000 < sent < SECONDS * most
