"""The two axes of a chart: all that its curves need, a part of it, or a range that was asked for. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from aetui.ui.charts.axes import (
    Axis,
    epoch_axis,
    linear_axis,
    log_axis,
    part_axis,
    step_axis,
    time_axis,
    top_of_body,
    top_of_plot,
)
from aetui.ui.charts.chart import Chart, Points
from aetui.ui.charts.layers import Layer

X_AXES = {"step": step_axis, "images": step_axis, "time": time_axis}


def x_axis(chart: Chart, columns: int) -> Axis:
    """The horizontal one, `columns` wide."""
    if chart.part:
        of_time, whole = chart.x_axis == "time", chart.x_axis in ("step", "images")
        return part_axis(*chart.part, columns, of_time=of_time, whole=whole)
    if chart.x_axis == "epoch":
        return epoch_axis(chart.end, chart.planned, columns)
    return X_AXES[chart.x_axis](chart.end, columns)


def y_axis(chart: Chart, layers: Sequence[Layer], rows: int) -> Axis:
    """The vertical one, of so many text rows."""
    axis = _chosen_axis(chart, rows) or _fitting_axis(chart, layers, rows)
    return replace(axis, labels=tuple(f"{n}%" for n in axis.labels)) if chart.percent else axis


def _chosen_axis(chart: Chart, rows: int) -> Axis | None:
    """The one that was asked for, where it can be drawn."""
    low, high = chart.y_range or (0.0, 0.0)
    if low >= high or (chart.log_scale and low <= 0):
        return None
    axis = (log_axis if chart.log_scale else linear_axis)(low, high, rows)
    inside = [each for each in zip(axis.ticks, axis.labels, strict=True) if low <= each[0] <= high]
    ticks, labels = zip(*inside, strict=True) if inside else ((), ())
    return replace(axis, low=low, high=high, ticks=ticks, labels=labels)


def _fitting_axis(chart: Chart, layers: Sequence[Layer], rows: int) -> Axis:
    """One that the curves need: all of them with their levels, or what is shown of them."""
    curves = [layer.points for layer in layers if layer.role != "level"]
    points = [(x, y) for points in curves for x, y in points if y is not None]
    levels = level_values(layers)
    if chart.part:
        points, levels = [(x, y) for x, y in points if chart.shows(x)] or points, []
    values = [y for _, y in points] + levels or [1.0]
    if chart.log_scale:
        return log_axis(min(values), max(values), rows)
    if chart.part:
        tops = [top_of_body(body) for curve in curves if (body := shown_of(chart, curve))]
        return linear_axis(min(values), max(tops, default=max(values)), rows)
    if not chart.settled or not points:
        return linear_axis(min(values), max(values), rows)
    top = top_of_plot(points, chart.settled)
    return linear_axis(min(values), max([top, *levels]), rows)


def shown_of(chart: Chart, points: Points) -> list[float]:
    """The values of a curve within the part that is shown."""
    return [y for x, y in points if y is not None and chart.shows(x)]


def level_values(layers: Sequence[Layer]) -> list[float]:
    """Of the levels that an axis can show."""
    lasts = (layer.last for layer in layers if layer.role == "level")
    return [last for last in lasts if last is not None]
