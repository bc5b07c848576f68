"""Curves as braille lines, drawn by plotext: the one file that knows it.

plotext keeps one figure for the whole process, so only the UI thread draws.
"""

import math
from collections.abc import Iterator
from functools import lru_cache

import plotext
from rich.ansi import AnsiDecoder
from rich.color import Color
from rich.style import Style

from aetui.ui.charts.axes import Axis
from aetui.ui.charts.chart import Points

HashedPoints = tuple[tuple[float, float | None], ...]
Run = tuple[int, int, str, str]
"""Characters side by side in one style: row (0 on top), column, text, name of the style."""


TOGETHER = 5
"""Curves of one figure. More are drawn, and kept, some at a time: of many runs few grow at once."""


@lru_cache(maxsize=16)
def plot_lines(
    curves: tuple[tuple[HashedPoints, str], ...], x_axis: Axis, y_axis: Axis, columns: int, rows: int
) -> list[Run]:
    """The cells that the curves, each with the name of its style, fill in a plot of `columns` x `rows` cells.

    Later curves cover earlier ones; a y of None is a gap. The axes hold every x and y, but for a y above a
    linear axis, which is left out. The last drawings are kept: marks and levels change while lines do not.
    """
    if len(curves) > TOGETHER:
        some = (curves[first : first + TOGETHER] for first in range(0, len(curves), TOGETHER))
        return [run for few in some for run in plot_lines(few, x_axis, y_axis, columns, rows)]
    _clear_figure(columns, rows)
    low, high = _scaled(y_axis.low, y_axis), _scaled(y_axis.high, y_axis)
    plotext.xlim(x_axis.low, x_axis.high)
    plotext.ylim(low, high)
    names: dict[str | Style, str] = {}
    for color, (points, name) in enumerate(curves):
        scaled = [(x, None if y is None else _scaled(y, y_axis)) for x, y in points]
        line = list(_cut(scaled, top=high + (high - low) / rows))
        plotext.plot([x for x, _ in line], [y for _, y in line], marker="braille", color=color)
        names[Style.from_color(Color.from_ansi(color))] = name
    return [
        (row, start, text.plain[start:end], names[style])
        for row, text in enumerate(AnsiDecoder().decode(plotext.build()))
        for start, end, style in text.spans
    ]


def _clear_figure(columns: int, rows: int) -> None:
    """An empty figure of this size, whatever the terminal's, without frame, ticks and background."""
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(columns, rows)
    plotext.theme("clear")
    plotext.frame(False)
    plotext.xticks([])
    plotext.yticks([])


def _scaled(y: float, axis: Axis) -> float:
    """`y` for a linear scale: plotext's own log scale expects limits that are logarithms already."""
    return math.log10(y) if axis.log else y


def _cut(points: Points, top: float) -> Iterator[tuple[float, float]]:
    """The line up to `top`, NaN in gaps: plotext computes every dot of a line, those out of the plot too."""
    x_before, y_before = 0.0, math.nan
    for x, value in points:
        y = math.nan if value is None else value
        if y_before <= top < y or y <= top < y_before:
            yield x_before + (x - x_before) * (top - y_before) / (y - y_before), top
        yield x, math.nan if y > top else y
        x_before, y_before = x, y
