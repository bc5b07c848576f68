import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from aetui.pictures.halfblocks import (
    MOST_ERROR,
    XTERM_GREYS,
    Cells,
    Run,
    Span,
    cells,
    changed_spans,
    runs,
    xterm_number,
)

IMAGES = st.sampled_from([1, 3]).flatmap(
    lambda channels: array_shapes(min_dims=2, max_dims=2, max_side=9).flatmap(
        lambda size: arrays(np.uint8, (*size, channels))
    )
)
COLOUR_ERROR = 4


def pixels_of(drawn: list[list[Run]]) -> np.ndarray:
    """What a terminal shows of the runs: two pixels a cell, (2 * rows, columns, 3)."""
    rows = []
    for row in drawn:
        upper = [run.upper if char == "▀" else run.lower for run in row for char in run.text]
        rows += [upper, [run.lower for run in row for _ in run.text]]
    return np.array(rows, int)


@given(IMAGES)
def test_runs_decode_to_the_image(pixels):
    height = len(pixels)
    shown = pixels_of(runs(cells(pixels)))
    assert shown.shape == (height + height % 2, pixels.shape[1], 3)
    assert np.abs(shown[:height] - pixels.astype(int)).max() <= MOST_ERROR
    assert not shown[height:].any()


@given(IMAGES)
def test_runs_are_as_long_as_can_be(pixels):
    for row in runs(cells(pixels)):
        for run in row:
            assert set(run.text) == ({" "} if run.upper == run.lower else {"▀"})
        assert all(one[1:] != other[1:] for one, other in itertools.pairwise(row))


@pytest.mark.parametrize("channels", [1, 3])
def test_greys_are_greys_of_xterm(channels):
    values = np.arange(256, dtype=np.uint8).reshape(2, 128, 1).repeat(channels, axis=2)
    shown = cells(values)
    assert set(np.unique([shown.upper, shown.lower]).tolist()) == set(XTERM_GREYS)
    assert np.abs(shown.upper.astype(int) - values[0]).max() <= MOST_ERROR


def test_the_numbers_of_greys_are_those_of_the_palette():
    cube = [0, 95, 135, 175, 215, 255]
    palette = {16 + 36 * step + 6 * step + step: level for step, level in enumerate(cube)}
    palette |= {232 + step: 8 + 10 * step for step in range(24)}
    assert {number: level for level, number in XTERM_GREYS.items()} == palette
    assert xterm_number((118, 118, 118)) == 243
    assert xterm_number((189, 189, 189)) is None
    assert xterm_number((118, 118, 0)) is None


def test_a_colour_is_at_most_four_off_in_32_levels():
    values = np.zeros((1, 256, 3), np.uint8)
    values[0, :, 1] = np.arange(256)
    values[0, :, 0] = 255
    values[0, 255, 0] = 0  # white would be grey
    shown = cells(values).upper
    assert len(np.unique(shown[..., 1])) == 32
    assert np.abs(shown.astype(int) - values).max() <= COLOUR_ERROR


@given(st.data())
def test_what_is_shown_stays_where_it_is_near_enough(data):
    size = data.draw(array_shapes(min_dims=2, max_dims=2, max_side=6))
    pixels = arrays(np.uint8, (*size, 3), elements=st.integers(95, 115))
    first, second = data.draw(pixels), data.draw(pixels)
    shown = cells(first)
    again = cells(second, shown)
    drawn = pixels_of(runs(again))[: size[0]]
    before = pixels_of(runs(shown))[: size[0]]
    assert np.abs(drawn - second.astype(int)).max() <= MOST_ERROR
    near = (np.abs(before - second.astype(int)) <= MOST_ERROR).all(axis=-1)
    assert np.array_equal(drawn[near], before[near])


def test_what_was_shown_at_another_size_does_not_count():
    assert not cells(np.zeros((4, 4, 1), np.uint8), cells(np.full((4, 5, 1), 8, np.uint8))).upper.any()


def test_a_flat_row_is_one_run():
    assert runs(cells(np.full((2, 50, 1), 255, np.uint8))) == [[Run(" " * 50, (255,) * 3, (255,) * 3)]]


def with_changes(*columns: int) -> tuple[Cells, Cells]:
    old = np.zeros((4, 30, 3), np.uint8)
    new = old.copy()
    new[3, list(columns), 1] = 200  # the lower pixel of the second row
    return cells(old), cells(new)


@pytest.mark.parametrize(
    ("columns", "spans"),
    [
        ((), []),
        ((0,), [Span(1, 0, 1)]),
        ((29,), [Span(1, 29, 1)]),
        ((3, 4, 5), [Span(1, 3, 3)]),
        ((3, 7), [Span(1, 3, 5)]),
        ((3, 8), [Span(1, 3, 1), Span(1, 8, 1)]),
        ((0, 2, 20, 22), [Span(1, 0, 3), Span(1, 20, 3)]),
    ],
)
def test_changes_are_found_and_joined(columns, spans):
    assert changed_spans(*with_changes(*columns)) == spans


def test_another_size_changes_everything():
    old, new = (cells(np.zeros((4, width, 1), np.uint8)) for width in (5, 6))
    assert changed_spans(old, new) == [Span(0, 0, 6), Span(1, 0, 6)]


@given(st.data())
def test_spans_cover_every_change(data):
    size = data.draw(array_shapes(min_dims=2, max_dims=2, max_side=12))
    old, new = (
        cells(data.draw(arrays(np.uint8, (*size, 1), elements=st.sampled_from([0, 9])))) for _ in "ab"
    )
    drawn = np.zeros(new.keys().shape, bool)
    for row, column, width in changed_spans(old, new):
        assert not drawn[row, column : column + width].any()
        drawn[row, column : column + width] = True
    assert not ((old.keys() != new.keys()) & ~drawn).any()
