"""A chart always has the size asked for, and shows what matters.

One file, since all of it looks at the same chart.
"""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.strip import Strip

from aetui.ui.charts.chart import Points
from aetui.ui.charts.drawing import DARK, Chart, Curve, Level, draw_chart, x_at

UNTRAINED = (0.0, 0.231)
TEST = (UNTRAINED, *((float(e), 0.034 + 0.01 / e) for e in range(1, 11)))
TRAIN = tuple((i / 40, 0.033 + 0.012 * math.exp(-i / 40)) for i in range(1, 401))
PLOT = slice(7, 63)
"""The columns of the plot in a chart of 84."""


def chart(train: Points = TRAIN, test: Points = TEST, **options: object) -> Chart:
    curves = (Curve("train", train), Curve("test", test))
    return Chart(curves, "MSE per pixel", **options)  # type: ignore[arg-type]


def lines(chart: Chart, width: int = 84, height: int = 30) -> list[str]:
    return [strip.text for strip in draw_chart(chart, width, height, DARK)]


def cells(strips: list[Strip], color: str) -> str:
    """All characters drawn in a colour."""
    segments = (segment for strip in strips for segment in strip)
    return "".join(s.text for s in segments if s.style and s.style.color and s.style.color.name == color)


values = st.none() | st.floats() | st.floats(0, 1)
curve_points = st.lists(st.tuples(st.floats(0, 1e12), values), max_size=60).map(
    lambda points: sorted(points, key=lambda point: point[0])
)


parts = st.tuples(st.floats(0, 1e9), st.floats(1e-3, 1e9)).map(lambda part: (part[0], part[0] + part[1]))
ranges = st.tuples(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6)).map(lambda ends: (ends[0], ends[0] + ends[1]))


@given(
    curve_points,
    curve_points,
    st.sampled_from(["epoch", "step", "time"]),
    st.booleans(),
    st.sampled_from([0.0, 0.6, 0.99]),
    st.none() | st.integers(1, 10**6),
    st.integers(0, 160),
    st.integers(0, 45),
    st.booleans(),
    st.none() | st.floats(0),
    st.none() | parts,
    st.none() | ranges,
)
@example([], [], "epoch", False, 0.0, None, 20, 5, False, 0.0, None, None)
@example([], [], "epoch", True, 0.0, None, 84, 30, False, 0.0, (2.0, 3.0), (0.01, 0.02))
@example([(0.0, 1e308)], [(0.0, -1e308), (1.0, 5e-324)], "step", True, 0.6, 3, 84, 30, True, 0.1, None, None)
def test_any_points_at_any_size(
    train: Points,
    test: Points,
    x_axis: str,
    log_scale: bool,
    smoothing: float,
    planned: int | None,
    width: int,
    height: int,
    marked: bool,
    floor: float | None,
    part: tuple[float, float] | None,
    y_range: tuple[float, float] | None,
) -> None:
    marked_x = test[0][0] if marked and test else None
    options = {"x_axis": x_axis, "log_scale": log_scale, "smoothing": smoothing, "planned": planned}
    options |= {"part": part, "y_range": y_range}
    levels = () if floor is None else (Level("floor", floor),)
    subject = chart(train, test, best_x=marked_x, marker_x=marked_x, levels=levels, **options)
    strips = draw_chart(subject, width, height, DARK)
    assert len(strips) == height
    for strip in strips:
        assert Strip(list(strip)).cell_length == width


@pytest.mark.parametrize(("width", "height"), [(84, 30), (78, 12)])
def test_newest_losses_stand_right_of_the_plot_in_their_colours(width: int, height: int) -> None:
    strips = draw_chart(chart(best_x=10.0), width, height, DARK)
    assert "─ train 0.0330 now" in cells(strips, DARK.train)
    assert "● test  0.0350" in cells(strips, DARK.test)
    ends = [strip.text.rstrip() for strip in strips if strip.text.rstrip().endswith(("now", "test  0.0350"))]
    assert len(ends) == 2
    assert "★ best on test 0.0350 at epoch 10" in strips[0].text
    assert strips[0].text.startswith("MSE per pixel")


def test_the_floor_is_a_dashed_line_behind_the_curves_and_named() -> None:
    """Above, between and below the losses, on both scales."""
    for floor in (0.08, 0.0335, 0.02):
        for log_scale in (False, True):
            drawn = lines(chart(TRAIN, TEST[1:], levels=(Level("floor", floor),), log_scale=log_scale))
            dashed = [line for line in drawn if "╌╌╌" in line]
            assert len(dashed) == 1
            assert sum(f"╌ floor {floor:.3g}" in line for line in drawn) == 1
            assert sum("● test" in line for line in drawn) == 1
    narrow = lines(chart(levels=(Level("floor", 0.08),)), 46, 12)
    assert any("0.08┤" in line and "╌╌╌" in line for line in narrow)


def test_ends_in_one_place_are_pushed_apart() -> None:
    for value in (0.0, 0.5, 1.0):
        drawn = lines(chart([(0.0, 0.0), (1.0, value)], [(0.0, 1.0), (1.0, value)]), 60, 8)
        assert sum("train" in line for line in drawn) == 1
        assert sum("test" in line for line in drawn) == 1


def test_the_untrained_loss_runs_out_at_the_top_and_is_named() -> None:
    many = [UNTRAINED, *((float(e), 0.03 + 0.01 / e) for e in range(1, 99))]
    for drawn in (lines(chart([])), lines(chart([], many))):
        assert drawn[1][6:8] in ("│▲", "┤▲")
        assert not any("0.1" in line[:6] or "0.2" in line[:6] for line in drawn)
    assert "0.231" in drawn[1]


@pytest.mark.parametrize(("width", "height"), [(78, 9), (98, 17), (138, 30)])
@pytest.mark.parametrize("epochs", [0.1, 0.6, 2.2, 9.0])
def test_the_first_minutes_are_readable(width: int, height: int, epochs: float) -> None:
    """As soon as anything is trained, neither the untrained loss nor the first steps stretch the axis."""
    train = [(i / 50, 0.036 + 1.2 * math.exp(-i / 8)) for i in range(1, 1 + round(50 * epochs))]
    test = [(0.0, 3.6), *((float(e), 0.036 + 0.001 / e) for e in range(1, 1 + int(epochs)))]
    drawn = lines(chart(train, test, planned=10), width, height)
    settled = max(y for x, y in train if x >= min(1.0, epochs / 3))
    top = max(float(line[:6]) for line in drawn[1:-2] if line[:6].strip())
    assert top <= 2 * settled
    assert "▲ up to 3.6" in drawn[0]
    assert "▲" in drawn[1]


def test_no_line_leads_from_the_untrained_loss_to_the_first_test() -> None:
    strips = draw_chart(chart([], TEST, planned=10), 84, 30, DARK)
    columns = [strip.text[7:].find("●") for strip in strips[1:-2] if "●" in strip.text[:60]]
    first = min(columns)
    drawn = "".join(strip.text[7 : 7 + first] for strip in strips[2:-2])
    assert first > 3
    assert drawn.strip() == ""


def test_marks_beyond_the_axis_stand_apart_and_cover_no_number() -> None:
    """Train and test both begin there, in the same columns."""
    train = [(i / 10, 0.03 + math.exp(-i)) for i in range(1, 60)]
    for width in range(48, 140, 3):
        drawn = lines(chart(train, [(0.0, 1.41), (1.0, 0.031), (5.0, 0.03)], planned=10), width, 20)
        assert drawn[0].endswith("▲ up to 1.41".ljust(len(drawn[0]) - drawn[0].find("▲")))
        assert drawn[1].count("▲") == 1
        assert "▲ 1.41" in drawn[1] or "." not in drawn[1][7:]


def test_accuracies_are_per_cent_with_marks_colours_and_chance_of_their_own() -> None:
    curves = (Curve("linear", [(1.0, 20.1), (5.0, 21.55)]), Curve("kNN", [(1.0, 15.0), (5.0, 18.0)]))
    shown = Chart(curves, "accuracy", planned=10, percent=True, levels=(Level("chance", 10.0),))
    strips = draw_chart(shown, 84, 20, DARK)
    text = "\n".join(strip.text for strip in strips)
    for words in ("◆ linear 21.6%", "■ kNN   18.0%", "╌ chance 10.0%", "20%┤", "10%┤"):
        assert words in text, words
    assert (cells(strips, DARK.linear).count("◆"), cells(strips, DARK.knn).count("■")) == (3, 3)
    assert cells(strips, DARK.train) == cells(strips, DARK.test) == ""


def test_an_accuracy_that_jumps_is_not_beyond_the_axis() -> None:
    curve = Curve("test", [(float(e), 10.0 + 80 * (e > 18)) for e in range(20)])
    assert not any("▲" in line for line in lines(Chart((curve,), "accuracy", percent=True)))


def test_a_learning_rate_has_the_colour_of_text_and_is_shown_whole() -> None:
    curve = Curve("rate", [(i / 10, 1e-3 if i < 5 else 1e-5) for i in range(1, 100)])
    strips = draw_chart(Chart((curve,), "learning rate", planned=10), 84, 30, DARK)
    assert "─ rate  1.00e-5" in cells(strips, DARK.text)
    assert not any("▲" in strip.text for strip in strips)
    assert cells(strips, DARK.train) == ""


def test_signs_are_explained_where_they_stand_and_there_is_room() -> None:
    wide = lines(chart(marker_x=4.0, best_x=10.0, smoothing=0.6), 120)[0]
    assert wide.split(" · ")[1:3] == ["┊ epoch 4", "train smoothed 0.6"]
    assert "▲ up to 0.231" in wide
    assert "★ best on test 0.0350 at epoch 10" in wide
    narrow = lines(chart(marker_x=4.0, best_x=10.0, smoothing=0.6), 60, 12)[0]
    assert narrow.endswith("★ best 0.0350 at epoch 10")
    assert "smoothed" not in narrow


def test_few_planned_epochs_are_all_on_the_axis_from_the_start() -> None:
    ends = [lines(chart([(x, 0.04)], [], planned=20))[-1].split()[-2:] for x in (0.1, 2.2, 19.0)]
    assert ends == [["20", "epoch"]] * 3


def test_test_points_are_marked_and_thinned_and_the_best_has_a_star() -> None:
    body = "".join(line[PLOT] for line in lines(chart([], TEST[1:], best_x=10.0))[1:-2])
    assert (body.count("●"), body.count("★")) == (9, 1)
    many = [(float(e), 0.03 + 0.01 / (e + 1)) for e in range(500)]
    assert 10 <= "".join(line[PLOT] for line in lines(chart([], many))[1:-2]).count("●") <= 25


def test_one_point_of_either_curve_is_visible() -> None:
    for lone in (chart([(0.5, 0.2)], []), chart([], [(0.0, 0.2)])):
        body = "".join(line[PLOT] for line in lines(lone)[1:-2])
        assert sum(body.count(mark) for mark in "●•") == 1


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_missing_losses_make_a_gap(missing: float | None) -> None:
    train = [(x, missing if 4 <= x <= 6 else 0.5 + 0.01 * x) for x in (i / 10 for i in range(101))]
    rows = [line[PLOT] for line in lines(chart(train, []))[1:-2]]
    filled = [any(row[column] != " " for row in rows) for column in range(56)]
    assert not any(filled[25:33])
    assert all(filled[1:22])
    assert all(filled[37:55])


def test_an_end_that_is_not_finite_is_said() -> None:
    diverged = lines(chart([*TRAIN, (10.0, math.nan)], TEST))
    assert "✗" in diverged[1]
    assert "─ train NaN" in diverged[1]


def test_options_are_named_and_change_the_axes() -> None:
    drawn = lines(chart(log_scale=True, smoothing=0.9, x_axis="time", marker_x=4.0))
    assert "log scale" in drawn[0]
    assert "train smoothed 0.9" in drawn[0]
    assert drawn[-1].split()[-1] == "time"
    assert drawn[-1].split()[:3] == ["0", "2", "s"]
    assert sum("┊" in line for line in drawn) > 15


def test_a_log_axis_leaves_zero_out() -> None:
    drawn = lines(chart([(0.0, 0.0), (1.0, -1.0), (2.0, 0.1), (3.0, 0.2)], [], log_scale=True))
    assert any(line.lstrip().startswith("0.20┤") for line in drawn)


def test_smoothing_shows_the_raw_curve_dim_behind() -> None:
    strips = draw_chart(chart([(i / 10, 1.0 + i % 2) for i in range(100)], [], smoothing=0.9), 84, 30, DARK)
    dim = [segment for strip in strips for segment in strip if segment.style and segment.style.dim]
    assert len(dim) > 20


def test_small_places_show_the_numbers_alone() -> None:
    assert [line.strip() for line in lines(chart(), 19, 30)[:3]] == [
        "● test  0.0350",
        "─ train 0.0330 now",
        "",
    ]
    assert "● 0.0350  ─ 0.0330" in lines(chart(), 40, 10)[0]


def test_a_part_of_the_axis_has_its_own_range_and_ticks() -> None:
    """Of ten epochs the last two: losses fill the plot, what is before them is not there."""
    drawn = lines(chart(part=(8.0, 10.0), best_x=3.0, marker_x=4.0, levels=(Level("floor", 0.05),)))
    assert "8" in drawn[-1].split()
    assert "8.5" in drawn[-1].split()
    assert "0" not in drawn[-1].split()
    assert not any("0.05" in line[:7] or "0.23" in line[:7] for line in drawn)
    assert "┊" not in "".join(line[PLOT] for line in drawn[1:])
    assert sum(line[PLOT].count("●") for line in drawn) == 3
    assert "★ best on test" in drawn[0]
    assert "★" not in "".join(line[PLOT] for line in drawn[1:])


def test_lines_lead_to_what_is_beyond_the_part() -> None:
    drawn = lines(chart([], ((0.0, 0.1), (10.0, 0.2)), part=(4.0, 5.0)))
    row = next(line[PLOT] for line in drawn if line[PLOT].strip(" │┤"))
    assert all(any(line[column].strip() for line in drawn[1:-2]) for column in range(7, 62)), row


def test_a_range_of_the_loss_is_kept_and_what_is_beyond_it_left_out() -> None:
    drawn = lines(chart(y_range=(0.03, 0.04)))
    labels = [float(line[:6]) for line in drawn[1:-2] if line[:6].strip()]
    assert 0.03 <= min(labels) <= max(labels) <= 0.04
    assert "▲" in drawn[1]
    below = lines(chart([], ((0.0, 0.01), (1.0, 0.05), (2.0, 0.01)), y_range=(0.03, 0.06)))
    assert sum(line[PLOT].count("●") for line in below) == 1
    log = lines(chart(y_range=(0.03, 0.1), log_scale=True))
    assert any(line[:6].strip() == "0.1" for line in log)
    assert lines(chart(y_range=(-1.0, 0.1), log_scale=True)) == lines(chart(log_scale=True))


def test_columns_stand_for_what_is_drawn_there() -> None:
    for part in (None, (8.0, 10.0)):
        subject = chart(part=part)
        for x in (8.5, 9.0, 9.5):
            marked = lines(chart(part=part, marker_x=x))
            column = next(line.index("┊") for line in marked[1:] if "┊" in line)
            found = x_at(subject, 84, 30, column)
            assert found == pytest.approx(x, abs=0.2 if part is None else 0.04)
        assert x_at(subject, 84, 30, 0) is None
        assert x_at(subject, 84, 30, 83) is None
    assert x_at(chart(), 10, 3, 5) is None


def test_what_was_changed_and_taken_up_again_has_its_mark_on_the_axis() -> None:
    marks = ((2.0, "↻", "resumed"), (5.0, "▴", "learning_rate 0.0003"))
    drawn = lines(chart(marks=marks), 120)
    assert "▴ learning_rate 0.0003 at epoch 5" in drawn[0]
    assert [character for character in drawn[-2] if character in "↻▴"] == ["↻", "▴"]
    assert "↻" not in lines(chart(marks=marks, part=(4.0, 6.0)))[-2]
