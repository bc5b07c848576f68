"""Where a reconstruction is wrong: |x - x̂| as colours.

The scale is inferno by Smith, van der Walt and Firing (https://bids.github.io/colormap/, CC0): equal steps
look equal, brighter is more, for every eye and in grey. ANCHORS are its colours at 0, 0.1, … 1; between them
the colour is linear.
"""

import math

import numpy as np
from numpy.typing import NDArray

from aetui.pictures.pixels import Images

ANCHORS = np.array(
    [
        (0x00, 0x00, 0x04),
        (0x16, 0x0B, 0x39),
        (0x42, 0x0A, 0x68),
        (0x6A, 0x17, 0x6E),
        (0x93, 0x26, 0x67),
        (0xBC, 0x37, 0x54),
        (0xDD, 0x51, 0x3A),
        (0xF3, 0x78, 0x19),
        (0xFC, 0xA5, 0x0A),
        (0xF6, 0xD7, 0x46),
        (0xFC, 0xFF, 0xA4),
    ]
)


def error_map(original: Images, reconstruction: Images) -> tuple[Images, float]:
    """|x - x̂|, averaged over channels, of images (N, H, W, C) as colours (N, H, W, 3); the end of the scale.

    The scale is shared by all images. It goes from 0 to the largest error in [0, 1] rounded up to 1, 2 or 5
    times a power of ten, so that it is mostly the same for neighbouring epochs. Without any error it ends at
    0, and all is the colour of 0.
    """
    difference = np.abs(original.astype(np.int16) - reconstruction).mean(axis=-1) / 255
    end = _rounded_up(float(difference.max()))
    return _coloured(difference / (end or 1.0)), end


def colour_bar(width: int) -> Images:
    """The scale from 0 to the largest error as one row of pixels (1, width, 3)."""
    return _coloured(np.linspace(0, 1, width)[np.newaxis])


def _rounded_up(value: float) -> float:
    """The next of 1, 2, 5 x 10^n; 0 stays."""
    if value == 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= value)


def _coloured(values: NDArray[np.float64]) -> Images:
    """Colours (..., 3) of values (...) in [0, 1]; 256 different ones at most."""
    steps = np.linspace(0, 1, 256)
    anchors = np.linspace(0, 1, len(ANCHORS))
    table = np.stack([np.interp(steps, anchors, channel) for channel in ANCHORS.T], axis=-1)
    return np.asarray(np.rint(table)[np.rint(values * 255).astype(np.intp)], np.uint8)
