"""`aetui export`: a run's pictures through its epochs as an animation and as one contact sheet."""

import argparse
import contextlib
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aetui.cli.options import Verbs, add_run_argument, add_verb

if TYPE_CHECKING:
    from aetui.pictures.sheet import Sheet
    from aetui.runs.folder import RunFolder

MOST_BYTES = 10**9
"""Of pictures in memory. Of large ones fewer epochs are taken."""


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "export", run, "write a run's pictures as a GIF and as one contact sheet")
    add_run_argument(parser)
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="where the files are written")


def run(options: argparse.Namespace) -> int:
    from aetui.errors import AetuiError
    from aetui.files import write_whole
    from aetui.pictures.export import animation, contact_sheet
    from aetui.runs.listing import find_run
    from aetui.text import safe_text

    folder = find_run(options.runs, options.which)
    sheets = _sheets(folder)
    gif, png = (options.to / f"{folder.name}.{ending}" for ending in ("gif", "png"))
    try:
        options.to.mkdir(parents=True, exist_ok=True)
        write_whole(gif, animation(sheets))
        picture = io.BytesIO()
        contact_sheet(sheets).save(picture, "PNG")
        write_whole(png, picture.getvalue())
    except OSError as error:
        raise AetuiError(f"{options.to} cannot be written: {error.strerror}", "choose another --to") from None
    print(safe_text(gif), safe_text(png), sep="\n")
    return 0


def _sheets(folder: "RunFolder") -> "list[tuple[int, Sheet]]":
    """The fixed samples of every epoch; what cannot be read is named and left out. Raises AetuiError."""
    from aetui.errors import AetuiError
    from aetui.pictures.export import evenly
    from aetui.pictures.sheet import DamagedPicture, read_sheet
    from aetui.runs.report import read_history
    from aetui.text import format_bytes, safe_text

    history, _ = read_history(folder)
    fixed = (saved for saved in history.previews if saved.samples == "fixed")
    files = {saved.epoch: saved.file for saved in fixed if saved.file.startswith("epoch")}
    sheets: dict[int, Sheet] = {}
    held = 0
    for epoch, file in evenly(sorted(files.items()), _frames(folder.previews, list(files.values()))):
        try:
            sheet = read_sheet(folder.previews / file)
        except DamagedPicture as error:
            print(f"aetui: left out: {safe_text(error.sentence)}", file=sys.stderr)
            continue
        held += _bytes(sheet)
        if held > MOST_BYTES:
            raise AetuiError(f"The pictures of {folder.name} take more than {format_bytes(MOST_BYTES)}")
        sheets[epoch] = sheet
    if files and not sheets:
        raise AetuiError(f"None of the pictures of {folder.name} can be read", "see its previews folder")
    if not sheets:
        raise AetuiError(
            f"{folder.name} has no pictures yet", "they come with the test before the first step"
        )
    if any("reconstruction" not in sheet.views for sheet in sheets.values()):
        raise AetuiError(
            f"{folder.name} reconstructs nothing: its pictures are the same in every epoch",
            "`aetui export` is for autoencoders; a classifier's are in its previews folder",
        )
    return sorted(sheets.items())


def _frames(previews: Path, files: list[str]) -> int:
    """For how many epochs there is room in memory, all being as large as the newest that can be read."""
    from aetui.pictures.export import FRAMES
    from aetui.pictures.sheet import DamagedPicture, read_sheet

    for file in reversed(files):
        with contextlib.suppress(DamagedPicture):
            return min(FRAMES, max(2, MOST_BYTES // _bytes(read_sheet(previews / file))))
    return FRAMES


def _bytes(sheet: "Sheet") -> int:
    return sum(images.nbytes for images in sheet.views.values())
