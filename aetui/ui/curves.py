"""What a loss chart shows, and the arithmetic of its curves: smoothing and thinning. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal

Points = Sequence[tuple[float, float | None]]
_LARGEST, _SMALLEST = 1e100, 1e-100
"""Beyond these a value, or a value on a log axis, is a gap."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One loss. `points` are (x, loss) ordered by x; a loss of None, NaN or infinity is a gap."""

    label: str
    role: Literal["train", "test"]
    points: Points


@dataclass(frozen=True, slots=True)
class Chart:
    """What a loss chart shows. `x_axis` says what x counts: epochs, optimizer steps or seconds."""

    curves: tuple[Curve, ...]
    unit: str
    """What the losses measure, named once above the axis: "MSE per pixel"."""
    x_axis: Literal["epoch", "step", "time"] = "epoch"
    planned: float | None = None
    """The planned number of epochs or steps."""
    log_scale: bool = False
    smoothing: float = 0.0
    """Weight in [0, 1) of the moving average of the train loss, 0 for none. Test losses stay as they are."""
    best_x: float | None = None
    """Where the best test loss is."""
    floor: float | None = None
    """The loss of no learning, a horizontal line."""
    marker_x: float | None = None
    """Where a vertical line stands: the epoch whose pictures are shown."""

    @property
    def end(self) -> float:
        """The largest x, 0 without points."""
        return max((c.points[-1][0] for c in self.curves if c.points), default=0)


def smooth(points: Points, weight: float) -> list[tuple[float, float | None]]:
    """The exponential moving average, debiased as TensorBoard does it; gaps stay gaps.

    average_n = weight * average_(n-1) + (1 - weight) * value_n, shown as average_n / (1 - weight^n)
    (`resmoothDataset` in TensorBoard's vz_line_chart2).
    """
    average, bias = 0.0, 1.0
    smoothed: list[tuple[float, float | None]] = []
    for x, value in points:
        if value is not None and math.isfinite(value):
            average = weight * average + (1 - weight) * value
            bias *= weight
            value = average / (1 - bias)
        smoothed.append((x, value))
    return smoothed


def thinned(points: Points, bins_a_unit: float, log_scale: bool) -> list[tuple[float, float | None]]:
    """The least and largest loss of every bin, so that spikes stay, and the newest; a bin of gaps is one."""
    low = _SMALLEST if log_scale else -_LARGEST
    kept: list[tuple[float, float | None]] = []
    for _, group in groupby(points, key=lambda point: int(point[0] * bins_a_unit)):
        members = list(group)
        finite: list[tuple[float, float | None]] = [
            (x, y) for x, y in members if y is not None and low <= y <= _LARGEST
        ]
        newest = finite[-1:]
        if len(finite) > 2:
            by_loss = sorted(finite, key=itemgetter(1))
            finite = sorted((by_loss[0], by_loss[-1]))
        kept += finite or [(members[0][0], None)]
    return kept + newest if points and kept[-1:] != newest else kept
