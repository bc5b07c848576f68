"""The pictures of one epoch in one PNG: a grid that a person can open and that says itself what it shows.

Rows are views, columns are samples. A text chunk of the PNG with the keyword "aetui" holds, as JSON, the
names of the views, the size of a tile, and what is known of each sample.
"""

import io
import math
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
from PIL import Image, PngImagePlugin
from pydantic import BaseModel, BeforeValidator, FailFast, Field, ValidationError

from aetui.errors import AetuiError
from aetui.files import check_no_link, read_bounded
from aetui.pictures.grid import grid_size, join_tiles, split_tiles, to_image
from aetui.pictures.pixels import Images
from aetui.text import safe_text

View = Literal["original", "given", "reconstruction", "pasted"]
VIEWS: tuple[View, ...] = get_args(View)
"""The test image; what the model was given of it; its output; that with the visible patches pasted in."""

KEYWORD = "aetui"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PIXELS = 80_000_000
"""A larger picture is refused unread; Pillow warns of decompression bombs on stderr soon after this."""
MAX_BYTES = 4 * MAX_PIXELS
MOST_SMALL_CHUNKS, LEAST_IN_A_CHUNK = 100, 8192
"""Pieces of a PNG that are no pixels or few; ours are four, and pixels in pieces of 64 kB."""
CHUNK_FRAME = 12
"""Bytes of a chunk's length, name and sum: https://www.w3.org/TR/png-3/#5Chunk-layout."""


DAMAGE = (OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError)
"""What Pillow raises at pictures that are none."""
LONGEST_LABEL = 200
"""Characters of a class's name that are kept."""
MOST_SAMPLES = 1000
Label = Annotated[
    str, BeforeValidator(lambda label: label[:LONGEST_LABEL] if isinstance(label, str) else label)
]


@dataclass(frozen=True)
class Sample:
    """One column of a sheet."""

    index: int
    """In the test set."""
    label: Label
    error: float | None = None
    """Mean squared error per pixel, pixels in [0, 1]; None where it is unknown or not finite."""
    place: int | None = None
    """Rank by error in the test set; 1 is the worst."""
    place_before: int | None = None
    """The same at the test before."""
    predicted: Label | None = None
    """The class that a classifier found."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """The pictures of one epoch."""

    views: dict[str, Images]
    """By name, in the order of VIEWS: (N, H, W, C), C 1 or 3, all of one shape."""
    samples: tuple[Sample, ...]
    title: str = "fixed"
    """Which samples they are: "fixed", "worst", "best"."""
    threshold: float | None = None
    """The error above which an image counts as abnormal, where some are."""

    @property
    def tile(self) -> tuple[int, int, int]:
        """Height, width and channels of every picture."""
        _, height, width, channels = next(iter(self.views.values())).shape
        return height, width, channels


class DamagedPicture(AetuiError):
    """A file of pictures that cannot be shown."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{safe_text(path)} cannot be shown: {reason}")


Side = Annotated[int, Field(ge=1, le=MAX_PIXELS)]


class _Description(BaseModel):
    """The JSON of the text chunk."""

    title: Label
    views: Annotated[list[View], Field(min_length=1, max_length=len(VIEWS))]
    tile: tuple[Side, Side, Literal[1, 3]]
    """Height, width, channels."""
    samples: Annotated[list[Sample], Field(min_length=1, max_length=MOST_SAMPLES), FailFast()]
    threshold: float | None = None


def to_png(sheet: Sheet) -> bytes:
    """The sheet as a PNG file. The views must agree in shape, and with the number of samples.

    Labels are kept as `safe_text` shows them: JSON has no room for every file name.
    """
    shapes = {images.shape for images in sheet.views.values()}
    assert shapes == {(len(sheet.samples), *sheet.tile)}, f"{len(sheet.samples)} samples, views {shapes}"
    samples = [_written(sample) for sample in sheet.samples]
    description = _Description(
        title=sheet.title,
        views=list(sheet.views),
        tile=sheet.tile,
        samples=samples,
        threshold=_finite(sheet.threshold),
    )
    text = PngImagePlugin.PngInfo()
    text.add_text(KEYWORD, description.model_dump_json(ensure_ascii=True))
    buffer = io.BytesIO()
    to_image(join_tiles(list(sheet.views.values()))).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def _written(sample: Sample) -> Sample:
    """As JSON can hold it."""
    predicted = None if sample.predicted is None else safe_text(sample.predicted)
    return replace(sample, label=safe_text(sample.label), error=_finite(sample.error), predicted=predicted)


def read_sheet(path: Path) -> Sheet:
    """The sheet in a PNG file. Raises DamagedPicture where there is none or it is not what it says."""
    data = _bytes(path)
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.width * image.height > MAX_PIXELS:  # a second header chunk, which Pillow takes
                raise ValueError("it declares its size twice")
            image.load()
            text = image.info.get(KEYWORD)
            pixels = np.asarray(image)
    except DAMAGE as error:
        raise DamagedPicture(path, f"the PNG is damaged ({safe_text(error)})") from error
    if not isinstance(text, str):
        raise DamagedPicture(path, "the PNG does not say what its pictures are")
    try:
        description = _Description.model_validate_json(text)
    except ValidationError as error:
        raise DamagedPicture(path, "what the PNG says of its pictures is damaged") from error
    return _sheet(path, description, pixels)


def _bytes(path: Path) -> bytes:
    """The file's bytes, if they begin as a PNG of bearable size."""
    try:
        check_no_link(path.parent)
        data = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise DamagedPicture(path, error.strerror or str(error)) from error
    if not data.startswith(SIGNATURE):
        raise DamagedPicture(path, "it is not a PNG")
    if len(data) < 24:
        raise DamagedPicture(path, f"the PNG ends after {len(data)} bytes")
    width, height = struct.unpack(">II", data[16:24])  # the header chunk comes first
    if width * height > MAX_PIXELS:
        raise DamagedPicture(path, f"its {width}x{height} pixels are more than {MAX_PIXELS:,}")
    if not _has_few_chunks(data):
        raise DamagedPicture(path, "the PNG is in too many pieces")
    return data


def _has_few_chunks(data: bytes) -> bool:
    """Whether all of a PNG's chunks are of some size: Pillow reads them one by one, and some are unpacked."""
    at, allowed = len(SIGNATURE), MOST_SMALL_CHUNKS
    while at + CHUNK_FRAME <= len(data) and allowed >= 0:
        size, name = struct.unpack_from(">I4s", data, at)
        allowed -= name != b"IDAT" or size < LEAST_IN_A_CHUNK
        at += CHUNK_FRAME + size
    return allowed >= 0


def _finite(error: float | None) -> float | None:
    return error if error is not None and math.isfinite(error) else None


def _sheet(path: Path, description: _Description, pixels: Images) -> Sheet:
    """The picture (H, W) or (H, W, 3) cut into the views that the description names."""
    height, width, channels = description.tile
    views, samples = len(description.views), len(description.samples)
    size = grid_size(views, samples, height, width)
    if pixels.dtype != np.uint8 or pixels.shape != (size if channels == 1 else (*size, channels)):
        said = f"{size[1]}x{size[0]} pixels in {channels} channels"
        found = f"{pixels.shape[1]}x{pixels.shape[0]} in {pixels.shape[2] if pixels.ndim == 3 else 1}"
        raise DamagedPicture(path, f"it should be {said} and is {found}")
    tiles = split_tiles(pixels.reshape(*size, channels), views, samples)
    return Sheet(
        dict(zip(description.views, tiles, strict=True)),
        tuple(description.samples),
        description.title,
        description.threshold,
    )
