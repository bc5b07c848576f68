"""Train and test loss on one chart, as strips of cells. Pure: the same chart gives the same strips.

plotext draws the lines as braille dots, two across and four up a cell; markers, axes and numbers are ours.
"""

import math
from dataclasses import dataclass
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from aetui.text import format_number
from aetui.ui.curves import Chart, Curve, smooth, thinned
from aetui.ui.plotting import plot_lines
from aetui.ui.ticks import Axis, duration, linear_axis, log_axis, time_axis, top_of_body, whole_axis

__all__ = ["DARK", "LIGHT", "Chart", "Colors", "Curve", "draw_chart"]

MARKS = {"train": "─", "test": "●", "floor": "╌"}
BEST_MARK, CLIPPED_MARK, NOT_FINITE_MARK, MARKER_LINE = "★", "▲", "✗", "┊"

MIN_WIDTH, MIN_HEIGHT = 20, 5
"""The smallest chart in cells; where there is less room, the newest numbers stand alone."""
UNTRAINED_UNTIL = 6
"""With more points than this the untrained model's loss no longer stretches a linear axis."""
_GUTTER_FROM = 48
"""From this width on the newest numbers stand where the curves end; below, in the first line."""
_MARKER_COLUMNS = 3
"""The least distance of two point markers."""


@dataclass(frozen=True, slots=True)
class Colors:
    """Colours as `#rrggbb`. Train and test are Okabe and Ito's blues and oranges, for all eyes."""

    train: str
    test: str
    text: str
    frame: str


DARK = Colors(train="#56b4e9", test="#e69f00", text="#a8a8a8", frame="#6c6c6c")
LIGHT = Colors(train="#0072b2", test="#b84d00", text="#5a5a5a", frame="#9a9a9a")


def draw_chart(chart: Chart, width: int, height: int, colors: Colors) -> list[Strip]:
    """`height` strips, each `width` cells wide. A chart too small to read shows the newest numbers alone."""
    layers = _layers(chart, width)
    canvas = _Canvas(width, height)
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        for row, layer in enumerate(layer for layer in reversed(layers) if layer.newest):
            canvas.put(row, 0, layer.newest, layer.style)
    else:
        _Drawing(chart, layers, canvas).draw()
    return canvas.strips(colors)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One curve ready to draw. `newest` is its label and newest loss, "" for a raw curve."""

    style: str
    points: list[tuple[float, float | None]]
    newest: str = ""
    ends_finite: bool = True


def _layers(chart: Chart, bins: int) -> list[_Layer]:
    """The curves from back to front: the raw train loss where it is smoothed, then train, then test."""
    bins_a_unit = bins / max(1.0, chart.end)
    layers = []
    for curve in sorted(chart.curves, key=lambda c: c.role == "test"):
        points = curve.points
        if chart.smoothing and curve.role == "train":
            layers.append(_Layer("raw", thinned(points, bins_a_unit, chart.log_scale)))
            points = smooth(points, chart.smoothing)
        newest = next((value for _, value in reversed(points) if value is not None), None)
        text = f"{MARKS[curve.role]} {curve.label:5} {format_number(newest)}"
        ends_finite = newest is None or math.isfinite(newest)
        layers.append(_Layer(curve.role, thinned(points, bins_a_unit, chart.log_scale), text, ends_finite))
    if chart.floor is not None:
        text = f"{MARKS['floor']} floor {format_number(chart.floor)}"
        line = thinned([(0, chart.floor), (chart.end, chart.floor)], bins_a_unit, chart.log_scale)
        layers.insert(0, _Layer("floor", line, text))
    return layers


class _Canvas:
    """Cells of one character and the name of its style each. What lies outside is dropped."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.cells = [[" "] * width for _ in range(height)]
        self.styles = [[""] * width for _ in range(height)]

    def put(self, row: int, column: int, text: str, style: str) -> None:
        if not 0 <= row < self.height:
            return
        for place, character in enumerate(text, column):
            if 0 <= place < self.width:
                self.cells[row][place], self.styles[row][place] = character, style

    def strips(self, colors: Colors) -> list[Strip]:
        style_of = {
            "": Style.null(),
            "train": Style(color=colors.train),
            "test": Style(color=colors.test),
            "raw": Style(color=colors.train, dim=True),
            "text": Style(color=colors.text),
            "floor": Style(color=colors.text),
            "frame": Style(color=colors.frame),
        }
        strips = []
        for cells, styles in zip(self.cells, self.styles, strict=True):
            segments, start = [], 0
            for name, run in groupby(styles):
                end = start + len(list(run))
                segments.append(Segment("".join(cells[start:end]), style_of[name]))
                start = end
            strips.append(Strip(segments, self.width))
        return strips


class _Drawing:
    """One chart on its way to a canvas: header, frame, the curves from back to front, their ends."""

    def __init__(self, chart: Chart, layers: list[_Layer], canvas: _Canvas) -> None:
        self.chart, self.layers, self.canvas = chart, layers, canvas
        self.labels = [layer for layer in layers if layer.newest]
        has_gutter = canvas.width >= _GUTTER_FROM
        self.gutter = 1 + max([15, *(len(layer.newest) for layer in self.labels)]) if has_gutter else 0
        self.rows = canvas.height - 3
        self.y = self._y_axis()
        self.left = 1 + max(6, *map(len, self.y.labels))
        self.columns = max(2, canvas.width - self.left - self.gutter)
        self.x = (
            time_axis(chart.end, self.columns)
            if chart.x_axis == "time"
            else whole_axis(chart.end, chart.planned, self.columns)
        )

    def draw(self) -> None:
        self._header()
        self._frame()
        self._floor()
        self._lines()
        for layer in self.labels:
            self._points(layer)
        for layer in reversed(self.labels):
            self._out_of_range(layer)
        if self.gutter:
            self._ends()

    def _y_axis(self) -> Axis:
        points = [(x, y) for layer in self.layers for x, y in layer.points if y is not None]
        values = [y for _, y in points] or [1.0]
        if self.chart.log_scale:
            return log_axis(min(values), max(values), self.rows)
        trained = [y for x, y in points if x > 0]
        top = top_of_body(trained if len(trained) > UNTRAINED_UNTIL else values)
        return linear_axis(min(values), max(top, self._floor_loss() or top), self.rows)

    def _row(self, loss: float) -> int:
        """The canvas row of a loss, inside the plot."""
        return self.rows - min(self.rows - 1, max(0, self.y.dot(loss, 4 * self.rows) // 4))

    def _is_above(self, loss: float) -> bool:
        return self.y.dot(loss, 4 * self.rows) >= 4 * self.rows

    def _column(self, x: float) -> int:
        return self.left + self.x.dot(x, 2 * self.columns) // 2

    def _header(self) -> None:
        chart, canvas = self.chart, self.canvas
        notes = [chart.unit, *(["log scale"] if chart.log_scale else [])]
        notes += [f"train smoothed {chart.smoothing:g}"] if chart.smoothing else []
        canvas.put(0, 0, " · ".join(notes), "text")
        if not self.gutter:
            column = canvas.width
            for layer in (layer for layer in self.labels if layer.style != "floor"):
                text = f"  {layer.newest[0]} {layer.newest.split()[-1]}"
                column -= len(text)
                canvas.put(0, column, text, layer.style)
        elif (best := self._best()) is not None:
            text = f"  {BEST_MARK} best {format_number(best[1])} at {self._named(best[0])}"
            canvas.put(0, canvas.width - len(text), text, "test")

    def _named(self, x: float) -> str:
        if self.chart.x_axis == "time":
            return duration(x)
        return f"{self.chart.x_axis} {x:g}" if x < 10_000 else f"{self.chart.x_axis} {format_number(x)}"

    def _best(self) -> tuple[float, float] | None:
        points = (point for layer in self.layers if layer.style == "test" for point in layer.points)
        return next(((x, y) for x, y in points if x == self.chart.best_x and y is not None), None)

    def _frame(self) -> None:
        canvas, left, bottom = self.canvas, self.left, self.rows + 1
        for row in range(1, bottom):
            canvas.put(row, left - 1, "│", "frame")
        canvas.put(bottom, left - 1, "└" + "─" * self.columns, "frame")
        for tick, label in zip(self.y.ticks, self.y.labels, strict=True):
            canvas.put(self._row(tick), 0, f"{label:>{left - 1}}", "text")
            canvas.put(self._row(tick), left - 1, "┤", "frame")
        column = left
        for tick, label in zip(self.x.ticks, self.x.labels, strict=True):
            column = self._column(tick)
            canvas.put(bottom, column, "┬", "frame")
            canvas.put(bottom + 1, column - len(label) // 2, label, "text")
        column = max(left + self.columns, column + len(self.x.labels[-1]) // 2) + 2
        canvas.put(bottom + 1, column, self.chart.x_axis, "text")
        if self.chart.marker_x is not None:
            for row in range(1, bottom):
                canvas.put(row, self._column(self.chart.marker_x), MARKER_LINE, "text")

    def _floor(self) -> None:
        """A dashed line behind the curves."""
        loss = self._floor_loss()
        if loss is not None:
            self.canvas.put(self._row(loss), self.left, MARKS["floor"] * self.columns, "floor")

    def _floor_loss(self) -> float | None:
        """None where there is no floor, or none that the axis can show."""
        points = (point for layer in self.layers if layer.style == "floor" for point in layer.points)
        return next((loss for _, loss in points if loss is not None), None)

    def _lines(self) -> None:
        layers = [layer for layer in self.layers if layer.style != "floor"]
        layers.sort(key=lambda layer: layer.style == "train")
        curves = [(layer.points, layer.style) for layer in layers]
        for row, column, text, style in plot_lines(curves, self.x, self.y, self.columns, self.rows):
            self.canvas.put(1 + row, self.left + column, text, style)

    def _points(self, layer: _Layer) -> None:
        """Markers of the test curve, seen even where train covers its line, and of a lone train loss."""
        is_test = layer.style == "test"
        points, last = layer.points, len(layer.points) - 1
        column = -_MARKER_COLUMNS
        for i, (x, y) in enumerate(points):
            alone = (i == 0 or points[i - 1][1] is None) and (i == last or points[i + 1][1] is None)
            if y is None or self._is_above(y) or not (is_test or alone):
                continue
            if self._column(x) - column >= _MARKER_COLUMNS or i == last:
                column = self._column(x)
                self.canvas.put(self._row(y), column, "●" if is_test else "•", layer.style)
        if is_test and (best := self._best()) is not None and not self._is_above(best[1]):
            self.canvas.put(self._row(best[1]), self._column(best[0]), BEST_MARK, layer.style)

    def _out_of_range(self, layer: _Layer) -> None:
        """Marks at the top: the largest of the losses that leave the plot, and an end that is not finite."""
        for above, run in groupby(layer.points, key=lambda p: p[1] is not None and self._is_above(p[1])):
            if above:
                x, loss = max(run, key=lambda p: p[1] or 0)
                column, text = self._column(x), format_number(loss or 0)
                if self.canvas.cells[1][column] != CLIPPED_MARK:
                    self.canvas.put(1, column, CLIPPED_MARK, layer.style)
                for start in (column + 2, column + 3, column + 4, column - 1 - len(text)):
                    if self._is_free(range(start - 1, start + len(text) + 1)):
                        self.canvas.put(1, start, text, layer.style)
                        break
        if not layer.ends_finite and layer.points:
            self.canvas.put(1, self._column(layer.points[-1][0]), NOT_FINITE_MARK, layer.style)

    def _is_free(self, columns: range) -> bool:
        """Whether nothing is drawn there in the plot's first row."""
        cells = self.canvas.cells[1]
        return all(
            self.left <= c < self.left + self.columns and cells[c] in (" ", CLIPPED_MARK) for c in columns
        )

    def _ends(self) -> None:
        """The newest numbers right of the plot, each in the row its curve ends in, or the next free one."""
        ends = []
        for layer in self.labels:
            last = next((y for _, y in reversed(layer.points) if y is not None), None)
            row = 1 if not layer.ends_finite else self._row(last) if last is not None else self.rows
            ends.append((row, -(last or 0), layer))
        ends.sort(key=lambda end: end[:2])
        free = 1
        for i, (row, _, layer) in enumerate(ends):
            row = min(max(row, free), self.rows - (len(ends) - 1 - i))
            self.canvas.put(row, self.left + self.columns + 1, layer.newest, layer.style)
            free = row + 1
