import numpy as np
import pytest

from aetui.pictures.error_map import ANCHORS, colour_bar, error_map
from aetui.pictures.pixels import in_grey


@pytest.mark.parametrize(
    ("error", "end"), [(1, 0.005), (51, 0.2), (69, 0.5), (125, 0.5), (168, 1.0), (255, 1.0)]
)
def test_the_scale_ends_at_the_next_round_number(error, end):
    original = np.zeros((2, 2, 2, 1), np.uint8)
    reconstruction = original.copy()
    reconstruction[1, 0, 1] = error
    images, scale = error_map(original, reconstruction)
    assert scale == pytest.approx(end)
    assert images.shape == (2, 2, 2, 3)
    assert (images[0] == ANCHORS[0]).all()
    bar = colour_bar(256)[0]
    assert images[1, 0, 1].tolist() == bar[round(error / end)].tolist()


def test_equal_errors_have_one_colour_beside_others_of_one_scale():
    original = np.zeros((1, 1, 2, 1), np.uint8)
    early, late = (np.array(pair, np.uint8).reshape(original.shape) for pair in ((51, 191), (51, 166)))
    colours = [error_map(original, epoch)[0][0, 0, 0].tolist() for epoch in (early, late)]
    assert colours == [ANCHORS[2].tolist()] * 2


def test_the_sign_does_not_matter_and_channels_are_averaged():
    one, other = np.array([[[[10, 200, 30]]]], np.uint8), np.array([[[[40, 140, 30]]]], np.uint8)
    mean = np.full((1, 1, 1, 3), 30, np.uint8)
    assert error_map(one, other)[1] == 0.2
    for first, second in ((one, other), (other, one), (mean, mean * 0)):
        assert (error_map(first, second)[0] == error_map(one, other)[0]).all()


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
