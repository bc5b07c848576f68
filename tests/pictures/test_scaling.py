import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aetui.pictures.scaling import fit, fitted_size

SIDES = st.integers(1, 60)


def test_pixels_are_repeated():
    image = np.array([[1, 2], [3, 4]], np.uint8).reshape(1, 2, 2, 1)
    assert fit(image, 5, 4)[0, ..., 0].tolist() == [
        [1, 1, 2, 2],
        [1, 1, 2, 2],
        [3, 3, 4, 4],
        [3, 3, 4, 4],
        [0, 0, 0, 0],
    ]


def test_areas_are_averaged():
    image = np.array([[0, 100, 10, 10], [100, 200, 30, 30]], np.uint8).reshape(1, 2, 4, 1)
    assert fit(image, 1, 2)[0, ..., 0].tolist() == [[100, 20]]


def test_the_same_size_stays():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 3), dtype=np.uint8)
    assert np.array_equal(fit(images, 28, 28), images)


def test_what_is_left_over_is_black_on_both_sides():
    flat = fit(np.full((1, 2, 4, 3), 9, np.uint8), 8, 8)[0, ..., 0]
    tall = fit(np.full((1, 4, 2, 3), 9, np.uint8), 8, 8)[0, ..., 0].T
    for placed in (flat, tall):
        assert (placed[2:6] == 9).all()
        assert not placed[:2].any()
        assert not placed[6:].any()


@pytest.mark.parametrize("size", [(1, 1), (4096, 4096), (1, 4096), (4096, 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_extreme_sizes(size, channels):
    placed = fit(np.full((1, *size, channels), 77, np.uint8), 14, 20)
    assert placed.shape == (1, 14, 20, channels)
    assert set(np.unique(placed).tolist()) <= {0, 77}
    assert placed.any()


@given(SIDES, SIDES, SIDES, SIDES)
def test_never_larger_than_the_place_and_touching_it_where_reduced(height, width, most_height, most_width):
    new_height, new_width = fitted_size(height, width, most_height, most_width)
    assert 1 <= new_height <= most_height
    assert 1 <= new_width <= most_width
    if height > most_height or width > most_width:
        assert new_height == most_height or new_width == most_width
    else:
        assert (new_height % height, new_width % width) == (0, 0)
        assert new_height + height > most_height or new_width + width > most_width
    assert fit(np.zeros((2, height, width, 1), np.uint8), most_height, most_width).shape == (
        2,
        most_height,
        most_width,
        1,
    )
