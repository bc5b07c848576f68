"""The pictures of a run: test images, what the model was given and makes of them, epoch by epoch."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.events import MouseScrollDown, MouseScrollUp
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from aetui.errors import AetuiError
from aetui.runs.events import PreviewSaved
from aetui.runs.history import History
from aetui.terminal.choice import Choice
from aetui.text import format_number, safe_text
from aetui.ui.pictures.picture_book import PictureBook
from aetui.ui.pictures.picture_grid import PictureGrid

if TYPE_CHECKING:
    from aetui.pictures.pixels import Images
    from aetui.pictures.sheet import Sample, Sheet

PLAY_SECONDS = 0.5
"""From one epoch's pictures to the next while they play."""
FIRST_SECONDS, FIRST_PICTURES, LATER_SECONDS = 1.0, 10, 5.0
"""Between two pictures that follow the training: at first soon, then seldom enough for a slow line."""
TITLES = {"fixed": "", "worst": "worst: ", "best": "best: "}
NAME_CELLS = 6
"""Of the names of two classes where they have no room side by side."""
PROMISE = "the first pictures come with the test before the first step"
NONE = "no pictures: the run ended before its first test"


class PicturesPanel(Widget):
    """One or two lines on what is shown, and the pictures. It follows the newest until one is held."""

    DEFAULT_CSS = """
    PicturesPanel > Static { height: 1; width: 1fr; color: $foreground 70%; }
    """

    epoch: reactive[int | None] = reactive[int | None](None)
    """The epoch whose pictures are held, None while the newest are followed."""

    def __init__(self, folder: Path, choice: Choice, *, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self._folder, self._choice = folder, choice
        self._book = PictureBook()
        self._shown: tuple[str, bool] | None = None
        """The file that is shown and whether with errors."""
        self._when, self._legend = "", ""
        self._views: list[str] = []
        """The names of the views that are shown."""
        self._count = 0
        """Samples there are."""
        self._line_of, self._line_rows = (0, 0, 0), 1
        """Which room and pictures the line has so many rows for."""
        self._promise = ""
        self._drawn, self._followed = float("-inf"), 0
        """When pictures were drawn last, and how many have followed the training."""
        self._with_errors = False
        self._player: Timer | None = None
        self._waiting: Timer | None = None
        self._playing = False

    def compose(self) -> ComposeResult:
        yield Static(markup=False)
        yield PictureGrid(self._choice)

    def on_mount(self) -> None:
        self._player = self.set_interval(PLAY_SECONDS, self._play, pause=True)
        grid = self.query_one(PictureGrid)
        self.watch(grid, "first", self._update_title, init=False)
        self.watch(grid, "shown", self._update_title, init=False)

    def on_resize(self) -> None:
        self._update_title()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self.next_samples()

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self.previous_samples()

    def clear(self, text: str) -> None:
        """A sentence in place of pictures."""
        self._when, self._legend, self._views, self._count = self._choice.reason, "", [], 0
        self.query_one(PictureGrid).clear(text)
        self._update_title()

    def follow(self, history: History, *, live: bool) -> None:
        """Take in what the run has drawn; new pictures are shown at most once a second, later in five.

        `live`: a process is at work on it, so that more will come.
        """
        self._book.update(history.previews)
        promise = "" if history.previews else PROMISE if live else NONE
        if promise and promise != self._promise:
            self._shown = None
            self.clear(promise)
        self._promise = promise
        least = FIRST_SECONDS if self._followed < FIRST_PICTURES else LATER_SECONDS
        wait = self._drawn + least - time.monotonic()
        if wait <= 0:
            self._show()
        elif self._waiting is None:  # these may be the last ones, so that nothing else would show them
            self._waiting = self.set_timer(wait, self._show)

    def turn(self, by: int) -> None:
        """Another epoch's pictures, later or, where negative, earlier ones."""
        self._hold()
        if self._book.turn(by):
            self._show()

    def go_to(self, epoch: int) -> None:
        """The pictures of that epoch, or of the last one before it that has some."""
        self._hold()
        self._book.go_to(epoch)
        self._show()

    def play(self) -> None:
        """Play the pictures to the newest, from the first if the newest are shown; or hold."""
        if self._player is None:
            return
        if self._playing:
            self._hold()
            return
        if self._book.follows:
            self._book.rewind()
            self._show()
        self._playing = True
        self._player.resume()

    def switch_samples(self) -> None:
        """The fixed samples, the worst, the best."""
        self.query_one(PictureGrid).first = 0
        self._book.choose_next_samples()
        self._show()

    def next_samples(self) -> None:
        """More of the samples than there is room for at once."""
        self.query_one(PictureGrid).turn(1)

    def previous_samples(self) -> None:
        """The samples before those that are shown."""
        self.query_one(PictureGrid).turn(-1)

    def switch_errors(self) -> None:
        """Show where the reconstruction is off, or no longer."""
        self._with_errors = not self._with_errors
        self._show()

    def _play(self) -> None:
        if not self._book.turn(1):
            self._hold()
        self._show()

    def _hold(self) -> None:
        self._playing = False
        if self._player:
            self._player.pause()

    def _show(self) -> None:
        self._waiting = None
        page = self._book.page
        self.epoch = None if page is None or self._book.follows else page.epoch
        if page is None or (page.file, self._with_errors) == self._shown:
            return
        self._shown, self._drawn = (page.file, self._with_errors), time.monotonic()
        self._followed += self._book.follows
        from aetui.pictures.sheet import read_sheet

        try:
            sheet = read_sheet(self._folder / page.file)
        except AetuiError as error:
            self.clear(error.sentence)
        else:
            self._show_sheet(page, sheet)

    def _show_sheet(self, page: PreviewSaved, sheet: "Sheet") -> None:
        views = _with_error_map(sheet.views) if self._with_errors else sheet.views
        when = f"step {page.step}" if page.file.startswith("step") else f"epoch {page.epoch}"
        self._when, self._views, self._count = (
            f"{when} · {TITLES[page.samples]}",
            [*views],
            len(sheet.samples),
        )
        self._legend = "" if sheet.threshold is None else f" · ! above {format_number(sheet.threshold)}"
        captions = [_captions(sample, sheet.threshold) for sample in sheet.samples]
        self.query_one(PictureGrid).show(views, captions)
        self._update_title()

    def _update_title(self) -> None:
        """Say what is shown, in the border and below it; a row of views ends with a slash.

        What it says depends on the room that the pictures have: a second row, once it was needed, stays.
        """
        across = self.query_one(PictureGrid).views_across or len(self._views) or 1
        rows = [", ".join(self._views[at : at + across]) for at in range(0, len(self._views), across)]
        which = self._which()
        self.border_title = f"pictures {which}"
        bordered = bool(self.styles.border_top[0])
        text = f"{self._when}{' / '.join(rows)}"
        if which and not bordered:
            text += f" · {which}"
        width = self.content_size.width
        shown = (width, self._count, len(self._views))
        if shown != self._line_of:
            self._line_of, self._line_rows = shown, 1
        if cell_len(text) > width:
            self._line_rows = 2
        line = self.query_one(Static)
        line.styles.height = self._line_rows
        line.update(safe_text(text))

    def _which(self) -> str:
        """Which of the samples are shown, counted from 1, and what their marks mean; empty where none are."""
        grid = self.query_one(PictureGrid)
        first, last = grid.first + 1, grid.first + grid.shown
        if not grid.shown:
            return ""
        numbers = f"{last}" if first == last else f"{first}–{last}"
        return f"{numbers} of {self._count}{self._legend}"


def _with_error_map(views: "dict[str, Images]") -> "dict[str, Images]":
    """All in colour, and where the reconstruction is off."""
    if not {"original", "reconstruction"} <= views.keys():
        return views
    from aetui.pictures.error_map import error_map
    from aetui.pictures.pixels import in_colour

    errors, end = error_map(views["original"], views["reconstruction"])
    return {name: in_colour(images) for name, images in views.items()} | {f"error ≤ {end:g}": errors}


def _captions(sample: "Sample", threshold: float | None = None) -> list[str]:
    """The label, what it was taken for, the error, and how the place among all test images moved.

    An error above the threshold is marked.

    Where there is no room, first the move is left out, of what was mistaken then the error and ends of names.
    """
    error = format_number(sample.error) if sample.error is not None else "–"
    if threshold is not None and sample.error is not None and sample.error > threshold:
        error += "!"
    if sample.predicted in (None, sample.label):
        name, less = str(sample.label), []
    else:
        name = f"{sample.label}→{sample.predicted}"
        less = [name, f"{str(sample.label)[:NAME_CELLS]}→{str(sample.predicted)[:NAME_CELLS]}"]
    return [f"{name} {error}{_moved(sample)}", f"{name} {error}", *less]


def _moved(sample: "Sample") -> str:
    """How many places up (a larger error than others) or down since the test before."""
    if sample.place is None or sample.place_before is None or sample.place == sample.place_before:
        return ""
    by = sample.place_before - sample.place
    return f" {'▲' if by > 0 else '▼'}{abs(by)}"
