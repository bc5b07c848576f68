"""Tiles as cells of the terminal: half blocks in colour, or plain characters.

All tiles of a panel are one tall column of cells, tile below tile, so that they are drawn at once.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from rich.color import Color, ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset

from aetui.pictures import ascii
from aetui.pictures.halfblocks import RGB, Cells, Run, Span, cells, changed_spans, runs, xterm_number
from aetui.pictures.layout import ASCII, HALF_BLOCKS, Layout, Place, Surface, real_pixels
from aetui.pictures.pixels import Images
from aetui.pictures.scaling import fit, fitted_size
from aetui.terminal.choice import Choice

SAVE_CURSOR, RESTORE_CURSOR = "\x1b7", "\x1b8"


class Piece(NamedTuple):
    """What a line of the panel holds from a column on: a sample's caption, or one row of a tile."""

    column: int
    sample: int
    tile: int | None = None
    """Counted view by view, sample by sample; None for the caption."""
    row: int = 0
    """Of the tile."""


def pieces_by_line(layout: Layout) -> Mapping[int, list[Piece]]:
    """The pieces of each line that has any, from left to right."""
    lines: dict[int, list[Piece]] = {}
    for index, sample in enumerate(layout.samples):
        lines.setdefault(sample.caption.row, []).append(Piece(sample.caption.column, index))
        for view, place in enumerate(sample.views):
            for row in range(layout.tile_rows):
                piece = Piece(place.column, index, index * len(sample.views) + view, row)
                lines.setdefault(place.row + row, []).append(piece)
    return {row: sorted(pieces) for row, pieces in lines.items()}


def surface_of(choice: Choice) -> Surface:
    """What a cell can show."""
    match choice.protocol:
        case "half":
            return HALF_BLOCKS
        case "ascii":
            return ASCII
    return real_pixels(*choice.cell_pixels)


def tile_places(layout: Layout) -> list[Place]:
    """The top left cell of every tile."""
    return [place for sample in layout.samples for place in sample.views]


def fitted_tiles(views: Mapping[str, Images], layout: Layout) -> Images:
    """The tiles (tiles, tile_height, tile_width, C) of the samples that the layout has room for."""
    stacked = np.stack([images[: len(layout.samples)] for images in views.values()], axis=1)
    return fit(stacked.reshape(-1, *stacked.shape[2:]), layout.tile_height, layout.tile_width)


class AsciiTiles:
    """The tiles of a layout as characters."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lines: list[str] = []

    def draw(self, views: Mapping[str, Images]) -> None:
        """Show these pictures from now on."""
        tiles = fitted_tiles(views, self._layout)
        self._lines = ascii.lines(tiles.reshape(-1, *tiles.shape[2:]))

    def segments(self, tile: int, row: int) -> list[Segment]:
        """One row of a tile."""
        return [Segment(self._lines[tile * self._layout.tile_rows + row])]


class HalfBlockTiles:
    """The tiles of a layout as half blocks, and which of their cells the terminal does not have yet."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._cells: Cells | None = None
        self._written: Cells | None = None
        self._runs: list[list[Run]] | None = None

    def draw(self, views: Mapping[str, Images]) -> None:
        """Show these pictures from now on; a colour near enough to the one in its place stays as it is."""
        tiles = fitted_tiles(views, self._layout)
        below = 2 * self._layout.tile_rows - self._layout.tile_height
        even = np.pad(tiles, ((0, 0), (0, below), (0, 0), (0, 0)))
        self._cells = cells(even.reshape(-1, *even.shape[2:]), self._cells)
        self._runs = None

    def segments(self, tile: int, row: int) -> list[Segment]:
        """One row of a tile."""
        assert self._cells
        self._runs = self._runs or runs(self._cells)
        line = self._runs[tile * self._layout.tile_rows + row]
        return [Segment(run.text, _style(run.upper, run.lower)) for run in line]

    def set_written(self) -> None:
        """All cells go out in another way."""
        self._written = self._cells

    def write_changes(self, origin: Offset, console: Console) -> str:
        """Escape sequences that draw what the terminal does not have, in a panel that begins at `origin`."""
        old, new = self._written, self._cells
        assert old
        assert new
        self._written = new
        if old is new:
            return ""
        colours = COLOR_SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)
        places = tile_places(self._layout)
        pen = _Pen(colours)
        written = [SAVE_CURSOR, "\x1b[0m"]
        for span in changed_spans(old, new):
            tile, row = divmod(span.row, self._layout.tile_rows)
            column, top = places[tile]
            [line] = runs(_cut(new, span))
            written.append(move_to(origin.x + column + span.column, origin.y + top + row))
            written += map(pen.write, line)
        return "".join([*written, "\x1b[0m", RESTORE_CURSOR])


def half_blocks_in_place(views: Mapping[str, Images], layout: Layout) -> HalfBlockTiles:
    """The tiles of a layout of pixels as half blocks in the same cells."""
    _, height, width, _ = next(iter(views.values())).shape
    high, wide = fitted_size(height, width, 2 * layout.tile_rows, layout.tile_columns)
    tiles = HalfBlockTiles(replace(layout, tile_height=high, tile_width=wide))
    tiles.draw(views)
    return tiles


class _Pen:
    """Writes runs, naming a colour only where it is another than before."""

    def __init__(self, colours: ColorSystem) -> None:
        self._colours = colours
        self._upper: RGB | None = None
        self._lower: RGB | None = None

    def write(self, run: Run) -> str:
        codes = []
        if run.upper not in (run.lower, self._upper):
            self._upper = run.upper
            codes.append(_codes(run.upper, self._colours, True))
        if run.lower != self._lower:
            self._lower = run.lower
            codes.append(_codes(run.lower, self._colours, False))
        return f"\x1b[{';'.join(codes)}m{run.text}" if codes else run.text


def _cut(whole: Cells, span: Span) -> Cells:
    part = np.s_[span.row : span.row + 1, span.column : span.column + span.width]
    return Cells(whole.upper[part], whole.lower[part])


def move_to(column: int, row: int) -> str:
    """Put the cursor on a cell of the screen, counted from 0."""
    return f"\x1b[{row + 1};{column + 1}H"


@lru_cache(1024)
def _codes(rgb: RGB, colours: ColorSystem, foreground: bool) -> str:
    return ";".join(_color(rgb).downgrade(colours).get_ansi_codes(foreground))


@lru_cache(4096)
def _style(upper: RGB, lower: RGB) -> Style:
    return Style(color=_color(upper) if upper != lower else None, bgcolor=_color(lower))


def _color(rgb: RGB) -> Color:
    number = xterm_number(rgb)
    return Color.from_rgb(*rgb) if number is None else Color.from_ansi(number)
