"""plotext draws exactly where the axes say, in the size asked for."""

import math

import pytest

from aetui.ui.charts.axes import Axis
from aetui.ui.charts.braille import plot_lines
from aetui.ui.charts.chart import Points

BRAILLE = 0x2800
"""The empty braille pattern."""


def axis(low: float, high: float, log: bool = False) -> Axis:
    return Axis(low, high, (low, high), (f"{low:g}", f"{high:g}"), log)


def drawn(points: Points, y_axis: Axis, columns: int = 12, rows: int = 6) -> list[str]:
    """The rows of one curve over x from 0 to 10."""
    cells = [[" "] * columns for _ in range(rows)]
    for row, column, text, _ in plot_lines(((tuple(points), "train"),), axis(0, 10), y_axis, columns, rows):
        cells[row][column : column + len(text)] = text
    return ["".join(row) for row in cells]


def test_every_curve_has_its_style_and_later_ones_cover_earlier_ones() -> None:
    flat = ((0.0, 0.0), (10.0, 0.0))
    runs = list(plot_lines(((flat, "test"), ((), "raw"), (flat[1:], "train")), axis(0, 10), axis(0, 1), 4, 2))
    assert runs == [(1, 0, "⣀⣀⣀", "test"), (1, 3, "⢀", "train")]


@pytest.mark.parametrize("size", [(2, 2), (11, 3), (63, 27), (300, 90)])
def test_the_corners_of_the_axes_are_the_corners_of_the_plot(size: tuple[int, int]) -> None:
    columns, rows = size
    lines = drawn([(0.0, 1.0), (10.0, 5.0)], axis(1, 5), columns, rows)
    assert ord(lines[-1][0]) - BRAILLE & 0x40
    assert ord(lines[0][-1]) - BRAILLE & 0x08


def test_points_stand_where_the_axis_has_them() -> None:
    x_axis, columns, rows = axis(0, 10), 12, 6
    for y_axis in (axis(0.1, 3.7), axis(0.01, 100, log=True)):
        for y in (0.1, 0.33, 1.0, 2.5, 3.7):
            for x in (0.0, 3.3, 10.0):
                ((row, column, _, _),) = plot_lines(((((x, y),), "test"),), x_axis, y_axis, columns, rows)
                assert column == x_axis.dot(x, 2 * columns) // 2
                assert row == rows - 1 - y_axis.dot(y, 4 * rows) // 4


@pytest.mark.parametrize("missing", [None, math.nan])
def test_a_missing_value_is_a_gap_between_lines(missing: float | None) -> None:
    (row,) = drawn([(0.0, 0.5), (3.0, 0.5), (5.0, missing), (7.0, 0.5), (10.0, 0.5)], axis(0, 1), 12, 1)
    assert [character == " " for character in row] == 4 * [False] + 4 * [True] + 4 * [False]


def test_a_line_leaves_the_plot_where_it_crosses_the_top_however_far_it_goes() -> None:
    lines = drawn([(0.0, 0.0), (4.0, 2.0), (8.0, 0.0), (9.0, 1e100), (10.0, None)], axis(0, 1), 21, 10)
    assert [column for column, character in enumerate(lines[0]) if character != " "] == [3, 4, 12, 16]
    assert not any(line[5:11].strip() for line in lines[:5])
