"""Where the tiles of a sheet go in a panel of cells.

Every sample has a row of text, its caption, above its views: side by side, in two rows or stacked.
Tiles begin on cell borders, so that text stays aligned: their size in cells is rounded up.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from aetui.pictures.scaling import fitted_size

SAMPLE_GAP = 2
"""Empty columns between two samples."""
VIEW_GAP = 1
"""Empty columns between two views side by side."""


@dataclass(frozen=True)
class Surface:
    """What a cell can show, and how small a tile may be on it and still be read."""

    cell_width: float
    """Pixels; below 1 where a pixel takes several columns."""
    cell_height: float
    least_scale: float
    """Of the image's own size."""
    least_side: int
    """Pixels, of the longer side."""
    enough_side: int
    """Pixels of the longer side that suffice for any image, whatever its own size."""
    least_rows: int
    """Cells."""


HALF_BLOCKS = Surface(1, 2, least_scale=0.5, least_side=12, enough_side=32, least_rows=1)
ASCII = Surface(0.5, 1, least_scale=0.5, least_side=12, enough_side=32, least_rows=1)


def real_pixels(cell_width: float, cell_height: float) -> Surface:
    """Sixel and kitty: a terminal whose cells have this size in pixels."""
    return Surface(cell_width, cell_height, least_scale=1, least_side=48, enough_side=96, least_rows=3)


class Place(NamedTuple):
    """A cell of the panel."""

    column: int
    row: int


@dataclass(frozen=True)
class SamplePlaces:
    """The top left cells of a sample's caption and of its views, in their order."""

    caption: Place
    views: tuple[Place, ...]


LEAST_CAPTION = len("triangle 0.123")
"""Columns of a sample with several views, for a label and an error beside it."""


@dataclass(frozen=True)
class Layout:
    """Tiles in a panel; without samples where it has no room for one."""

    samples: tuple[SamplePlaces, ...]
    views_across: int
    """Of a sample's views side by side."""
    caption_width: int
    """Columns."""
    tile_columns: int
    tile_rows: int
    tile_width: int
    """Pixels."""
    tile_height: int
    """Pixels."""


@dataclass(frozen=True)
class _Grid:
    """Samples in `across` columns and `down` rows, of their views `views_across` side by side."""

    across: int
    down: int
    views_across: int
    height: int
    """Of a tile in pixels."""
    width: int

    @property
    def capacity(self) -> int:
        return self.across * self.down


@dataclass(frozen=True)
class _Panel:
    """All that a layout depends on but the number of samples."""

    columns: int
    rows: int
    surface: Surface
    tile: tuple[int, int]
    """Height and width of an image."""
    views: int

    @property
    def ways(self) -> tuple[int, ...]:
        """How many views of a sample may stand side by side: all, half of them or one."""
        return tuple(dict.fromkeys((self.views, math.ceil(self.views / 2), 1)))

    def views_down(self, views_across: int) -> int:
        """Rows of views; the last one may be shorter."""
        return math.ceil(self.views / views_across)

    def grid(self, across: int, down: int, views_across: int) -> _Grid | None:
        """The largest tiles of so many samples; None where they have no pixel."""
        columns = (self.columns + SAMPLE_GAP) // across - SAMPLE_GAP
        tile_columns = (columns + VIEW_GAP) // views_across - VIEW_GAP
        tile_rows = (self.rows // down - 1) // self.views_down(views_across)
        most_height = math.floor(tile_rows * self.surface.cell_height)
        most_width = math.floor(tile_columns * self.surface.cell_width)
        if min(most_height, most_width) < 1:
            return None
        return _Grid(across, down, views_across, *fitted_size(*self.tile, most_height, most_width))

    def cells(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of a tile of so many pixels."""
        return math.ceil(height / self.surface.cell_height), math.ceil(width / self.surface.cell_width)

    def legible_size(self) -> tuple[int, int]:
        """Height and width in pixels of the smallest tile that can be read."""
        height, width = self.tile
        rows = ((self.surface.least_rows - 1) * self.surface.cell_height + 1) / height
        side = max(self.tile)
        own = min(self.surface.least_scale, self.surface.enough_side / side)
        scale = max(own, self.surface.least_side / side, rows)
        if scale > 1:
            scale = math.ceil(scale)
        return max(1, round(height * scale)), max(1, round(width * scale))

    def grids(self, height: int, width: int) -> Iterator[_Grid]:
        """All grids whose tiles have at least this size in pixels."""
        tile_rows, tile_columns = self.cells(height, width)
        for views_across in self.ways:
            sample_columns = views_across * (tile_columns + VIEW_GAP) - VIEW_GAP
            if self.views > 1:
                sample_columns = max(sample_columns, min(LEAST_CAPTION, self.columns))
            most_across = (self.columns + SAMPLE_GAP) // (sample_columns + SAMPLE_GAP)
            most_down = self.rows // (self.views_down(views_across) * tile_rows + 1)
            for across, down in itertools.product(range(1, most_across + 1), range(1, most_down + 1)):
                grid = self.grid(across, down, views_across)
                if grid and grid.height >= height and grid.width >= width:
                    yield grid


def arrange(
    columns: int,
    rows: int,
    surface: Surface,
    tile: tuple[int, int],
    views: int,
    samples: int,
    least_samples: int = 1,
) -> Layout:
    """The layout of up to `samples` images of `tile` = (height, width) pixels in a panel of cells.

    As many samples as can be read, then the largest tiles. Where fewer than `least_samples` can be read, the
    tiles may be half as large; where none can, one is as large as it fits, with as many more as fit then.
    """
    panel = _Panel(columns, rows, surface, tile, views)
    height, width = panel.legible_size()
    wanted = min(samples, least_samples)
    best = _best(panel.grids(height, width), samples)
    if best is None or best.capacity < wanted:
        halved = panel.grids(math.ceil(height / 2), math.ceil(width / 2))
        one = (grid for way in panel.ways if (grid := panel.grid(1, 1, way)))
        best = _best(halved, wanted) or best or _best(one, 1)
        if best:
            best = _best(panel.grids(best.height, best.width), samples)
    return _placed(panel, best, samples)


def _best(grids: Iterable[_Grid], samples: int) -> _Grid | None:
    """The grid with most of the samples, of these that with the largest tiles, of these the widest."""
    return max(
        grids,
        key=lambda grid: (
            min(grid.capacity, samples),
            grid.height * grid.width,
            grid.views_across,
            grid.across,
        ),
        default=None,
    )


def _placed(panel: _Panel, grid: _Grid | None, samples: int) -> Layout:
    if grid is None:
        return Layout((), 0, 0, 0, 0, 0, 0)
    tile_rows, tile_columns = panel.cells(grid.height, grid.width)
    views_down = panel.views_down(grid.views_across)
    step = Place(tile_columns + VIEW_GAP, tile_rows)
    tiles = grid.views_across * step.column - VIEW_GAP
    room = (panel.columns + SAMPLE_GAP) // grid.across - SAMPLE_GAP
    width = tiles if panel.views == 1 else max(tiles, min(LEAST_CAPTION, room))
    height = 1 + views_down * tile_rows
    places = []
    for index in range(min(samples, grid.capacity)):
        column, row = index % grid.across * (width + SAMPLE_GAP), index // grid.across * height
        views = tuple(
            Place(column + right * step.column, row + 1 + below * step.row)
            for below in range(views_down)
            for right in range(grid.views_across)
        )
        places.append(SamplePlaces(Place(column, row), views[: panel.views]))
    return Layout(tuple(places), grid.views_across, width, tile_columns, tile_rows, grid.width, grid.height)
