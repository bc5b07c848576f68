"""Images as half blocks: a cell shows two pixels, ▀ in the colour of the upper on the colour of the lower.

Colours are quantised, so that there are fewer and longer runs, shorter to say, and fewer cells that change
from one epoch to the next. No pixel is shown more than MOST_ERROR off.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aetui.pictures.pixels import Images, in_colour

UPPER_HALF = "▀"

MOST_ERROR = 8
"""Of 255, in any channel."""

COLOUR_LEVELS = np.rint(np.linspace(0, 255, 32))
"""Of red, green and blue: 5 bits a channel, 4 of 255 off at most."""

XTERM_GREYS = {
    **dict(zip((0, 95, 135, 175, 215, 255), (16, 59, 102, 145, 188, 231), strict=True)),
    **{8 + 10 * step: 232 + step for step in range(24)},
}
"""The numbers of greys in xterm's palette of 256 colours: the diagonal of its cube and its grey ramp.

Grey pixels take only these 30 levels, since one number in an escape sequence is shorter than three.
"""

JOINED_GAP = 4
"""So few unchanged cells between two changed ones are drawn again: as cheap as moving the cursor."""

RGB = tuple[int, int, int]


def _nearest(levels: NDArray[np.float64]) -> Images:
    """For each of 256 values the nearest of the levels."""
    distances = np.abs(np.arange(256)[:, np.newaxis] - levels)
    return np.asarray(levels[distances.argmin(axis=1)], np.uint8)


_NEAREST_COLOUR = _nearest(COLOUR_LEVELS)
_NEAREST_GREY = _nearest(np.array(sorted(XTERM_GREYS), np.float64))


@dataclass(frozen=True, eq=False)
class Cells:
    """The two colours of every cell, each (rows, columns, 3)."""

    upper: Images
    lower: Images

    def keys(self) -> NDArray[np.uint64]:
        """One number (rows, columns) a cell, equal where both colours are."""
        packed = np.zeros((*self.upper.shape[:2], 8), np.uint8)
        packed[..., :3], packed[..., 3:6] = self.upper, self.lower
        return packed.view(np.uint64)[..., 0]


class Run(NamedTuple):
    """Equal neighbouring cells: ▀ in `upper` on `lower`, or spaces on `lower` if the two are one colour."""

    text: str
    upper: RGB
    lower: RGB


class Span(NamedTuple):
    """Cells of one row, from a column on."""

    row: int
    column: int
    width: int


def cells(pixels: Images, shown: Cells | None = None) -> Cells:
    """Pixels (H, W, C) as cells. Below an odd last row is black, like the panel.

    A pixel no more than MOST_ERROR off what is `shown` in its place, at the same size, stays as it is.
    """
    colours = in_colour(pixels)
    if len(colours) % 2:
        colours = np.pad(colours, ((0, 1), (0, 0), (0, 0)))
    grey = (colours == colours[..., :1]).all(axis=-1, keepdims=True)
    quantised = np.where(grey, _NEAREST_GREY[colours], _NEAREST_COLOUR[colours])
    upper, lower = quantised[0::2], quantised[1::2]
    if shown is not None and shown.upper.shape == upper.shape:
        upper = _kept(colours[0::2], shown.upper, upper)
        lower = _kept(colours[1::2], shown.lower, lower)
    return Cells(upper, lower)


def _kept(exact: Images, shown: Images, quantised: Images) -> Images:
    """The colours shown where they are near enough to the exact ones, else the quantised ones."""
    near = (np.abs(exact.astype(np.int16) - shown) <= MOST_ERROR).all(axis=-1, keepdims=True)
    return np.where(near, shown, quantised)


def runs(cells: Cells) -> list[list[Run]]:
    """For each row the runs that show it, from left to right."""
    keys = cells.keys()
    first = np.ones(keys.shape, bool)
    first[:, 1:] = keys[:, 1:] != keys[:, :-1]
    widths = np.diff(np.flatnonzero(first), append=first.size).tolist()
    found = [
        Run((" " if above == below else UPPER_HALF) * width, above, below)
        for width, above, below in zip(
            widths, _tuples(cells.upper[first]), _tuples(cells.lower[first]), strict=True
        )
    ]
    ends = np.cumsum(first.sum(axis=1)).tolist()
    return [found[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def xterm_number(colour: RGB) -> int | None:
    """The number of a grey in xterm's palette, where it has this one."""
    red, green, blue = colour
    return XTERM_GREYS.get(red) if red == green == blue else None


def changed_spans(old: Cells, new: Cells) -> list[Span]:
    """The cells to draw again, top to bottom; all rows where the sizes differ."""
    rows, columns = new.upper.shape[:2]
    if old.upper.shape != new.upper.shape:
        return [Span(row, 0, columns) for row in range(rows)]
    changed = old.keys() != new.keys()
    spans = []
    for row in np.flatnonzero(changed.any(axis=1)).tolist():
        places = np.flatnonzero(changed[row])
        breaks = np.flatnonzero(np.diff(places) > JOINED_GAP)
        firsts = places[np.concatenate([[0], breaks + 1])].tolist()
        lasts = places[np.concatenate([breaks, [-1]])].tolist()
        spans += [Span(row, first, last - first + 1) for first, last in zip(firsts, lasts, strict=True)]
    return spans


def _tuples(colours: Images) -> list[RGB]:
    red, green, blue = colours.T.tolist()
    return list(zip(red, green, blue, strict=True))
