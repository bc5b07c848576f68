"""The pictures of a run: test images, what the model was given and makes of them, epoch by epoch."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from aetui.errors import AetuiError
from aetui.runs.events import PreviewSaved
from aetui.runs.history import History
from aetui.terminal.choice import Choice
from aetui.text import format_number, safe_text
from aetui.ui.picture_book import PictureBook
from aetui.ui.widgets.picture_grid import PictureGrid

if TYPE_CHECKING:
    from aetui.pictures.sheet import Sample, Sheet

PLAY_SECONDS = 0.5
"""From one epoch's pictures to the next while they play."""
LEAST_SECONDS = 1.0
"""Between two pictures that follow the training."""
TITLES = {"fixed": "", "worst": "worst: ", "best": "best: "}


class PicturesPanel(Widget):
    """One or two lines on what is shown, and the pictures. It follows the newest until one is held."""

    DEFAULT_CSS = """
    PicturesPanel > Static { height: auto; max-height: 2; width: 1fr; color: $foreground 70%; }
    """

    epoch: reactive[int | None] = reactive[int | None](None)
    """The epoch whose pictures are held, None while the newest are followed."""

    def __init__(self, folder: Path, choice: Choice, *, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self._folder, self._choice = folder, choice
        self._book = PictureBook()
        self._shown: tuple[str, bool] | None = None
        """The file that is shown and whether with errors."""
        self._drawn = float("-inf")
        self._with_errors = False
        self._player: Timer | None = None
        self._waiting: Timer | None = None
        self._playing = False

    def compose(self) -> ComposeResult:
        yield Static(markup=False)
        yield PictureGrid(self._choice)

    def on_mount(self) -> None:
        self._player = self.set_interval(PLAY_SECONDS, self._play, pause=True)
        self.clear("the first pictures come with the test before the first step")

    def clear(self, text: str) -> None:
        """A sentence in place of pictures."""
        self._say(self._choice.reason)
        self.query_one(PictureGrid).clear(text)

    def follow(self, history: History) -> None:
        """Take in what the run has drawn; new pictures are shown at most once a second."""
        self._book.update(history.previews)
        wait = self._drawn + LEAST_SECONDS - time.monotonic()
        if wait <= 0:
            self._show()
        elif self._waiting is None:  # these may be the last ones, so that nothing else would show them
            self._waiting = self.set_timer(wait, self._show)

    def turn(self, by: int) -> None:
        """Another epoch's pictures, later or, where negative, earlier ones."""
        self._hold()
        if self._book.turn(by):
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
        self._book.choose_next_samples()
        self._show()

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
        from aetui.pictures.sheet import read_sheet

        try:
            sheet = read_sheet(self._folder / page.file)
        except AetuiError as error:
            self.clear(error.sentence)
        else:
            self._show_sheet(page, sheet)

    def _show_sheet(self, page: PreviewSaved, sheet: "Sheet") -> None:
        views, said = dict(sheet.views), ", ".join(sheet.views)
        if self._with_errors and {"original", "reconstruction"} <= views.keys():
            from aetui.pictures.error_map import error_map
            from aetui.pictures.pixels import in_colour

            errors, largest = error_map(views["original"], views["reconstruction"])
            views = {name: in_colour(images) for name, images in views.items()} | {"error": errors}
            said += f", error ≤ {largest:.2f}"
        self.query_one(PictureGrid).show(views, [_caption(sample) for sample in sheet.samples])
        when = f"step {page.step}" if page.file.startswith("step") else f"epoch {page.epoch}"
        self._say(f"{when} · {TITLES[page.samples]}{said}")

    def _say(self, text: str) -> None:
        self.query_one(Static).update(safe_text(text))


def _caption(sample: "Sample") -> str:
    """The label, the error, and how the place among all test images moved."""
    error = format_number(sample.error) if sample.error is not None else "–"
    return f"{sample.label} {error}{_moved(sample)}"


def _moved(sample: "Sample") -> str:
    """How many places up (a larger error than others) or down since the test before."""
    if sample.place is None or sample.place_before is None or sample.place == sample.place_before:
        return ""
    by = sample.place_before - sample.place
    return f" {'▲' if by > 0 else '▼'}{abs(by)}"
