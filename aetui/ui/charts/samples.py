"""A run's history as the samples of a chart, and as the levels that they are to be seen beside."""

from bisect import bisect_right
from collections.abc import Callable, Iterator

from aetui.runs.events import EpochFinished, StepsTrained
from aetui.runs.history import History
from aetui.text import safe_text
from aetui.ui.charts.chart import Level
from aetui.ui.charts.losses import Sample

LONGEST_LEVEL = 10
"""Characters of a level's name."""


def levels_of(history: History) -> Iterator[Level]:
    """Test losses without learning."""
    if history.floor is not None:
        yield Level("floor", history.floor.loss)
    for name, loss in history.baselines.items():
        yield Level(safe_text(name).removesuffix(" image").removesuffix(" input")[:LONGEST_LEVEL], loss)


CHANGED_MARK, RESUMED_MARK = "▴", "↻"


def changes_of(history: History) -> Iterator[tuple[Sample, str, str]]:
    """Where the run was taken up again, and settings that became others, at their first step."""
    for step in history.resumed:
        yield _at(history, step), RESUMED_MARK, "resumed"
    for one in history.changed.values():
        what = f"{safe_text(one.key.rpartition('.')[2])} {safe_text(one.value)}"
        yield _at(history, one.step), CHANGED_MARK, what


def _at(history: History, step: int) -> Sample:
    """A moment of a run that has begun."""
    started, looks = history.started, history.steps
    if started is None:
        return Sample(0.0, step, 0.0, None)
    epoch = step / started.steps_per_epoch
    before = bisect_right(looks, step, key=lambda look: look.step)
    seconds = looks[before - 1].seconds if before else 0.0
    return Sample(epoch, step, seconds, None, epoch * started.train_images)


def of_epochs(history: History, value: Callable[[EpochFinished], float | None]) -> list[Sample]:
    """What `value` takes from each epoch, in order; epochs without it are left out."""
    started = history.started
    images = started.train_images if started else 0
    found = []
    for _, epoch in sorted(history.epochs.items()):
        taken = value(epoch)
        if taken is not None:
            at = (epoch.epoch, epoch.step, epoch.total_seconds)
            found.append(Sample(*at, taken, epoch.epoch * images))
    return found


def of_steps(history: History, value: Callable[[StepsTrained], float | None]) -> list[Sample]:
    """What `value` takes from each look at the steps; None is a gap."""
    started = history.started
    if started is None:
        return []
    epoch, images = started.steps_per_epoch, started.train_images
    return [
        Sample(steps.step / epoch, steps.step, steps.seconds, value(steps), steps.step / epoch * images)
        for steps in history.steps
    ]
