"""Train and test loss on one chart, as strips of cells. Pure: the same chart gives the same strips.

plotext draws the lines as braille dots, two across and four up a cell; markers, axes and numbers are ours.
"""

from collections.abc import Iterator
from itertools import groupby

from textual.strip import Strip

from aetui.text import format_number
from aetui.ui.charts.axes import duration
from aetui.ui.charts.braille import plot_lines
from aetui.ui.charts.canvas import DARK, LIGHT, Canvas, Colors
from aetui.ui.charts.chart import Chart, Curve, Level, Points
from aetui.ui.charts.layers import MARKS, Layer, layers_of
from aetui.ui.charts.scales import level_values, shown_of, x_axis, y_axis

__all__ = ["DARK", "LIGHT", "Chart", "Colors", "Curve", "Level", "draw_chart"]

BEST_MARK, CLIPPED_MARK, NOT_FINITE_MARK, MARKER_LINE = "★", "▲", "✗", "┊"

MIN_WIDTH, MIN_HEIGHT = 20, 5
"""The smallest chart in cells; where there is less room, the newest numbers stand alone."""
MOST_FINE = 5
"""Curves drawn in every column. More share their points, since time goes with what is drawn."""
_GUTTER_FROM = 48
"""From this width on the newest numbers stand where the curves end; below, in the first line."""
_LABEL = len("─ train 0.000312 now")
"""The columns of a curve's end, so that the plot keeps its width."""
_MARKER_COLUMNS = 3
"""The least distance of two point markers."""


def draw_chart(chart: Chart, width: int, height: int, colors: Colors) -> list[Strip]:
    """`height` strips, each `width` cells wide. A chart too small to read shows the newest numbers alone."""
    layers = layers_of(chart, width * MOST_FINE // max(MOST_FINE, len(chart.curves)))
    canvas = Canvas(width, height)
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        for row, layer in enumerate(layer for layer in reversed(layers) if layer.newest):
            canvas.put(row, 0, layer.newest, layer.style)
    else:
        _Drawing(chart, layers, canvas).draw()
    return canvas.strips(colors)


def x_at(chart: Chart, width: int, height: int, column: int) -> float | None:
    """What a column of such a chart stands for; None beside the plot."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return None
    return _Drawing(chart, layers_of(chart, width), Canvas(width, height)).x_at(column)


class _Drawing:
    """One chart on its way to a canvas: header, frame, the curves from back to front, their ends."""

    def __init__(self, chart: Chart, layers: list[Layer], canvas: Canvas) -> None:
        self.chart, self.layers, self.canvas = chart, layers, canvas
        self.labels = [layer for layer in layers if layer.newest]
        has_gutter = canvas.width >= _GUTTER_FROM
        self.gutter = 1 + max([_LABEL, *(len(layer.newest) for layer in self.labels)]) if has_gutter else 0
        self.rows = canvas.height - 3
        self.y = y_axis(chart, layers, self.rows)
        self.left = 1 + max([6, *map(len, self.y.labels)])
        self.columns = max(2, canvas.width - self.left - self.gutter)
        self.x = x_axis(chart, self.columns)

    def draw(self) -> None:
        self._header()
        self._frame()
        self._levels()
        self._lines()
        for layer in sorted(self.labels, key=lambda layer: layer.chosen):
            self._points(layer)
        self._out_of_range()
        if self.gutter:
            self._ends()

    def x_at(self, column: int) -> float | None:
        """What a column of the canvas stands for; None beside the plot."""
        share = (column - self.left + 0.5) / self.columns
        return self.x.low + share * (self.x.high - self.x.low) if 0 <= share <= 1 else None

    def _row(self, loss: float) -> int:
        """The canvas row of a loss, inside the plot."""
        return self.rows - min(self.rows - 1, max(0, self.y.dot(loss, 4 * self.rows) // 4))

    def _is_above(self, loss: float) -> bool:
        return self.y.dot(loss, 4 * self.rows) >= 4 * self.rows

    def _is_below(self, loss: float) -> bool:
        return self.y.dot(loss, 4 * self.rows) < 0

    def _is_seen(self, x: float, loss: float) -> bool:
        return self.chart.shows(x) and not self._is_above(loss) and not self._is_below(loss)

    def _column(self, x: float) -> int:
        return self.left + self.x.dot(x, 2 * self.columns) // 2

    def _header(self) -> None:
        """What is measured and shown how, as far as there is room, and the best or the newest values."""
        chart, canvas = self.chart, self.canvas
        column = canvas.width
        if not self.gutter:
            for layer in (layer for layer in self.labels if layer.role != "level" and not layer.of_run):
                text = f"  {layer.newest[0]} {layer.newest.split()[2]}"
                column -= len(text)
                canvas.put(0, column, text, layer.style)
        elif (best := self._best()) is not None:
            text = self._best_text(best, sum(3 + len(note) for note in self._notes()))
            if not chart.reading or len(chart.unit) + len(chart.reading) + len(text) + 5 <= column:
                column -= len(text)
                canvas.put(0, column, text, "test")
        header = chart.unit
        for note in self._notes():
            if len(header) + 3 + len(note) <= column:
                header += f" · {note}"
        canvas.put(0, 0, header[:column], "text")

    def _best_text(self, best: tuple[float, float], noted: int) -> str:
        """With the images that it is of, where there is room beside that many columns of notes."""
        x, value = best
        short, whole = (
            f"  {BEST_MARK} best{on} {self.chart.number(value)} at {self._named(x)}"
            for on in ("", f" on {self.chart.tested_on}")
        )
        return whole if len(self.chart.unit) + noted + len(whole) <= self.canvas.width else short

    def _notes(self) -> Iterator[str]:
        chart = self.chart
        if chart.marker_x is not None:
            yield f"{MARKER_LINE} {chart.reading or self._named(chart.marker_x)}"
        if chart.log_scale:
            yield "log scale"
        if any(layer.role == "raw" for layer in self.layers):
            yield f"train smoothed {chart.smoothing:g}"
        if chart.marks:
            x, mark, what = chart.marks[-1]
            yield f"{mark} {what} at {self._named(x)}"
        curves = [layer.points for layer in self.layers if layer.role != "level"]
        losses = [loss for points in curves for loss in shown_of(chart, points)]
        if losses and self._is_above(max(losses)):
            yield f"{CLIPPED_MARK} up to {chart.number(max(losses))}"

    def _named(self, x: float) -> str:
        if self.chart.x_axis == "time":
            return duration(x)
        number = f"{x:.4g}" if x < 10_000 else format_number(x)
        return f"{number} images" if self.chart.x_axis == "images" else f"{self.chart.x_axis} {number}"

    def _best(self) -> tuple[float, float] | None:
        points = (point for curve in self.chart.curves if curve.role == "test" for point in curve.points)
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
        for x, mark, _ in self.chart.marks:
            if self.chart.shows(x):
                canvas.put(bottom, self._column(x), mark, "text")
        column = max(left + self.columns, column + len("".join(self.x.labels[-1:])) // 2) + 2
        canvas.put(bottom + 1, column, self.chart.x_axis, "text")
        if self.chart.marker_x is not None and self.chart.shows(self.chart.marker_x):
            for row in range(1, bottom):
                canvas.put(row, self._column(self.chart.marker_x), MARKER_LINE, "text")

    def _levels(self) -> None:
        """Dashed lines behind the curves."""
        for value in level_values(self.layers):
            if self._is_above(value) or self._is_below(value):
                continue
            self.canvas.put(self._row(value), self.left, MARKS["level"] * self.columns, "text")

    def _lines(self) -> None:
        layers = [layer for layer in self.layers if layer.role != "level"]
        layers.sort(key=lambda layer: layer.role == "train")
        curves = tuple((tuple(self._joined(layer)), layer.line_style) for layer in layers)
        for row, column, text, style in plot_lines(curves, self.x, self.y, self.columns, self.rows):
            self.canvas.put(1 + row, self.left + column, text, style)

    def _joined(self, layer: Layer) -> Points:
        """The points that a line joins: none leads from one measurement to another beyond the axis."""
        if not layer.is_marked:
            return layer.points
        return [(x, None if y is None or self._is_above(y) else y) for x, y in layer.points]

    def _points(self, layer: Layer) -> None:
        """Markers of what is measured rarely, seen even where train covers its line, and of a lone point."""
        points, last = layer.points, len(layer.points) - 1
        column = -_MARKER_COLUMNS
        for i, (x, y) in enumerate(points):
            alone = (i == 0 or points[i - 1][1] is None) and (i == last or points[i + 1][1] is None)
            if y is None or not self._is_seen(x, y) or not (layer.is_marked or alone):
                continue
            if self._column(x) - column >= _MARKER_COLUMNS or i == last:
                column = self._column(x)
                self.canvas.put(self._row(y), column, layer.mark if layer.is_marked else "•", layer.style)
        best = self._best() if layer.role == "test" else None
        if best and best in points and self._is_seen(*best):
            self.canvas.put(self._row(best[1]), self._column(best[0]), BEST_MARK, layer.style)

    def _out_of_range(self) -> None:
        """Marks at the top: the largest of the values that leave the plot, and an end that is not finite."""
        clipped = []
        for layer in reversed(self.labels):
            shown = [point for point in layer.points if self.chart.shows(point[0])]
            for above, run in groupby(shown, key=lambda p: p[1] is not None and self._is_above(p[1])):
                if above:
                    x, value = max(run, key=lambda p: p[1] or 0)
                    clipped.append((self._column(x), self.chart.number(value), layer.style))
            if not layer.ends_finite and layer.points and self.chart.shows(layer.points[-1][0]):
                self.canvas.put(1, self._column(layer.points[-1][0]), NOT_FINITE_MARK, layer.style)
        marked = list(_apart(clipped))
        for column, _, style in marked:
            self.canvas.put(1, column, CLIPPED_MARK, style)
        for column, text, style in marked:
            for start in (column + 2, column - 1 - len(text)):
                if self._is_free(start - 1, start + len(text)):
                    self.canvas.put(1, start, text, style)
                    break

    def _is_free(self, first: int, last: int) -> bool:
        """Whether nothing is drawn in these columns of the plot's first row, marks before and after apart."""
        cells = self.canvas.cells[1][first : last + 1]
        inside = self.left <= first and last < self.left + self.columns
        return inside and set(cells[1:-1]) == {" "} and {cells[0], cells[-1]} <= {" ", CLIPPED_MARK}

    def _ends(self) -> None:
        """The newest numbers right of the plot, each in the row its curve ends in, or the next free one.

        Of more than there are rows the lowest stand there.
        """
        ends = []
        for layer in self.labels:
            last = layer.last
            row = 1 if not layer.ends_finite else self._row(last) if last is not None else self.rows
            ends.append((row, -(last or 0), layer))
        ends = sorted(ends, key=lambda end: end[:2])[-self.rows :]
        free = 1
        for i, (row, _, layer) in enumerate(ends):
            row = min(max(row, free), self.rows - (len(ends) - 1 - i))
            self.canvas.put(row, self.left + self.columns + 1, layer.newest, layer.style)
            free = row + 1


def _apart(marks: list[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
    """Marks (column, text, style) without those that stand too near to one before them in the list."""
    columns: list[int] = []
    for column, text, style in marks:
        if all(abs(column - other) >= _MARKER_COLUMNS for other in columns):
            columns.append(column)
            yield column, text, style
