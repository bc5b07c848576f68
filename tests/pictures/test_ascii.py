import numpy as np

from aetui.pictures.ascii import RAMP, lines


def test_the_ramp_from_black_to_white():
    ramp = np.rint(np.linspace(0, 255, 10)).astype(np.uint8).reshape(1, 10, 1)
    assert lines(ramp) == ["".join(2 * char for char in RAMP)]


def test_lines_are_rows_of_two_columns_a_pixel():
    drawn = lines(np.zeros((3, 5, 3), np.uint8))
    assert drawn == [" " * 10] * 3


def test_green_is_brighter_than_blue():
    [line] = lines(np.array([[[0, 0, 255], [0, 255, 0]]], np.uint8))
    assert RAMP.index(line[0]) < RAMP.index(line[2])


def test_only_ascii():
    assert all(ord(char) < 128 for char in RAMP)
    assert len(set(RAMP)) == 10
