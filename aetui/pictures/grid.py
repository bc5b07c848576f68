"""Many pictures as one: rows are views, columns are samples, GAP black pixels between two tiles."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from aetui.pictures.pixels import Images

GAP = 2
"""Black pixels between two tiles."""


def grid_size(views: int, samples: int, height: int, width: int) -> tuple[int, int]:
    """Height and width in pixels of the whole grid of tiles of `height` x `width`."""
    return views * (height + GAP) - GAP, samples * (width + GAP) - GAP


def join_tiles(views: Sequence[Images]) -> Images:
    """One picture (H, W, C) of views (N, h, w, C), one row each."""
    count, height, width, channels = views[0].shape
    tiles = np.zeros((len(views), count, height + GAP, width + GAP, channels), np.uint8)
    for row, images in enumerate(views):
        tiles[row, :, :height, :width] = images
    rows = tiles.transpose(0, 2, 1, 3, 4).reshape(len(views) * (height + GAP), -1, channels)
    return rows[:-GAP, :-GAP]


def split_tiles(pixels: Images, views: int, samples: int) -> list[Images]:
    """The views (N, h, w, C) of a picture (H, W, C) made by `join_tiles`."""
    whole = np.pad(pixels, ((0, GAP), (0, GAP), (0, 0)))
    height, width, channels = whole.shape
    tiles = whole.reshape(views, height // views, samples, width // samples, channels)
    return list(tiles.transpose(0, 2, 1, 3, 4)[:, :, :-GAP, :-GAP])


def to_image(pixels: Images) -> Image.Image:
    """Pixels (H, W, 1 or 3) as Pillow's image, mode L or RGB."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else np.ascontiguousarray(pixels))
