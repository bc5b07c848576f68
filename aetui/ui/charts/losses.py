"""What a loss chart is given: samples of curves, and what they are at an epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from aetui.text import format_number
from aetui.ui.charts.axes import duration
from aetui.ui.charts.chart import Level, OfRun, Role

XAxis = Literal["epoch", "step", "images", "time"]
X_AXES: tuple[XAxis, ...] = ("epoch", "step", "images", "time")


class Sample(NamedTuple):
    """One value and when it was measured. None is a gap; NaN and infinity are a gap and named."""

    epoch: float
    """Epochs trained so far; a fraction within an epoch."""
    step: int
    """Optimizer steps so far."""
    seconds: float
    """Time trained so far."""
    loss: float | None
    images: float = 0.0
    """Training images seen so far."""

    @property
    def ends_epoch(self) -> bool:
        """Whether it was measured between two epochs."""
        return self.epoch == int(self.epoch)


@dataclass(frozen=True, eq=False, slots=True)
class Losses:
    """Everything a loss chart shows of a run."""

    curves: Mapping[Role | OfRun, Sequence[Sample]] = field(default_factory=dict)
    """Samples by what they are, ordered by step; later curves lie above."""
    unit: str = "MSE per pixel"
    """What the values measure."""
    planned_epochs: int | None = None
    best_epoch: int | None = None
    """The best epoch."""
    tested_on: str = "test"
    """How the images are called that are tested after every epoch."""
    levels: tuple[Level, ...] = ()
    """What a model must beat to have learned anything."""
    percent: bool = False
    """Whether the values are per cent."""
    changes: tuple[tuple[Sample, str, str], ...] = ()
    """Where something was changed while it trained, its mark, and what; the loss counts for nothing."""

    @property
    def are_losses(self) -> bool:
        """Whether the values are what the chart is named after."""
        return any(role == "train" or isinstance(role, OfRun) for role in self.curves)


def x_of(sample: Sample, x_axis: XAxis) -> float:
    """Where the sample stands on an axis."""
    match x_axis:
        case "epoch":
            return sample.epoch
        case "step":
            return sample.step
        case "images":
            return sample.images
        case "time":
            return sample.seconds


def reading(losses: Losses, epoch: int | None) -> str:
    """What the curves are at the epoch: the test loss also against the best; and when that was.

    Empty without an epoch, and for curves of several runs, which are too many for a line.
    """
    found = {} if epoch is None else {role: _until(curve, epoch) for role, curve in losses.curves.items()}
    words = [
        f"{role} {format_number(sample.loss)}{'%' * losses.percent}{_to_best(losses, role, sample)}"
        for role, sample in found.items()
        if sample and sample.loss is not None and not isinstance(role, OfRun)
    ]
    if not words:
        return ""
    seconds = max(sample.seconds for sample in found.values() if sample)
    return ", ".join([f"epoch {epoch}", *words, duration(seconds)])


def _until(samples: Sequence[Sample], epoch: float) -> Sample | None:
    """The newest of that epoch or before."""
    return next((sample for sample in reversed(samples) if sample.epoch <= epoch), None)


def _to_best(losses: Losses, role: Role | OfRun, sample: Sample) -> str:
    best = next((s.loss for s in losses.curves[role] if s.epoch == losses.best_epoch), None)
    if role != "test" or best is None or sample.loss is None:
        return ""
    return " ★" if sample.epoch == losses.best_epoch else f" ({sample.loss - best:+.2g})"
