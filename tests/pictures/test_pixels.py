import numpy as np
import pytest

from aetui.pictures.pixels import displayable, in_colour, in_grey, to_uint8


def test_floats_are_clamped_and_nan_is_black():
    values = np.array([0, 0.5, 1, -0.1, 1.1, np.nan, np.inf, -np.inf], np.float32).reshape(1, 2, 4, 1)
    assert to_uint8(values).ravel().tolist() == [0, 128, 255, 0, 255, 0, 255, 0]
    assert to_uint8(values).dtype == np.uint8


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_and_colour_stay(channels):
    images = np.arange(2 * channels, dtype=np.uint8).reshape(1, 1, 2, channels)
    assert np.array_equal(displayable(images), images)


@pytest.mark.parametrize(("channels", "shown"), [(2, [0]), (5, [0, 10, 20]), (9, [0, 10, 20])])
def test_other_channels_show_the_first(channels, shown):
    images = np.arange(0, 10 * channels, 10, dtype=np.uint8).reshape(1, 1, 1, channels)
    assert displayable(images).ravel().tolist() == shown


def test_opacity_is_laid_over_black():
    images = np.array([[255, 100, 0, 255], [255, 100, 0, 0], [200, 100, 255, 128]], np.uint8)
    assert displayable(images.reshape(3, 1, 1, 4)).reshape(3, 3).tolist() == [
        [255, 100, 0],
        [0, 0, 0],
        [100, 50, 128],
    ]


def test_grey_in_colour_and_back():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert np.array_equal(in_grey(in_colour(grey)), grey[..., 0])
