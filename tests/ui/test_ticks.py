"""Axes have round ticks, enough of them, and labels that people read."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aetui.ui.ticks import duration, linear_axis, log_axis, time_axis, top_of_body, whole_axis

losses = st.floats(-1e100, 1e100)
positive = st.floats(1e-100, 1e100)
rows = st.integers(1, 60)


@pytest.mark.parametrize(
    ("low", "high", "rows", "labels"),
    [
        (0.034, 0.07, 9, ("0.03", "0.04", "0.05", "0.06", "0.07")),
        (0.034, 0.23, 27, ("0.05", "0.10", "0.15", "0.20", "0.25")),
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
    assert len(axis.ticks) >= (3 if rows >= 5 else 2)
    assert all(axis.low - slack <= tick <= axis.high + slack for tick in axis.ticks)
    assert len(set(axis.labels)) == len(axis.labels)
    decimals = {
        len(label.split("e")[0].rstrip("kMG").partition(".")[2]) for label in axis.labels if label != "0"
    }
    assert len(decimals) == 1


@pytest.mark.parametrize(
    ("low", "high", "rows", "labels"),
    [
        (0.034, 0.23, 9, ("0.05", "0.1", "0.2")),
        (0.002, 0.23, 26, ("0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2")),
        (0.002, 0.23, 9, ("0.01", "0.1")),
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
        (0, 10, 60, 1, "0 1"),
        (0.4, 10, 60, 1, "0 1"),
        (1.2, 10, 60, 2, "0 1 2"),
        (3.1, 10, 60, 5, "0 1 2 3 4 5"),
        (3.1, 4, 60, 4, "0 1 2 3 4"),
        (6, 10, 20, 10, "0 5 10"),
        (55, 200, 60, 100, "0 20 40 60 80 100"),
        (11, None, 60, 20, "0 2 4 6 8 10 12 14 16 18 20"),
        (30, 20, 40, 50, "0 10 20 30 40 50"),
        (937, 9380, 60, 1000, "0 200 400 600 800 1k"),
        (28_000, 100_000, 40, 50_000, "0 10k 20k 30k 40k 50k"),
        (3, 3, 1, 3, "0"),
    ],
)
def test_whole_ticks(end: float, planned: float | None, columns: int, high: float, labels: str) -> None:
    axis = whole_axis(end, planned, columns)
    assert (axis.high, " ".join(axis.labels)) == (high, labels)


@given(st.floats(0, 1e15), st.none() | st.integers(1, 10**6), st.integers(1, 300))
def test_whole_ticks_are_whole_and_the_curve_is_not_squeezed(
    end: float, planned: int | None, columns: int
) -> None:
    axis = whole_axis(end, planned, columns)
    assert all(tick == int(tick) for tick in axis.ticks)
    assert end <= axis.high
    assert axis.high <= max(1, 2.5 * end)
    assert sum(len(label) for label in axis.labels) <= columns or len(axis.labels) == 1


@pytest.mark.parametrize(
    ("end", "columns", "labels"),
    [
        (0, 60, "0|2 s|4 s|6 s|8 s|10 s"),
        (95, 60, "0|30 s|1 m|1 m 30 s|2 m"),
        (800, 40, "0|5 m|10 m|15 m"),
        (4000, 60, "0|30 m|1 h|1 h 30 m|2 h"),
        (90_000, 60, "0|12 h|1 d|1 d 12 h|2 d"),
    ],
)
def test_time_ticks(end: float, columns: int, labels: str) -> None:
    assert "|".join(time_axis(end, columns).labels) == labels


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
