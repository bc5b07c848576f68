"""Samples as pictures: every sample a caption and its views, drawn in the way the terminal can.

Longer than other files: cells, graphics and what stands in for them replace each other from frame to frame in
one widget, and share what was drawn last.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widget import Widget

from aetui.terminal.choice import Choice
from aetui.text import safe_text
from aetui.ui.pictures.captions import PictureSamples, longest_with_room, shortened
from aetui.ui.pictures.carrier_strip import CarrierStrip

if TYPE_CHECKING:
    from aetui.pictures.layout import Layout
    from aetui.pictures.pixels import Images
    from aetui.ui.pictures.cells import AsciiTiles, HalfBlockTiles, Piece
    from aetui.ui.pictures.graphics import Band, TerminalGraphics

OFF = "pictures are off (--images off)"
OVERLAYS = "Toast, Tooltip"
"""Widgets that Textual lays over others on the same screen."""


class PictureGrid(Widget, can_focus=False):
    """A grid of samples. Between two pictures of one layout only what has changed is sent."""

    DEFAULT_CSS = """
    PictureGrid { width: 1fr; height: 1fr; }
    """

    chosen: reactive[int | None] = reactive[int | None](None, repaint=False)
    """Which of the samples shown has its caption highlighted."""
    first: reactive[int] = reactive(0, repaint=False)
    """Index of the first sample shown; never so large that samples before it would have room."""
    shown: reactive[int] = reactive(0, repaint=False)
    """How many samples there is room for, of those given."""

    def __init__(self, choice: Choice, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._choice = choice
        self._samples: PictureSamples | None = None
        self._text = ""
        self._layout: Layout | None = None
        self._room = Size(0, 0)
        """The size that the layout was made for."""
        self._pieces: Mapping[int, list[Piece]] = {}
        self._strips: dict[int, Strip] = {}
        self._tiles: HalfBlockTiles | AsciiTiles | None = None
        self._stand_in: HalfBlockTiles | None = None
        """In place of graphics while a dialog covers them, which could not be drawn over them."""
        self._graphics: TerminalGraphics | None = None
        self._bands: list[Band] = []
        self._wanted: Callable[[], list[Band]] | None = None
        self._encoding = False
        self._covering: frozenset[Region] = frozenset()

    def show(
        self, views: "Mapping[str, Images]", captions: Sequence[str | Sequence[str]], least_samples: int = 1
    ) -> None:
        """Show N samples, each view uint8 (N, H, W, 1 or 3), all of one shape; N captions in any text.

        `least_samples` of them should have room even where they can hardly be read.
        """
        self._samples = PictureSamples(views, captions, least_samples)
        self._update()

    def clear(self, text: str) -> None:
        """Show no pictures but a sentence: what will come, and when."""
        self._samples, self._text = None, text
        self._start_over()

    @property
    def across(self) -> int:
        """How many samples stand side by side."""
        return len(self._pieces.get(0, ()))

    @property
    def views_across(self) -> int:
        """How many views of a sample stand side by side."""
        return self._layout.views_across if self._layout else 0

    def turn(self, pages: int) -> None:
        """Show the next samples or, where negative, those before; the last page is full, too."""
        self.first += pages * self.shown
        self._update()

    def _update(self) -> None:
        """Draw the samples: all anew where their layout is another, else only what differs."""
        if self._samples is None or self._choice.protocol == "off":
            self._start_over()
            return
        if not self.size:
            return
        layout = self._arranged(self._samples)
        if layout != self._layout:
            self._start_over(layout)
        self.first = max(0, min(self.first, len(self._samples.captions) - self.shown))
        if layout.samples:
            drawn = self._samples.starting_at(self.first)
            if self._choice.protocol in ("sixel", "kitty"):
                self._encode(drawn, layout)
                self._draw_stand_in()
            else:
                self._draw_cells(drawn, layout)
            self._refresh_captions()

    def _start_over(self, layout: "Layout | None" = None) -> None:
        """Forget all that has been drawn."""
        self._remove_graphics()
        self._layout = layout
        self.shown = len(layout.samples) if layout else 0
        self._pieces = {}
        if layout:
            from aetui.ui.pictures.cells import pieces_by_line

            self._pieces = pieces_by_line(layout)
        self._strips.clear()
        self._tiles, self._stand_in, self._bands, self._wanted = None, None, [], None
        self._room = self.size
        self.refresh()

    def _arranged(self, samples: PictureSamples) -> "Layout":
        from aetui.pictures.layout import arrange
        from aetui.ui.pictures.cells import surface_of

        columns, rows = self.content_size
        if self._choice.protocol == "sixel" and self.content_region.bottom >= self.screen.size.height:
            rows -= 1  # xterm scrolls where a sixel reaches its last row
        count, height, width, _ = next(iter(samples.views.values())).shape
        surface, views = surface_of(self._choice), len(samples.views)
        return arrange(columns, max(0, rows), surface, (height, width), views, count, samples.least)

    def _refresh_if_changed(self, y: int) -> None:
        line = self._line(y)
        if line != self._strips.get(y):
            self._strips[y] = line
            self._refresh_line(y)

    def _refresh_line(self, y: int) -> None:
        """Draw a whole line again, border included: only such a line can carry anything."""
        self.refresh(Region(-self.gutter.left, y, self.outer_size.width, 1))

    def _refresh_captions(self) -> None:
        for y, pieces in self._pieces.items():
            if pieces[0].tile is None:
                self._refresh_if_changed(y)

    def watch_chosen(self) -> None:
        self._refresh_captions()

    def on_resize(self) -> None:
        self._start_over()
        self._update()

    # ── pictures made of cells ─────────────────────────────────────────────

    def _draw_cells(self, samples: PictureSamples, layout: "Layout") -> None:
        """Half blocks that only change go out with the first line."""
        from aetui.ui.pictures.cells import AsciiTiles, HalfBlockTiles

        before = self._tiles
        if self._tiles is None:
            self._tiles = HalfBlockTiles(layout) if self._choice.protocol == "half" else AsciiTiles(layout)
        self._tiles.draw(samples.views)
        if isinstance(before, HalfBlockTiles) and not self._covering and not self.get_line_filters():
            for y, pieces in self._pieces.items():
                if pieces[0].tile is not None:
                    self._strips.pop(y, None)
                    self.refresh(Region(0, y, 0, 1))  # to be rendered anew, but not to be written
            self._refresh_line(0)
        else:
            for y in self._pieces:
                self._refresh_if_changed(y)
            if isinstance(self._tiles, HalfBlockTiles):
                self._tiles.set_written()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Greys keep their numbers in the palette, which are shorter than true colours."""
        filters = super().get_line_filters()
        if self._choice.protocol != "half":
            return filters
        return [each for each in filters if not isinstance(each, ANSIToTruecolor)]

    # ── pictures made of pixels ────────────────────────────────────────────

    def _encode(self, samples: PictureSamples, layout: "Layout") -> None:
        """Encode in a thread, one at a time; of those that wait, only the newest."""
        from aetui.ui.pictures.graphics import KittyGraphics, SixelGraphics

        if self._graphics is None:
            graphics = KittyGraphics if self._choice.protocol == "kitty" else SixelGraphics
            self._graphics = graphics(self._choice.cell_pixels)
        background = self.background_colors[1].rgb
        self._wanted = partial(self._graphics.encode, samples.views, layout, background)
        if not self._encoding:
            self._encoding = True
            self.run_worker(self._encode_wanted())

    async def _encode_wanted(self) -> None:
        while wanted := self._wanted:
            bands = await asyncio.to_thread(wanted)
            if wanted is self._wanted:
                self._bands, self._wanted = bands, None
                for band in bands:
                    self._refresh_line(band.last_row)
        self._encoding = False

    def on_mount(self) -> None:
        self.watch(self.screen, "stack_updates", self._on_screens_changed, init=False)
        self.screen.screen_layout_refresh_signal.subscribe(self, self._on_layout_refreshed)
        self.app.app_suspend_signal.subscribe(self, lambda _: self._remove_graphics())
        self.app.theme_changed_signal.subscribe(self, lambda _: self.call_after_refresh(self._update))

    def _on_screens_changed(self) -> None:
        """Another screen covers this one, or no longer does."""
        if not self.screen.is_active:
            self._remove_graphics()
        self._draw_stand_in()
        self.refresh()

    def _draw_stand_in(self) -> None:
        """Half blocks for as long as a dialog lies over graphics, which would be blank below it."""
        from aetui.ui.pictures.cells import half_blocks_in_place

        before, self._stand_in = self._stand_in, None
        covered = not self.screen.is_active and isinstance(self.app.screen, ModalScreen)
        if covered and self._graphics and self._samples and self._layout and self._layout.samples:
            self._stand_in = half_blocks_in_place(self._samples.starting_at(self.first).views, self._layout)
        if before or self._stand_in:
            self._strips.clear()

    def _on_layout_refreshed(self, screen: Screen[object]) -> None:
        """Where an overlay comes or goes, text has been drawn over pictures."""
        overlays = (widget for widget in screen.query(OVERLAYS) if widget.display)
        covering = frozenset(w.region for w in overlays if w.region.overlaps(self.region))
        if covering != self._covering:
            self._covering = covering
            self._remove_graphics()
            self.refresh()

    def on_hide(self) -> None:
        self._remove_graphics()

    def on_unmount(self) -> None:
        self._remove_graphics()
        for signal in (self.app.app_suspend_signal, self.app.theme_changed_signal):
            signal.unsubscribe(self)  # what it calls holds the widget until it is published next

    def _remove_graphics(self) -> None:
        """Take away at once what text does not cover; no line of this widget may be left to carry it."""
        driver = self.app._driver
        if self._graphics and driver and (sequence := self._graphics.remove()):
            driver.write(sequence)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines; some of them carry what is drawn over them, if all of the widget is in sight."""
        lines = super().render_lines(crop)
        if self._layout and crop.size == self.outer_size and self.size == self._room:
            for row, cargo in self._cargo():
                y = row + self.gutter.top
                lines[y] = CarrierStrip(lines[y], cargo)
        else:
            self._remove_graphics()
        return lines

    def _cargo(self) -> Iterator[tuple[int, Callable[[], str]]]:
        """What goes out with which row."""
        from aetui.ui.pictures.cells import HalfBlockTiles

        origin = self.content_region.offset
        if isinstance(self._tiles, HalfBlockTiles):
            yield 0, partial(self._tiles.write_changes, origin, self.app.console)
        for band in self._bands:
            region = Region(origin.x, origin.y + band.row, band.columns, band.rows)
            if self._graphics and not any(region.overlaps(other) for other in self._covering):
                yield band.last_row, partial(self._graphics.draw, band, origin)

    def render_line(self, y: int) -> Strip:
        """The cells of one line; under graphics they are blank."""
        if y not in self._strips:
            self._strips[y] = self._line(y)
        return self._strips[y].apply_style(self.rich_style)

    def _line(self, y: int) -> Strip:
        width = self.size.width
        if not self._layout:
            lines = self._sentences()
            return Strip([Segment(shortened(lines[y] if y < len(lines) else "", width))], width)
        line = Strip([], 0)
        for piece in self._pieces.get(y, ()):
            line = line.extend_cell_length(piece.column) + Strip(self._piece(piece, self._layout))
        return line.adjust_cell_length(width)

    def _piece(self, piece: "Piece", layout: "Layout") -> list[Segment]:
        if piece.tile is None:
            assert self._samples
            caption = longest_with_room(
                self._samples.captions[self.first + piece.sample], layout.caption_width
            )
            return [Segment(caption, Style(reverse=True) if piece.sample == self.chosen else None)]
        tiles = self._tiles or self._stand_in
        return tiles.segments(piece.tile, piece.row) if tiles else [Segment(" " * layout.tile_columns)]

    def _sentences(self) -> list[str]:
        """What stands where there are no pictures."""
        width = max(1, self.size.width)
        if not self._samples:
            return wrap(safe_text(self._text), width)
        return [OFF, *(longest_with_room(texts, width) for texts in self._samples.captions)]
