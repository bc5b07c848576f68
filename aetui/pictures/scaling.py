"""Images at the size of their place on the screen."""

import numpy as np
from PIL import Image

from aetui.pictures.grid import to_image
from aetui.pictures.pixels import Images


def fitted_size(height: int, width: int, most_height: int, most_width: int) -> tuple[int, int]:
    """Height and width of an image that fills its place as well as it can: a whole multiple, or smaller.

    The aspect is kept, but no side falls below one pixel.
    """
    scale = min(most_height / height, most_width / width)
    if scale >= 1:
        return height * int(scale), width * int(scale)
    return (
        min(most_height, max(1, round(height * scale))),
        min(most_width, max(1, round(width * scale))),
    )


def fit(images: Images, height: int, width: int) -> Images:
    """Images (N, h, w, C) as (N, height, width, C): enlarged by repeating pixels, reduced by averaging areas.

    The aspect is kept; what the images leave over is black, the same on both sides.
    """
    count, old_height, old_width, channels = images.shape
    new_height, new_width = fitted_size(old_height, old_width, height, width)
    if min(height / old_height, width / old_width) >= 1:
        scaled = _enlarged(images, new_height // old_height)
    else:
        scaled = np.stack([_reduced(image, new_height, new_width) for image in images])
    if (new_height, new_width) == (height, width):
        return scaled
    placed = np.zeros((count, height, width, channels), np.uint8)
    top, left = (height - new_height) // 2, (width - new_width) // 2
    placed[:, top : top + new_height, left : left + new_width] = scaled
    return placed


def _enlarged(images: Images, times: int) -> Images:
    return images.repeat(times, axis=1).repeat(times, axis=2)


def _reduced(image: Images, height: int, width: int) -> Images:
    """One image (h, w, C), each new pixel the average of the area it covers."""
    reduced = to_image(image).resize((width, height), Image.Resampling.BOX)
    return np.asarray(reduced).reshape(height, width, -1)
