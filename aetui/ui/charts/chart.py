"""What a loss chart shows, and the arithmetic of its curves: smoothing and thinning. Pure."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Literal

from aetui.text import format_number
from aetui.ui.charts.part import Part

Points = Sequence[tuple[float, float | None]]
_LARGEST, _SMALLEST = 1e100, 1e-100
"""Beyond these a value, or a value on a log axis, is a gap."""


Role = Literal["train", "test", "linear", "kNN", "rate"]
"""What a curve is, and its name in the chart: a loss, a probe's accuracy, the learning rate."""

HUES = 6
"""Colours that the curves of several runs take in turn; their letters tell them apart without."""


@dataclass(frozen=True, slots=True)
class OfRun:
    """A curve's name where it is one run's among those of others."""

    letter: str
    """Its mark in the plot, one cell wide."""
    hue: int
    """Which colour it has, from 0 to below HUES."""
    name: str = ""
    """What the end of the curve is called beside the letter."""
    chosen: bool = False
    """Whether its marks stand out."""
    edge: Literal["", "lowest", "highest"] = ""
    """Which bound of a spread it is, if it is one: a line without marks and without a name."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve. `points` are (x, value) ordered by x; a value of None, NaN or infinity is a gap."""

    role: Role | OfRun
    points: Points


@dataclass(frozen=True, slots=True)
class Level:
    """A value without learning, a horizontal dashed line with its name."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    """What a loss chart shows. `x_axis`: what x counts, epochs, optimizer steps, images seen or seconds."""

    curves: tuple[Curve, ...]
    unit: str
    """What the values measure, named once above the axis: "MSE per pixel"."""
    x_axis: Literal["epoch", "step", "images", "time"] = "epoch"
    planned: float | None = None
    """The planned number of epochs."""
    log_scale: bool = False
    smoothing: float = 0.0
    """Weight in [0, 1) of the moving average of the train loss, 0 for none. Test losses stay as they are."""
    best_x: float | None = None
    """Where the best test loss is."""
    tested_on: str = "test"
    """How the images are called that `test` is of, and the best is chosen by."""
    levels: tuple[Level, ...] = ()
    percent: bool = False
    """Whether the values are per cent, and numbers say so."""
    marker_x: float | None = None
    """Where a vertical line stands."""
    reading: str = ""
    """What the curves are there."""
    marks: tuple[tuple[float, str, str], ...] = ()
    """Where something was changed: x, the mark, and what it was; the last is told in words."""
    part: Part | None = None
    """What of the x axis is shown, where it is not all."""
    y_range: tuple[float, float] | None = None
    """What of the y axis is shown, where it is not what the curves need."""

    def number(self, value: float | None) -> str:
        """A value as text: `0.0337`, `21.6%`."""
        if not self.percent or value is None or not math.isfinite(value):
            return format_number(value)
        return f"{value:.1f}%"

    @property
    def end(self) -> float:
        """The largest x, 0 without points."""
        return max((c.points[-1][0] for c in self.curves if c.points), default=0)

    @property
    def whole(self) -> float:
        """Where the x axis ends when all of it is shown."""
        return max(self.end, self.planned or 0.0) if self.x_axis == "epoch" else self.end

    def shows(self, x: float) -> bool:
        """Whether the plot reaches so far."""
        return self.part is None or self.part[0] <= x <= self.part[1]

    @property
    def settled(self) -> float:
        """From here on losses fit on the axis: the first epoch's end, or a third of all. Else 0."""
        tested = (curve for curve in self.curves if curve.role == "test" or isinstance(curve.role, OfRun))
        tests = (x for curve in tested for x, _ in curve.points if x > 0)
        has_losses = any(curve.role == "train" or isinstance(curve.role, OfRun) for curve in self.curves)
        return min([self.end / 3, *islice(tests, 1)]) if has_losses else 0.0


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


def within(points: Points, part: Part | None) -> Points:
    """The points of a part of the x axis, and those next to it, which lines lead to."""
    if part is None:
        return points
    first = bisect_left(points, part[0], key=itemgetter(0))
    last = bisect_right(points, part[1], key=itemgetter(0))
    return points[max(0, first - 1) : last + 1]


def thinned(points: Points, bins_a_unit: float, log_scale: bool) -> list[tuple[float, float | None]]:
    """The least and largest value of every bin, so that spikes stay, and the newest; a bin of gaps is one."""
    low = _SMALLEST if log_scale else -_LARGEST
    kept: list[tuple[float, float | None]] = []
    for _, group in groupby(points, key=lambda point: int(point[0] * bins_a_unit)):
        members = list(group)
        finite: list[tuple[float, float | None]] = [
            (x, y) for x, y in members if y is not None and low <= y <= _LARGEST
        ]
        newest = finite[-1:]
        if len(finite) > 2:
            by_value = sorted(finite, key=itemgetter(1))
            finite = sorted((by_value[0], by_value[-1]))
        kept += finite or [(members[0][0], None)]
    return kept + newest if points and kept[-1:] != newest else kept
