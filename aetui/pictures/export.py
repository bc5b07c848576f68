"""A run's pictures in one file: a contact sheet and an animation."""

import io
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from aetui.errors import AetuiError
from aetui.pictures.grid import GAP, join_tiles, to_image
from aetui.pictures.pixels import Images
from aetui.pictures.scaling import fit
from aetui.pictures.sheet import Sheet

ROWS = 20
"""Epochs on a contact sheet, at most."""
FRAMES = 200
"""Epochs in an animation, at most."""
SECONDS_A_FRAME = 0.5
LAST_SECONDS = 3.0

ZOOM = 3
SMALL_SIDE = 64
"""Tiles whose longer side has no more pixels are enlarged ZOOM times."""

MARGIN = 110
"""Pixels left of the rows, for their names."""
TITLE_HEIGHT = 24
"""Pixels above the frames of an animation."""
TEXT_SIZE = 14

MOST_ZOOMED = 2_000_000
"""Pixel values of a row of tiles, before; more are not enlarged."""
MOST_PIXELS = 300_000_000
"""Of all frames of an animation; of large ones fewer epochs are taken."""
GIF_SIDE = 65_535

Each = TypeVar("Each")
Epochs = Sequence[tuple[int, Sheet]]
"""Sheets by epoch, in order, at least one."""


def contact_sheet(sheets: Epochs) -> Image.Image:
    """Samples as columns: on top what does not change with the epochs, then what the model made of it.

    A row for every epoch, or for ROWS of them, evenly chosen with the first and the last. Raises AetuiError
    where the sheets are not of the same samples.
    """
    _check_same(sheets)
    _, newest = sheets[-1]
    shown = "pasted" if "pasted" in newest.views else "reconstruction"
    names = [name for name in newest.views if name in ("original", "given")]
    rows = [newest.views[name] for name in names]
    for epoch, sheet in evenly(sheets, ROWS):
        names.append(f"epoch {epoch}")
        rows.append(sheet.views[shown])
    return _with_names(names, [_zoomed(images) for images in rows])


def animation(sheets: Epochs) -> bytes:
    """A GIF of the epochs, or of FRAMES of them, that repeats: rows of views with the epoch's number above.

    Raises AetuiError where the sheets are not of the same samples or too large.
    """
    _check_same(sheets)
    width, height = _frame(*sheets[-1]).size
    if max(width, height) > GIF_SIDE:
        raise AetuiError(f"The pictures are {width}x{height} pixels, too large for a GIF")
    most = max(2, MOST_PIXELS // (width * height))
    frames = [_frame(epoch, sheet) for epoch, sheet in evenly(sheets, min(FRAMES, most))]
    milliseconds = [round(SECONDS_A_FRAME * 1000)] * (len(frames) - 1) + [round(LAST_SECONDS * 1000)]
    buffer = io.BytesIO()
    frames[0].save(
        buffer, "GIF", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0, optimize=False
    )
    return buffer.getvalue()


def _check_same(sheets: Epochs) -> None:
    newest_epoch, newest = sheets[-1]
    for epoch, sheet in sheets:
        if _subject(sheet) != _subject(newest):
            raise AetuiError(
                f"The pictures of epoch {epoch} show other samples, views or sizes than those of epoch"
                f" {newest_epoch}",
                "Export the epochs on either side separately.",
            )


def _subject(sheet: Sheet) -> tuple[object, ...]:
    return sheet.tile, list(sheet.views), [sample.index for sample in sheet.samples]


def evenly(sheets: Sequence[Each], most: int) -> list[Each]:
    """All, or `most` of them at equal distances with the first and the last."""
    places = np.linspace(0, len(sheets) - 1, min(most, len(sheets)))
    return [sheets[place] for place in np.rint(places).astype(int).tolist()]


def _zoomed(images: Images) -> Images:
    """Small images (N, H, W, C) enlarged."""
    _, height, width, _ = images.shape
    small = max(height, width) <= SMALL_SIDE and images.size <= MOST_ZOOMED
    return fit(images, height * ZOOM, width * ZOOM) if small else images


def _with_names(names: list[str], rows: list[Images]) -> Image.Image:
    """Rows of tiles with a name left of each."""
    tiles = to_image(join_tiles(rows))
    whole = Image.new(tiles.mode, (MARGIN + tiles.width, tiles.height))
    whole.paste(tiles, (MARGIN, 0))
    pitch = rows[0].shape[1] + GAP
    for row, name in enumerate(names):
        _write(whole, (MARGIN - 8, row * pitch + (pitch - GAP) // 2), name, anchor="rm")
    return whole


def _frame(epoch: int, sheet: Sheet) -> Image.Image:
    """The views of one epoch with their names, the epoch above."""
    rows = _with_names(list(sheet.views), [_zoomed(images) for images in sheet.views.values()])
    whole = Image.new(rows.mode, (rows.width, TITLE_HEIGHT + rows.height))
    whole.paste(rows, (0, TITLE_HEIGHT))
    _write(whole, (MARGIN, TITLE_HEIGHT // 2), f"epoch {epoch}", anchor="lm")
    return whole


def _write(image: Image.Image, place: tuple[int, int], text: str, anchor: str) -> None:
    """White text on `image`; `anchor` says which of its points is at `place` (Pillow's text anchors)."""
    ImageDraw.Draw(image).text(
        place, text, fill="white", font=ImageFont.load_default(TEXT_SIZE), anchor=anchor
    )
