"""Images as sixels (DEC VT330/VT340 Programmer Reference Manual, volume 2, chapter 14).

textual-image encodes; of that package only the encoder is imported, since its widgets and renderables ask the
terminal questions when they are imported.
"""

import re

import numpy as np
from PIL import Image
from textual_image._sixel import image_to_sixels

from aetui.pictures.grid import to_image
from aetui.pictures.pixels import Images

LIMIT = 400_000
"""Bytes of one image, at most: tmux drops larger ones (https://github.com/hpjansson/chafa/issues/327)."""

COLOURS = (256, 64, 16)
"""Sizes of the palette, tried in this order."""

FEWER_COLOURS_SAVE = 2
"""From 256 to 16 colours noise shrinks by this factor, other images by less."""

_START, _END = "\x1bP0;0;0q", "-\x1b\\"
_DEFINITION = re.compile(r"(#\d+);2;\d+;\d+;\d+")


def encode(pixels: Images) -> str:
    """Pixels (H, W, C) as one sixel image of the same size, of no more than LIMIT bytes.

    Up to 256 different colours are exact to a sixel's percent. An image that is too long gets fewer colours,
    then coarser pixels.
    """
    coarseness = 1
    while True:
        coarse = _coarser(pixels, coarseness)
        for colours in COLOURS:
            sixels = _encoded(with_palette(coarse, colours))
            if len(sixels) <= LIMIT:
                return sixels
            if len(sixels) > FEWER_COLOURS_SAVE * LIMIT:
                break
        coarseness *= 2


def with_palette(pixels: Images, colours: int) -> Image.Image:
    """Pixels (H, W, C) in a palette: their own colours where these are few enough, else a median cut's."""
    image = to_image(pixels).convert("RGB")
    found = image.getcolors(colours)
    if found is None:
        return image.quantize(colours, Image.Quantize.MEDIANCUT)
    palette = np.array([colour for _, colour in found], np.int64)
    weights = np.array([1 << 16, 1 << 8, 1])
    keys = palette @ weights
    order = np.argsort(keys)
    indices = np.searchsorted(keys[order], np.asarray(image, np.int64) @ weights)
    exact = Image.fromarray(indices.astype(np.uint8)).convert("P")
    exact.putpalette(palette[order].astype(np.uint8).tobytes())
    return exact


def _encoded(image: Image.Image) -> str:
    """Sixels that touch nothing but the image.

    Three things of the encoder are changed. It takes a colour that it defines for selected, which xterm does
    not. It asks for a filled background, which may be more than the image. It ends with a new line, which
    scrolls the screen where the image ends at its bottom.
    """
    sixels = image_to_sixels(image).removeprefix(_START).removesuffix(_END)
    return "\x1bP0;1;0q" + _DEFINITION.sub(r"\g<0>\1", sixels) + "\x1b\\"


def _coarser(pixels: Images, times: int) -> Images:
    """The same size (H, W, C) in squares of `times` pixels, each of one colour, the average."""
    if times == 1:
        return pixels
    height, width, channels = pixels.shape
    small = to_image(pixels).resize((-(-width // times), -(-height // times)), Image.Resampling.BOX)
    squares = np.asarray(small).reshape(small.height, small.width, channels)
    return squares.repeat(times, axis=0).repeat(times, axis=1)[:height, :width]
