"""Images as plain characters, for terminals without colours or Unicode."""

import numpy as np

from aetui.pictures.pixels import Images, in_grey

RAMP = " .:-=+*#%@"
"""From black to white on a dark background."""

COLUMNS = 2
"""Of one pixel: a cell is about twice as high as wide."""


def lines(pixels: Images) -> list[str]:
    """Pixels (H, W, C) as H lines of COLUMNS * W characters, the brighter the fuller."""
    levels = np.rint(in_grey(pixels) * ((len(RAMP) - 1) / 255)).astype(np.intp)
    characters = np.array(list(RAMP))[levels.repeat(COLUMNS, axis=1)]
    return ["".join(row) for row in characters]
