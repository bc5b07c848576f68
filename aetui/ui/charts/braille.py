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
Dot = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""

TOGETHER = 5
"""Curves of one figure. More are drawn, and kept, some at a time: of many runs few grow at once."""


@lru_cache(maxsize=16)
def plot_lines(
    curves: tuple[tuple[HashedPoints, str], ...], x_axis: Axis, y_axis: Axis, columns: int, rows: int
) -> list[Run]:
    """The cells that the curves, each with the name of its style, fill in a plot of `columns` x `rows` cells.

    Later curves cover earlier ones; a y of None is a gap. What is beyond the axes is left out. The last
    drawings are kept: marks and levels change while lines do not.
    """
    if len(curves) > TOGETHER:
        some = (curves[first : first + TOGETHER] for first in range(0, len(curves), TOGETHER))
        return [run for few in some for run in plot_lines(few, x_axis, y_axis, columns, rows)]
    _clear_figure(columns, rows)
    low, high = _scaled(y_axis.low, y_axis), _scaled(y_axis.high, y_axis)
    plotext.xlim(x_axis.low, x_axis.high)
    plotext.ylim(low, high)
    x_margin, y_margin = (x_axis.high - x_axis.low) / columns, (high - low) / rows
    around = (x_axis.low - x_margin, low - y_margin, x_axis.high + x_margin, high + y_margin)
    names: dict[str | Style, str] = {}
    for color, (points, name) in enumerate(curves):
        scaled = [(x, None if y is None else _scaled(y, y_axis)) for x, y in points]
        line = list(_cut(scaled, around))
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


def _cut(points: Points, box: Box) -> Iterator[tuple[float, float]]:
    """The line inside the box, NaN in gaps: plotext computes every dot of a line, those outside too."""
    before, was_inside = (math.nan, math.nan), False
    for x, value in points:
        here = (x, math.nan if value is None else value)
        is_inside = box[0] <= x <= box[2] and box[1] <= here[1] <= box[3]
        if not (was_inside and is_inside) and (piece := _piece_inside(before, here, box)):
            yield from piece[was_inside:]
        elif is_inside:
            yield here
        if not is_inside:
            yield x, math.nan
        before, was_inside = here, is_inside


def _piece_inside(start: Dot, end: Dot, box: Box) -> tuple[Dot, Dot] | None:
    """What of a straight line lies in the box: Liang and Barsky, doi:10.1145/357332.357333."""
    first, last = 0.0, 1.0
    for axis in (0, 1):
        length = end[axis] - start[axis]
        if math.isnan(length):
            return None
        for near, far in ((box[axis] - start[axis], 1), (box[axis + 2] - start[axis], -1)):
            if length == 0:
                if near * far > 0:
                    return None
            elif length * far > 0:
                first = max(first, near / length)
            else:
                last = min(last, near / length)
    if first > last:
        return None
    return _between(start, end, first), _between(start, end, last)


def _between(start: Dot, end: Dot, share: float) -> Dot:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
