"""Tiles as sixels or kitty graphics: all tiles in one row of a layout are one image, a band."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from textual.geometry import Offset

from aetui.pictures import kitty, sixel
from aetui.pictures.layout import Layout
from aetui.pictures.pixels import Images, in_colour
from aetui.ui.pictures.cells import RESTORE_CURSOR, SAVE_CURSOR, fitted_tiles, move_to, tile_places

_image_ids = itertools.count(1)
"""Kitty's numbers for images, each used once in the life of the app."""

MOST_SIXEL_SIDE = 1000
"""Pixels: xterm's default `maxGraphicSize` is 1000x1000, and it drops a larger sixel whole."""
KEPT = 32
"""Encoded bands kept for a return to them, as when pictures are played again."""


@dataclass(frozen=True)
class Band:
    """One image of a panel, ready to be sent."""

    row: int
    """The first row of its cells; the first column is the panel's."""
    rows: int
    columns: int
    parts: tuple[tuple[Offset, str], ...]
    """Cells from the first one, and the escape sequence that draws there (sixel) or transmits (kitty)."""
    image_id: int = 0
    """Kitty's number."""

    @property
    def last_row(self) -> int:
        """The line of text that takes the band along."""
        return self.row + self.rows - 1


class TerminalGraphics(ABC):
    """The graphics of one panel."""

    def __init__(self, cell_pixels: tuple[int, int]) -> None:
        self._cell = cell_pixels
        self._encoded = lru_cache(KEPT)(self._encode_bytes)

    def encode(
        self, views: Mapping[str, Images], layout: Layout, background: tuple[int, int, int]
    ) -> list[Band]:
        """The bands of a layout. May take 0.1 s and more: not for the thread of the screen."""
        tiles = in_colour(fitted_tiles(views, layout))
        return [
            self._encoded(row, layout.tile_rows, pixels.shape, pixels.tobytes())
            for row, pixels in self._joined(tiles, layout, background)
        ]

    def _joined(
        self, tiles: Images, layout: Layout, background: tuple[int, int, int]
    ) -> Iterator[tuple[int, Images]]:
        """The row of each band and its pixels (H, W, 3); between the tiles is background."""
        width, height = self._cell
        places = tile_places(layout)
        columns = max(place.column for place in places) + layout.tile_columns
        for row in sorted({place.row for place in places}):
            pixels = np.empty((layout.tile_rows * height, columns * width, 3), np.uint8)
            pixels[:] = background
            for tile, place in zip(tiles, places, strict=True):
                if place.row == row:
                    left = place.column * width
                    pixels[: layout.tile_height, left : left + layout.tile_width] = tile
            yield row, pixels

    def _encode_bytes(self, row: int, rows: int, shape: tuple[int, int, int], data: bytes) -> Band:
        pixels = np.frombuffer(data, np.uint8).reshape(shape)
        return self._band(row, rows, shape[1] // self._cell[0], pixels)

    @abstractmethod
    def _band(self, row: int, rows: int, columns: int, pixels: Images) -> Band:
        """The band of its pixels (H, W, 3)."""

    def draw(self, band: Band, origin: Offset) -> str:
        """Escape sequences that show a band of the panel at `origin`; the cursor stays where it is."""
        return SAVE_CURSOR + self._show(band, origin + Offset(0, band.row)) + RESTORE_CURSOR

    @abstractmethod
    def _show(self, band: Band, place: Offset) -> str:
        """Escape sequences that show a band with its first cell at a place of the screen."""

    def remove(self) -> str:
        """Escape sequences that take away what text does not cover."""
        return ""


class SixelGraphics(TerminalGraphics):
    """Sixels: drawn over cells, gone where text is drawn over them."""

    def _band(self, row: int, rows: int, columns: int, pixels: Images) -> Band:
        """Cut on cell borders into parts that xterm takes."""
        width, height = self._cell
        wide, high = (max(1, MOST_SIXEL_SIDE // side) for side in self._cell)
        parts = [
            (Offset(x, y), pixels[y * height : (y + high) * height, x * width : (x + wide) * width])
            for y in range(0, rows, high)
            for x in range(0, columns, wide)
        ]
        return Band(row, rows, columns, tuple((place, sixel.encode(part)) for place, part in parts))

    def _show(self, band: Band, place: Offset) -> str:
        return "".join(move_to(*(place + offset)) + sequence for offset, sequence in band.parts)


class KittyGraphics(TerminalGraphics):
    """Kitty's images: each is sent once, and stays above text until it is deleted."""

    def __init__(self, cell_pixels: tuple[int, int]) -> None:
        super().__init__(cell_pixels)
        self._held: dict[int, int] = {}
        """By the row of a band, the number of the image that the terminal shows there."""

    def _band(self, row: int, rows: int, columns: int, pixels: Images) -> Band:
        """Equal pixels in two rows are two images, since an image has one place."""
        image_id = next(_image_ids)
        return Band(row, rows, columns, ((Offset(0, 0), kitty.transmit(pixels, image_id)),), image_id)

    def _show(self, band: Band, place: Offset) -> str:
        """An image that is there is only placed again; the one it replaces goes after it has come."""
        held = self._held.get(band.row)
        self._held[band.row] = band.image_id
        placed = move_to(*place) + kitty.place(band.image_id, band.columns, band.rows)
        if held == band.image_id:
            return placed
        [(_, transmitted)] = band.parts
        return transmitted + placed + ("" if held is None else kitty.delete(held))

    def remove(self) -> str:
        removed = "".join(map(kitty.delete, self._held.values()))
        self._held.clear()
        return removed
