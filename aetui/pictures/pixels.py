"""Images as whole numbers 0 to 255 in one or three channels, the only form the rest of the room knows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
"""Pixels 0 to 255: (N, H, W, C) or, of one image, (H, W, C); C is 1 (grey) or 3 (red, green, blue)."""

LUMA = np.array([0.299, 0.587, 0.114])
"""How bright red, green and blue seem (ITU-R BT.601)."""


def to_uint8(images: NDArray[np.floating[Any]]) -> Images:
    """Pixels (N, H, W, C) in [0, 1] as whole numbers; what lies outside is clamped, NaN is black."""
    finite = np.nan_to_num(images, nan=0.0, posinf=1.0, neginf=0.0)
    return np.asarray(np.rint(np.clip(finite, 0, 1) * 255), np.uint8)


def displayable(images: Images) -> Images:
    """Images (N, H, W, any C) in one or three channels.

    One and three stay as they are; four are colours with opacity, laid over black; of two the first channel
    is shown, of five and more the first three.
    """
    channels = images.shape[-1]
    if channels in (1, 3):
        return images
    if channels == 2:
        return images[..., :1]
    if channels == 4:
        weighted = images[..., :3].astype(np.uint16) * images[..., 3:]
        return ((weighted + 127) // 255).astype(np.uint8)
    return images[..., :3]


def in_colour(pixels: Images) -> Images:
    """The same pixels (..., 1 or 3) in three channels."""
    return np.broadcast_to(pixels, (*pixels.shape[:-1], 3))


def in_grey(pixels: Images) -> Images:
    """The brightness (...) of pixels (..., 1 or 3), without the channel axis."""
    if pixels.shape[-1] == 1:
        return pixels[..., 0]
    return np.asarray(np.rint(pixels @ LUMA), np.uint8)
