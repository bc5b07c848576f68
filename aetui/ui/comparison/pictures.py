"""What compared runs make of the same test images: a row of them each, below the images themselves."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from aetui.errors import AetuiError
from aetui.terminal.choice import Choice
from aetui.text import format_number, safe_text
from aetui.ui.comparison.lineup import Member
from aetui.ui.pictures.picture_book import PictureBook
from aetui.ui.pictures.picture_grid import PictureGrid

if TYPE_CHECKING:
    from aetui.pictures.sheet import Sheet

COLUMNS_AN_IMAGE = 16
"""Of cells, in which images of the usual sizes can be read."""
NONE = "no pictures of these runs yet"


class ComparedPictures(Vertical):
    """The first test images, and a row a run of what it made of them by an epoch, or by the newest.

    Where not all runs have room, those up to the chosen one are seen.
    """

    DEFAULT_CSS = """
    ComparedPictures > Static { height: 1; color: $foreground 70%; }
    """

    def __init__(self, choice: Choice) -> None:
        super().__init__()
        self._choice = choice
        self._books: dict[str, PictureBook] = {}
        self._sheets: dict[str, tuple[Path, Sheet | None]] = {}
        """What is open of each run, read once."""

    def compose(self) -> ComposeResult:
        yield Static(markup=False)
        yield PictureGrid(self._choice)

    def show(self, members: Sequence[Member], chosen: Member, epoch: int | None) -> None:
        """Those runs that have pictures of the images that the chosen one has, or the first that has any."""
        found = [(member, sheet) for member in members if (sheet := self._sheet(member, epoch))]
        if not found:
            self.query_one(Static).update("")
            self.query_one(PictureGrid).clear(NONE)
            return
        mine = next((sheet for member, sheet in found if member is chosen), found[0][1])
        alike = [(member, sheet) for member, sheet in found if _of_same(sheet, mine)]
        self._draw(alike, epoch)
        room = max(1, self.query_one(PictureGrid).shown - 1)
        place = next((place for place, (member, _) in enumerate(alike) if member is chosen), 0)
        if place >= room:
            self._draw(alike[place - room + 1 :], epoch)
        when = "the newest epochs" if epoch is None else f"epoch {epoch}, or the last before it"
        left_out = f" · {len(alike)} of {len(members)} runs have these" * (len(alike) < len(members))
        self.query_one(Static).update(safe_text(f"test images · {when}{left_out}"))

    def _draw(self, alike: "Sequence[tuple[Member, Sheet]]", epoch: int | None) -> None:
        """The grid's samples are the runs, its views the images."""
        import numpy as np

        first = alike[0][1].views["original"]
        count = max(1, min(len(first), self.size.width // COLUMNS_AN_IMAGE))
        rows = [first, *(sheet.views["reconstruction"] for _, sheet in alike)]
        views = {str(number): np.stack([row[number] for row in rows]) for number in range(count)}
        self.query_one(PictureGrid).show(
            views, ["the images", *(_caption(member, epoch) for member, _ in alike)]
        )

    def _sheet(self, member: Member, epoch: int | None) -> "Sheet | None":
        book = self._books.setdefault(member.letter, PictureBook())
        book.update(member.feed.history.previews)
        if epoch is None:
            book.follow()
        else:
            book.go_to(epoch)
        if book.page is None:
            return None
        path = member.feed.folder.previews / book.page.file
        if self._sheets.get(member.letter, (None,))[0] != path:
            self._sheets[member.letter] = (path, _read(path))
        return self._sheets[member.letter][1]


def _caption(member: Member, epoch: int | None) -> str:
    history = member.feed.history
    tested = history.newest if epoch is None else history.epochs.get(epoch)
    loss = format_number(tested.test_loss) if tested else "–"
    what = [f"{key.rpartition('.')[2]}={value}" for key, value in member.compared.settings.items()]
    return f"{member.letter}  {loss}  {' '.join(what)}"


def _of_same(sheet: "Sheet", other: "Sheet") -> bool:
    """Whether they are of the same images."""
    wanted = {"original", "reconstruction"}
    if not (wanted <= sheet.views.keys() and wanted <= other.views.keys() and sheet.tile == other.tile):
        return False
    indices = [[sample.index for sample in one.samples] for one in (sheet, other)]
    return indices[0] == indices[1]


def _read(path: Path) -> "Sheet | None":
    """None where it is damaged or gone."""
    from aetui.pictures.sheet import read_sheet

    try:
        return read_sheet(path)
    except AetuiError:
        return None
