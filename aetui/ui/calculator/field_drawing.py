"""The receptive field of one output, drawn on a test image: bright and framed what it depends on."""

from math import isfinite
from typing import TYPE_CHECKING

from rich.color import Color
from rich.style import Style
from rich.text import Text

from aetui.shapes.chain import TracedLayer
from aetui.shapes.sizes import format_size

if TYPE_CHECKING:
    from aetui.pictures.halfblocks import Run
    from aetui.pictures.pixels import Images

FRAME = (230, 159, 0)
"""Okabe and Ito's orange, as for what a window reads."""
DIMMED = 0.3
"""What is left of the brightness of pixels outside of the field."""


def output_grid(row: TracedLayer) -> tuple[int, int]:
    """Rows and columns of the outputs that have fields of their own; 1x1 where every output sees the same."""
    if len(row.fields) != 2 or len(row.output) != 3 or all(field.shift == 0 for field in row.fields):
        return 1, 1
    return row.output[1], row.output[2]


def field_bounds(row: TracedLayer, output: tuple[int, int]) -> list[tuple[int, int]] | None:
    """First and last input row and column that an output depends on, padding included; None: on nothing."""
    spans = [field.span(range(o, o + 1)) for field, o in zip(row.fields, output, strict=True)]
    if not all(isfinite(low) for low, _ in spans):
        return None
    return [(int(low), int(high)) for low, high in spans]


def field_words(bounds: list[tuple[int, int]] | None, image: tuple[int, int]) -> str:
    """What an output depends on: the part of its field that lies within the image (H, W)."""
    if bounds is None:
        return "depends on no pixel"
    field = tuple(high - low + 1 for low, high in bounds)
    ends = zip(bounds, image, strict=True)
    inside = tuple(max(0, min(high, length - 1) - max(low, 0) + 1) for (low, high), length in ends)
    whole = f"all {format_size(image)}" if inside == image else format_size(inside)
    if inside == field:
        return f"depends on {whole} pixels"
    beyond = "is larger" if inside == image else "reaches beyond the image"
    return f"depends on {whole} pixels (its field of {format_size(field)} {beyond})"


def draw_field(sample: "Images", bounds: list[tuple[int, int]] | None, width: int, height: int) -> Text:
    """The image (H, W, C) in half blocks, at most `width` x `height` cells, with the field framed."""
    import numpy as np

    from aetui.pictures.halfblocks import cells, runs
    from aetui.pictures.scaling import fit, fitted_size

    rows, columns, _ = sample.shape
    height, width = fitted_size(rows, columns, 2 * height, width)
    pixels = fit(_framed(sample, bounds)[np.newaxis], height, width)[0]
    return Text("\n").join(_line(line) for line in runs(cells(pixels)))


def _line(runs: "list[Run]") -> Text:
    text = Text()
    for run in runs:
        text.append(run.text, Style(color=Color.from_rgb(*run.upper), bgcolor=Color.from_rgb(*run.lower)))
    return text


def _framed(sample: "Images", bounds: list[tuple[int, int]] | None) -> "Images":
    """In three channels: dim outside of the field, its outermost pixels in the frame's colour."""
    import numpy as np

    from aetui.pictures.pixels import in_colour

    bright = in_colour(sample)
    pixels = np.asarray(bright * DIMMED, np.uint8)
    if bounds is None:
        return pixels
    (top, bottom), (left, right) = bounds
    inside = slice(max(0, top), max(0, bottom + 1)), slice(max(0, left), max(0, right + 1))
    pixels[inside] = bright[inside]
    rows, columns = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
    within = (rows >= top) & (rows <= bottom) & (columns >= left) & (columns <= right)
    edge = (rows == top) | (rows == bottom) | (columns == left) | (columns == right)
    pixels[within & edge] = FRAME
    return pixels
