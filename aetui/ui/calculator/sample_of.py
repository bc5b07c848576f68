"""One image of a size, from the pictures of the runs so far: something to draw on."""

from pathlib import Path
from typing import TYPE_CHECKING

from aetui.errors import AetuiError
from aetui.files import check_no_link
from aetui.shapes.sizes import Size

if TYPE_CHECKING:
    from aetui.pictures.pixels import Images

MOST_RUNS = 20
"""Runs that are looked through, the newest first."""


def find_sample(runs_dir: Path, size: Size) -> "Images | None":
    """A test image (H, W, C), uint8, of `size` (C, H, W) from the newest run that has one."""
    if len(size) != 3 or size[0] not in (1, 3):
        return None
    from aetui.pictures.sheet import read_sheet

    for previews in sorted(runs_dir.glob("*/previews"), reverse=True)[:MOST_RUNS]:
        try:
            check_no_link(previews)
            newest = max(previews.glob("epoch_????.png"), default=None)
            sheet = read_sheet(newest) if newest else None
        except (AetuiError, OSError):
            continue  # another run may have a whole one
        if sheet and "original" in sheet.views and sheet.tile == (size[1], size[2], size[0]):
            image: Images = sheet.views["original"][0]
            return image
    return None
