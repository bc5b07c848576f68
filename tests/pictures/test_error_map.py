import numpy as np
import pytest

from aetui.pictures.error_map import ANCHORS, colour_bar, error_map
from aetui.pictures.pixels import in_grey


def test_the_largest_error_and_its_colour():
    original = np.zeros((2, 2, 2, 1), np.uint8)
    reconstruction = original.copy()
    reconstruction[1, 0, 1] = 51
    images, largest = error_map(original, reconstruction)
    assert largest == pytest.approx(0.2)
    assert images.shape == (2, 2, 2, 3)
    assert images[1, 0, 1].tolist() == ANCHORS[-1].tolist()
    assert (images[0] == ANCHORS[0]).all()


def test_the_sign_does_not_matter_and_channels_are_averaged():
    one = np.array([[[[10, 200, 30]]]], np.uint8)
    other = np.array([[[[40, 140, 30]]]], np.uint8)
    assert error_map(one, other)[1] == error_map(other, one)[1] == pytest.approx(30 / 255)


def test_no_error_is_all_of_one_colour():
    images, largest = error_map(np.full((1, 3, 3, 3), 7, np.uint8), np.full((1, 3, 3, 3), 7, np.uint8))
    assert largest == 0
    assert (images == ANCHORS[0]).all()


def test_more_is_brighter():
    bar = colour_bar(64)
    assert bar.shape == (1, 64, 3)
    assert (np.diff(in_grey(bar)[0].astype(int)) > 0).all()
    assert bar[0, 0].tolist() == ANCHORS[0].tolist()
    assert bar[0, -1].tolist() == ANCHORS[-1].tolist()
