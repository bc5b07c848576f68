"""Axes have round ticks, enough of them, and labels that people read."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aetui.ui.charts.axes import (
    duration,
    epoch_axis,
    linear_axis,
    log_axis,
    step_axis,
    time_axis,
    top_of_body,
    top_of_plot,
)

losses = st.floats(-1e100, 1e100)
positive = st.floats(1e-100, 1e100)
rows = st.integers(1, 60)


@pytest.mark.parametrize(
    ("low", "high", "rows", "labels"),
    [
        (0.034, 0.07, 9, ("0.03", "0.04", "0.05", "0.06", "0.07")),
        (0.034, 0.23, 27, ("0.05", "0.10", "0.15", "0.20")),
        (0.0331, 0.0342, 9, ("0.0330", "0.0335", "0.0340")),
        (0.005, 0.23, 9, ("0.0", "0.1", "0.2")),
        (0.0, 0.0, 9, ("0.0", "0.5", "1.0")),
        (0.231, 0.231, 9, ("0.0", "0.1", "0.2")),
        (100, 5000, 9, ("0", "2k", "4k")),
        (1e-7, 3e-7, 9, ("1e-7", "2e-7", "3e-7")),
        (0.1, 0.9, 2, ("0", "1")),
    ],
)
def test_linear_ticks(low: float, high: float, rows: int, labels: tuple[str, ...]) -> None:
    assert linear_axis(low, high, rows).labels == labels


@given(losses, losses, rows)
def test_a_linear_axis_holds_its_range_and_enough_ticks_of_one_format(a: float, b: float, rows: int) -> None:
    low, high = min(a, b), max(a, b)
    axis = linear_axis(low, high, rows)
    slack = 1e-6 * (axis.high - axis.low)
    assert axis.low - slack <= low <= high <= axis.high + slack
    assert len(axis.ticks) >= (3 if rows >= 10 else 2)
    assert all(axis.low - slack <= tick <= axis.high + slack for tick in axis.ticks)
    assert len(set(axis.labels)) == len(axis.labels)
    decimals = {
        len(label.split("e")[0].rstrip("kMG").partition(".")[2]) for label in axis.labels if label != "0"
    }
    assert len(decimals) == 1


@given(losses, losses, rows)
def test_linear_ticks_stand_equally_many_rows_apart(a: float, b: float, rows: int) -> None:
    axis = linear_axis(min(a, b), max(a, b), rows)
    at = [axis.dot(tick, 4 * rows) // 4 for tick in axis.ticks]
    assert len({after - before for before, after in pairwise(at)}) == 1
    assert all(0 <= row < rows for row in at)


@given(st.floats(0, 10), st.floats(0.01, 10), st.integers(5, 60))
def test_a_linear_axis_gives_its_values_about_half_the_height_or_more(
    low: float, span: float, rows: int
) -> None:
    axis = linear_axis(low, low + span, rows)
    assert span > (0.45 if rows < 30 else 0.6) * (axis.high - axis.low)


@pytest.mark.parametrize(
    ("low", "high", "rows", "labels"),
    [
        (0.034, 0.23, 9, ("0.05", "0.1", "0.2")),
        (0.002, 0.23, 26, ("0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2")),
        (0.002, 0.23, 9, ("0.003", "0.01", "0.03", "0.1")),
        (0.03, 0.1, 9, ("0.03", "0.05", "0.07", "0.1")),
        (0.0198, 0.051, 12, ("0.02", "0.03", "0.04", "0.05")),
        (0.031, 0.036, 10, ("0.030", "0.032", "0.034", "0.036", "0.038")),
        (0.034, 0.07, 9, ("0.04", "0.05", "0.06", "0.07")),
        (1e-9, 1e9, 9, ("1e-9", "0.0001", "10", "1M")),
    ],
)
def test_log_ticks(low: float, high: float, rows: int, labels: tuple[str, ...]) -> None:
    assert log_axis(low, high, rows).labels == labels


@given(positive, positive, rows)
def test_a_log_axis_holds_its_range_and_two_ticks(a: float, b: float, rows: int) -> None:
    low, high = min(a, b), max(a, b)
    axis = log_axis(low, high, rows)
    assert axis.low <= low * (1 + 1e-9)
    assert axis.high >= high * (1 - 1e-9)
    assert len(axis.ticks) >= 2
    assert all(axis.low <= tick * (1 + 1e-9) and tick <= axis.high * (1 + 1e-9) for tick in axis.ticks)


@pytest.mark.parametrize(
    ("end", "planned", "columns", "high", "labels"),
    [
        (0, 10, 60, 10, "0 1 2 3 4 5 6 7 8 9 10"),
        (2.2, 20, 60, 20, "0 2 4 6 8 10 12 14 16 18 20"),
        (6, 10, 20, 10, "0 5 10"),
        (3, 3, 1, 3, "0"),
        (0.4, 200, 60, 1, "0 1"),
        (1.2, 200, 60, 2, "0 1 2"),
        (3.1, 200, 60, 5, "0 1 2 3 4 5"),
        (5.1, 200, 60, 6, "0 1 2 3 4 5 6"),
        (11, None, 60, 12, "0 2 4 6 8 10 12"),
        (55, 200, 60, 60, "0 10 20 30 40 50 60"),
        (45, 48, 60, 48, "0 5 10 15 20 25 30 35 40 45"),
        (28, 20, 40, 30, "0 5 10 15 20 25 30"),
    ],
)
def test_epochs(end: float, planned: float | None, columns: int, high: float, labels: str) -> None:
    axis = epoch_axis(end, planned, columns)
    assert (axis.high, " ".join(axis.labels)) == (high, labels)


@given(st.floats(0, 1e15), st.none() | st.integers(21, 10**6), st.integers(1, 300))
def test_epochs_are_whole_and_the_curve_is_not_squeezed(
    end: float, planned: int | None, columns: int
) -> None:
    axis = epoch_axis(end, planned, columns)
    assert all(tick == int(tick) for tick in axis.ticks)
    assert end <= axis.high <= max(1, (1.34 if end > 5 else 2.5) * end)
    assert sum(len(label) for label in axis.labels) <= columns or len(axis.labels) == 1


@pytest.mark.parametrize(
    ("end", "columns", "labels"),
    [
        (0, 60, "0 1"),
        (288, 60, "0 50 100 150 200 250"),
        (937, 60, "0 200 400 600 800"),
        (28_100, 40, "0 5k 10k 15k 20k 25k"),
    ],
)
def test_steps_end_at_the_data(end: float, columns: int, labels: str) -> None:
    axis = step_axis(end, columns)
    assert (axis.high, " ".join(axis.labels)) == (max(1, end), labels)


@pytest.mark.parametrize(
    ("end", "columns", "labels"),
    [
        (0, 60, "0|1 s"),
        (18.4, 60, "0|5 s|10 s|15 s"),
        (95, 60, "0|30 s|1 m|1 m 30 s"),
        (800, 40, "0|5 m|10 m"),
        (4000, 60, "0|10 m|20 m|30 m|40 m|50 m|1 h"),
        (90_000, 60, "0|6 h|12 h|18 h|1 d"),
    ],
)
def test_time_ends_at_the_data(end: float, columns: int, labels: str) -> None:
    axis = time_axis(end, columns)
    assert (axis.high, "|".join(axis.labels)) == (max(1, end), labels)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0.4 s"),
        (0.97, "1 s"),
        (45, "45 s"),
        (59.7, "1 m"),
        (72, "1 m 12 s"),
        (3605, "1 h"),
        (5400, "1 h 30 m"),
        (200_000, "2 d 7 h"),
        (-1, "–"),
        (math.nan, "–"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_one_huge_first_value_does_not_press_the_others_down() -> None:
    later = [0.04 - 0.0005 * i for i in range(12)]
    assert top_of_body([0.231, *later]) < 0.06
    assert top_of_body(later) == 0.04
    assert top_of_body([0.231, 0.05]) == 0.231


def test_the_top_of_the_plot_holds_what_is_trained() -> None:
    train = [(i / 10, 0.03 + math.exp(-i)) for i in range(1, 40)]
    assert top_of_plot([(0.0, 1.41)], 0.0) == 1.41
    assert top_of_plot([(0.0, 1.41), (0.1, 1.0)], 0.1) == 1.41
    assert top_of_plot([(0.0, 1.41), *train], 1.0) < 0.04
    slow = [(i / 10, 0.04 - 0.0005 * i) for i in range(1, 20)]
    assert top_of_plot([(0.0, 0.07), *slow], 1.0) == 0.07
    assert top_of_plot([(0.0, 0.09), *slow], 0.5) == 0.0395
