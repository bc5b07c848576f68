"""One image file as pixels of a fixed size."""

import contextlib
import io
import math
import threading
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from aetui.files import check_holes, open_file
from aetui.text import format_bytes

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow's names of what the endings in `folder_listing.SUFFIXES` may be; for others it starts programs."""
MOST_BYTES, MOST_BYTES_IN_A_FILE = 800_000_000, 100_000_000
"""Of an image file, and of one that is in another."""
WRITTEN_BYTES = 1_000_000
"""Of a file that may be nearly all holes."""
MOST_PIXELS = 89_478_485
"""Of an image file: where Pillow begins to warn of a decompression bomb; it refuses twice as many itself."""
MOST_READS, MOST_READS_OF_PIXELS = 2000, 400_000
"""Of an image file: until it is known what it is, and then."""
LARGE_PIXELS = 32_000_000
ONE_LARGE = threading.Lock()
"""For decoding larger images one at a time: each takes up to 25 bytes a pixel meanwhile."""


def read_image(path: Path, size: tuple[int, int, int]) -> bytes:
    """The pixels (C, H, W), uint8, of an image file; C is 1 (grey) or 3 (red, green, blue).

    Turned as EXIF says, laid on white where it is transparent, its short side resized with antialiasing to
    the size, the middle kept. Of an animation the first picture counts. Raises whatever Pillow raises, and
    ValueError for a file that is too large to be one.
    """
    if path.stat().st_size > MOST_BYTES:  # Pillow reads some forms whole, and others byte by byte
        raise ValueError(f"larger than {format_bytes(MOST_BYTES)}")
    check_holes(path, WRITTEN_BYTES)
    with open_file(path, linked=True) as file:
        return _pixels(file, size)


def read_image_in(path: Path, begin: int, count: int, size: tuple[int, int, int]) -> bytes:
    """The same of an image file that is `count` bytes of another file, from `begin` on."""
    if not 0 <= count <= MOST_BYTES_IN_A_FILE:
        raise ValueError(f"not of 0 to {format_bytes(MOST_BYTES_IN_A_FILE)}")
    with open_file(path, linked=True) as file:
        file.seek(begin)
        content = file.read(count)
    return _pixels(io.BytesIO(content), size)


def _pixels(image_file: BinaryIO, size: tuple[int, int, int]) -> bytes:
    channels, height, width = size
    mode = "L" if channels == 1 else "RGB"
    reader = _Reader(image_file)  # type: ignore[arg-type]  # what reads into a buffer is enough
    with Image.open(reader, formats=FORMATS) as image:
        # in a packed BMP Pillow reads each pixel by itself
        reader.left = math.inf if image.format == "BMP" else MOST_READS_OF_PIXELS
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"its {image.width}x{image.height} pixels are more than {MOST_PIXELS:,}")
        enough = 2 * max(height, width)
        # a large JPEG is decoded at half, a quarter or an eighth of its size
        image.draft(mode, (enough, enough))
        with ONE_LARGE if image.width * image.height > LARGE_PIXELS else contextlib.nullcontext():
            upright = _opaque(ImageOps.exif_transpose(image)).convert(mode)
            fitted = ImageOps.fit(upright, (width, height), Image.Resampling.BICUBIC)
    return b"".join(band.tobytes() for band in fitted.split())


class _Reader(io.BufferedReader):
    """An image file that is read in a bounded number of pieces.

    Pillow keeps each part of a JPEG's head and joins some, which takes the square of their number.
    """

    left: float = MOST_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise ValueError("in too many pieces")
        return super().read(size)


def _opaque(image: Image.Image) -> Image.Image:
    """The image in a mode whose conversion to grey or colours keeps what is seen."""
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", colours.size, "white"), colours)
    if image.mode.startswith("I"):  # 16 bits a pixel, which `convert` would cut off at 255
        return image.convert("I").point(lambda value: value * (1 / 256))
    if image.mode == "F":
        raise ValueError("its floating point pixels have no known range")
    return image
