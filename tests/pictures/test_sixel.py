import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from sixel_decoder import decode

from aetui.pictures.sixel import LIMIT, encode, with_palette

PERCENT = 255 / 100
RANDOM = np.random.default_rng(0)


def few_colours(height: int, width: int) -> np.ndarray:
    palette = RANDOM.integers(0, 256, (200, 3), dtype=np.uint8)
    return palette[RANDOM.integers(0, 200, (height, width))]


def smooth(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], -1).astype(np.uint8)


def assert_equal_to_a_percent(sixels: str, pixels: np.ndarray) -> None:
    decoded = decode(sixels)
    assert decoded.min() >= 0
    assert np.abs(decoded * PERCENT - pixels.astype(int)).max() <= PERCENT / 2 + 0.5


@pytest.mark.parametrize("size", [(1, 1), (6, 1), (7, 5), (28, 28), (90, 61), (5, 300)])
@pytest.mark.parametrize("channels", [1, 3])
def test_few_colours_come_back(size, channels):
    pixels = few_colours(*size)[..., :channels]
    assert_equal_to_a_percent(encode(pixels), pixels)


def test_all_greys_come_back():
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert_equal_to_a_percent(encode(pixels), pixels)


def test_many_colours_come_back_as_the_palette():
    pixels = smooth(120, 160)
    palette = np.asarray(with_palette(pixels, 256).convert("RGB"))
    assert_equal_to_a_percent(encode(pixels), palette)
    assert np.abs(palette.astype(int) - pixels).mean() < 8


@pytest.mark.skipif(shutil.which("sixel2png") is None, reason="sixel2png is not installed")
def test_libsixel_sees_the_same(tmp_path):
    pixels = few_colours(45, 64)
    (tmp_path / "picture.six").write_text(encode(pixels))
    subprocess.run(
        ["sixel2png", "-i", "picture.six", "-o", "picture.png"], cwd=tmp_path, check=True, timeout=30
    )
    with Image.open(tmp_path / "picture.png") as image:
        seen = np.asarray(image.convert("RGB")).astype(int)
    assert seen.shape == pixels.shape
    assert np.abs(seen - pixels).max() <= 2


def assert_bounded(pixels: np.ndarray) -> None:
    sixels = encode(pixels)
    assert LIMIT / 4 < len(sixels) <= LIMIT
    decoded = decode(sixels)
    assert decoded.shape[:2] == pixels.shape[:2]
    assert decoded.min() >= 0
    assert abs(decoded.mean() * PERCENT - pixels.mean()) < 5


def test_noise_stays_under_the_limit():
    assert_bounded(RANDOM.integers(0, 256, (400, 500, 3), dtype=np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_large_noise_stays_under_the_limit(channels):
    assert_bounded(RANDOM.integers(0, 256, (800, 1000, channels), dtype=np.uint8))


def test_fewer_colours_come_before_coarser_pixels():
    pixels = RANDOM.integers(0, 256, (300, 360, 1), dtype=np.uint8)
    decoded = decode(encode(pixels))
    assert len(np.unique(decoded)) <= 64
    assert (decoded[0::2, 0::2] != decoded[1::2, 1::2]).mean() > 0.9


def test_nothing_but_the_picture_is_touched():
    sixels = encode(few_colours(7, 7))
    assert sixels.startswith("\x1bP0;1;0q"), "a background is filled"
    assert not sixels.endswith("-\x1b\\"), "the cursor goes below the picture"


def test_the_terminal_is_asked_nothing():
    code = "import sys, aetui.pictures.sixel as s; print([m for m in sys.modules if m.startswith('textual')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "['textual_image', 'textual_image._sixel']"
    assert done.stderr == ""
