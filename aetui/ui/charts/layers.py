"""The curves of a chart made ready to draw: smoothed, thinned to the width, named with their newest value."""

import math
from dataclasses import dataclass
from typing import Literal

from aetui.ui.charts.chart import Chart, Curve, OfRun, Role, smooth, thinned, within

MARKS = {"train": "─", "test": "●", "linear": "◆", "kNN": "■", "rate": "─", "level": "╌"}
MARKED: tuple[Role, ...] = ("test", "linear", "kNN")
"""Curves of few, far apart measurements, each with its mark."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One curve ready to draw. `newest` is its mark, name and newest value, "" for a raw or empty curve."""

    role: Role | OfRun | Literal["raw", "level"]
    points: list[tuple[float, float | None]]
    newest: str = ""
    ends_finite: bool = True

    @property
    def style(self) -> str:
        """The name of the style of its marks and numbers."""
        return f"{self.line_style}{' chosen' * self.chosen}"

    @property
    def chosen(self) -> bool:
        """Whether its marks stand out, above all others."""
        return isinstance(self.role, OfRun) and self.role.chosen

    @property
    def line_style(self) -> str:
        """The name of its line's style."""
        if isinstance(self.role, OfRun):
            return f"run {self.role.hue}{' edge' * bool(self.role.edge)}"
        return "text" if self.role in ("rate", "level") else self.role

    @property
    def mark(self) -> str:
        """What stands for it in the plot and before its newest value."""
        return self.role.letter if isinstance(self.role, OfRun) else MARKS[self.role]

    @property
    def is_marked(self) -> bool:
        """Whether its measurements are few and far apart, each with its mark."""
        return not self.role.edge if isinstance(self.role, OfRun) else self.role in MARKED

    @property
    def of_run(self) -> bool:
        """Whether it is one run's among those of others."""
        return isinstance(self.role, OfRun)

    @property
    def last(self) -> float | None:
        """The newest value that can be drawn."""
        return next((value for _, value in reversed(self.points) if value is not None), None)


def layers_of(chart: Chart, bins: int) -> list[Layer]:
    """From back to front: the levels, the raw train loss where it is smoothed, the curves in their order."""
    low, high = chart.part or (0.0, max(1.0, chart.end))
    bins_a_unit = bins / (high - low)
    layers = []
    for level in chart.levels:
        text = f"{MARKS['level']} {level.name} {chart.number(level.value)}"
        line = [(low, level.value), (high, level.value)]
        layers.append(Layer("level", thinned(line, bins_a_unit, chart.log_scale), text))
    for curve in chart.curves:
        points = curve.points
        if chart.smoothing and curve.role == "train":
            raw = within(points, chart.part)
            layers.append(Layer("raw", thinned(raw, bins_a_unit, chart.log_scale)))
            points = smooth(points, chart.smoothing)
        newest = next((value for _, value in reversed(points) if value is not None), None)
        ends_finite = newest is None or math.isfinite(newest)
        drawn = thinned(within(points, chart.part), bins_a_unit, chart.log_scale)
        layers.append(Layer(curve.role, drawn, _newest(chart, curve, newest), ends_finite))
    return layers


def _newest(chart: Chart, curve: Curve, value: float | None) -> str:
    """The train loss moves all the time: its newest value is not the mean of the epoch, and says so."""
    if value is None or (isinstance(curve.role, OfRun) and curve.role.edge):
        return ""
    if isinstance(curve.role, OfRun):
        return " ".join(filter(None, (curve.role.letter, curve.role.name, chart.number(value))))
    name = chart.tested_on if curve.role == "test" else curve.role
    text = f"{MARKS[curve.role]} {name:5} {chart.number(value)}"
    return f"{text} now" if curve.role == "train" else text
