"""The gallery: the images of a preset's data set with their labels, page by page."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from aetui.config.preset import Preset
from aetui.errors import AetuiError
from aetui.terminal.choice import Choice
from aetui.text import safe_text
from aetui.ui.gallery.dialogs import ALL, JumpScreen, LabelScreen
from aetui.ui.gallery.image_client import DataFacts, ImageClient, Page, Split
from aetui.ui.gallery.image_screen import ImageScreen
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.preset_screen import PresetScreen
from aetui.ui.parts.too_small import TooSmall
from aetui.ui.pictures.captions import shortened
from aetui.ui.pictures.picture_grid import PictureGrid

LEAST_SHOWN = 16
MOST_SHOWN = 64
"""Images on a page at most: on a large screen they are larger instead of more."""
WAIT = "loading PyTorch and the data …"


@dataclass(frozen=True)
class PageRequest:
    """Which page of images is to be on the screen."""

    split: Split = "test"
    label: int | None = None
    first: int = 0
    """Among the images with the label."""

    def same_list(self, other: "PageRequest | None") -> bool:
        """Whether the two are pages of the same images."""
        return other is not None and (self.split, self.label) == (other.split, other.label)


class GalleryScreen(PresetScreen):
    """A page of images; a request is answered by a process of its own, and the newest request wins."""

    AUTO_FOCUS = ""
    CSS_PATH = "screen.tcss"
    OPENS = frozenset({"calculator"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,pagedown", "turn(1)", "Next", id="gallery.next", key_display="n", tooltip="next page"),
        Binding(
            "b,pageup", "turn(-1)", "Back", id="gallery.previous", key_display="b", tooltip="page before"
        ),
        *(
            Binding(key, f"move('{key}')", key, id=f"gallery.{key}", tooltip=f"image {where}", show=False)
            for key, where in (("left", "before"), ("right", "after"), ("up", "above"), ("down", "below"))
        ),
        Binding("enter", "image", "Image", id="gallery.image", tooltip="full screen, with its values"),
        Binding("t", "split", "Set", id="gallery.split", tooltip="the other of the two sets"),
        Binding("f", "filter", "Label", id="gallery.filter", tooltip="images of one label only"),
        Binding(
            "j,slash", "jump", "Jump", id="gallery.jump", key_display="j", tooltip="to a number of image"
        ),
        Binding("escape,g", "back", "Close", id="gallery.back", key_display="esc", tooltip="back"),
    ]

    def __init__(self, data_dir: Path, preset: Preset, choice: Choice) -> None:
        super().__init__()
        self._preset = preset
        self.data_dir = data_dir
        self._client = ImageClient(preset, data_dir)
        self._choice = choice
        self._facts: DataFacts | None = None
        self._page: Page | None = None
        self._requested = PageRequest()
        self._answered: PageRequest | None = None
        self._chosen = 0
        """On the page."""
        self._asking = False
        self._image: ImageScreen | None = None
        """The chosen image full screen, while it is open."""

    @property
    def preset(self) -> Preset:
        return self._preset

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield Static(id="title", markup=False)
        yield PictureGrid(self._choice, id="images")
        yield KeyFooter()

    def on_mount(self) -> None:
        self._request(self._requested)

    async def on_unmount(self) -> None:
        self.workers.cancel_node(self)
        await self._client.close()

    @property
    def _grid(self) -> PictureGrid:
        return self.query_one(PictureGrid)

    # ── what happened ──────────────────────────────────────────────────────

    def _request(self, request: PageRequest, chosen: int = 0) -> None:
        self._requested, self._chosen = request, chosen
        if request == self._answered:
            self._update_title()
        elif not self._asking:
            self._asking = True
            self.run_worker(self._ask())

    async def _ask(self) -> None:
        """Ask until the images requested are those on the screen."""
        try:
            if self._facts is None:
                self._wait(WAIT)
                self._facts = await self._client.open(self._wait)
                for warning in self._facts.warnings:
                    self.notify(safe_text(warning), severity="warning", markup=False, timeout=10)
            while (request := self._requested) != self._answered:
                page = await self._client.page(request.split, request.label, request.first, MOST_SHOWN)
                if request == self._requested:
                    self._show(page, self._facts)
        except AetuiError as error:
            self._facts = self._page = self._answered = None
            self._wait(error.sentence)
        finally:
            self._asking = False

    def _wait(self, text: str) -> None:
        self.query_one("#title", Static).update("")
        self._grid.clear(text)

    def _show(self, page: Page, facts: DataFacts) -> None:
        self._page, self._answered = page, self._requested
        if page.indices:
            self._grid.show({"sample": page.pixels}, _captions(page, facts), LEAST_SHOWN)
        else:
            self._grid.clear("There are no images with this label.")
        self._update_title()

    def on_resize(self) -> None:
        self.call_after_refresh(self._keep_chosen)

    def _keep_chosen(self) -> None:
        """After a resize, when fewer images may fit."""
        position = self._requested.first + self._chosen
        if self._page:
            self._go(self._requested.first if self._chosen < self._shown else position, position)

    @property
    def _shown(self) -> int:
        """Images on the screen; with pictures off, lines of text."""
        given = len(self._page.indices) if self._page else 0
        return self._grid.shown or max(1, min(given, self._grid.size.height - 1))

    def _update_title(self) -> None:
        """Mark the chosen image and say in the title what is shown."""
        if self._page is None or self._facts is None:
            return
        self._grid.chosen = self._chosen
        request, total = self._requested, self._page.total
        label = "all labels" if request.label is None else f"label {self._facts.classes[request.label]}"
        words = [self._facts.title, request.split, label]
        if total:
            first, last = self._page.indices[0], self._page.indices[self._shown - 1]
            shown = (
                f"#{first}–#{last}"
                if request.label is None
                else f"{request.first + 1:,}–{request.first + self._shown:,}"
            )
            words += [f"images {shown} of {total:,}", self._caption]
        self.query_one("#title", Static).update(shortened(f" {' · '.join(words)}", self.size.width))
        if self._image and total:
            self._image.show(self._page.pixels[self._chosen], f"{self._facts.title} · {self._caption}")

    @property
    def _caption(self) -> str:
        """Of the chosen image."""
        assert self._page
        assert self._facts
        return _captions(self._page, self._facts)[self._chosen]

    # ── what the user wants ────────────────────────────────────────────────

    def action_turn(self, pages: int) -> None:
        """The next page or the one before; the last one is full, too."""
        first = self._requested.first + pages * self._shown
        self._go(first, max(0, first))

    def action_move(self, key: str) -> None:
        """Choose a neighbour; over the edge the page turns."""
        across = self._grid.across or 1
        by = {"left": -1, "right": 1, "up": -across, "down": across}[key]
        first, shown = self._requested.first, self._shown
        position = first + self._chosen + by
        turned = 0 if first <= position < first + shown else shown if by > 0 else -shown
        self._go(first + turned, position)

    def _go(self, first: int, position: int) -> None:
        """Show the page from `first` on, earlier where it would not be full, and choose an image."""
        if self._page is None:
            self._request(self._requested)
        elif self._requested.same_list(self._answered) and 0 <= position < self._page.total:
            self._turn_to(self._requested, first, position, self._page.total)

    def _turn_to(self, request: PageRequest, first: int, position: int, total: int) -> None:
        first = max(0, min(first, total - self._shown))
        self._request(replace(request, first=first), position - first)

    def action_image(self) -> None:
        """The chosen image alone."""
        if self._page and self._page.indices and self._facts and self._requested == self._answered:
            pixels = self._page.pixels[self._chosen]
            caption = f"{self._facts.title} · {self._caption}"
            self._image = ImageScreen(pixels, caption, self._choice, self.action_move)
            self.app.push_screen(self._image, self._close_image)

    def _close_image(self, _: None) -> None:
        self._image = None

    def action_split(self) -> None:
        """Train or test."""
        self._request(
            PageRequest("train" if self._requested.split == "test" else "test", self._requested.label)
        )

    def action_filter(self) -> None:
        """Ask for a label."""
        if self._facts:
            self.app.push_screen(LabelScreen(self._facts.classes), self._filter)

    def _filter(self, answer: str | None) -> None:
        if answer is not None:
            self._request(PageRequest(self._requested.split, None if answer == ALL else int(answer)))

    def action_jump(self) -> None:
        """Ask for an index."""
        if self._facts:
            self.app.push_screen(JumpScreen(self._requested.split, self._count(self._facts)), self._jump)

    def _jump(self, index: int | None) -> None:
        if index is not None and self._facts:
            first = index - index % self._shown
            self._turn_to(PageRequest(self._requested.split), first, index, self._count(self._facts))

    def _count(self, facts: DataFacts) -> int:
        return facts.train if self._requested.split == "train" else facts.test

    def action_back(self) -> None:
        self.app.pop_screen()


def _captions(page: Page, facts: DataFacts) -> list[str]:
    pairs = zip(page.labels, page.indices, strict=True)
    return [safe_text(f"#{index}: {facts.classes[label]}") for label, index in pairs]
