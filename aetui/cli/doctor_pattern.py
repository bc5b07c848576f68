"""The test pattern of `aetui doctor`: ramps of gray and colour for eyes to judge."""

import colorsys

from aetui.terminal.choice import Choice

Rgb = tuple[int, int, int]

_COLUMNS = 64
_SHADES = " .:-=+*#%@"
_CUBE = (0, 95, 135, 175, 215, 255)
"""Levels of a channel in the 6x6x6 cube of 256 colours (xterm's ctlseqs)."""


def pattern(colours: int, unicode: bool) -> list[str]:
    """Lines of half-blocks, two pixels each; of characters where there are no colours or no Unicode."""
    grays = [(round(255 * x / (_COLUMNS - 1)),) * 3 for x in range(_COLUMNS)]
    rows = [grays, grays[::-1], _hues(1.0), _hues(0.5)]
    if colours <= 2 or not unicode:
        return ["".join(_SHADES[sum(pixel) * len(_SHADES) // 766] for pixel in row) for row in rows]
    return [_half_blocks(upper, lower, colours) for upper, lower in zip(rows[::2], rows[1::2], strict=True)]


def picture(choice: Choice) -> str:
    """The same ramps in the way of drawing that was chosen, where that is sixel or kitty graphics."""
    if choice.protocol not in ("sixel", "kitty"):
        return ""
    import numpy as np

    from aetui.pictures import kitty, sixel

    width, height = choice.cell_pixels
    columns = np.linspace(0, _COLUMNS - 1, _COLUMNS * width).astype(int)
    gray = [(round(255 * x / (_COLUMNS - 1)),) * 3 for x in range(_COLUMNS)]
    rows = np.array([gray, _hues(1.0)], np.uint8)[:, columns].repeat(height, axis=0)
    if choice.protocol == "sixel":
        return f"{sixel.encode(rows)}\n"
    return f"{kitty.transmit(rows, 1)}{kitty.place(1, _COLUMNS, 2)}\n\n"


def _hues(value: float) -> list[Rgb]:
    colours = (colorsys.hsv_to_rgb(x / _COLUMNS, 1, value) for x in range(_COLUMNS))
    return [(round(255 * red), round(255 * green), round(255 * blue)) for red, green, blue in colours]


def _half_blocks(upper: list[Rgb], lower: list[Rgb], colours: int) -> str:
    cells = (
        f"\x1b[{_sgr(above, colours, 38)};{_sgr(below, colours, 48)}m▀"
        for above, below in zip(upper, lower, strict=True)
    )
    return "".join(cells) + "\x1b[0m"


def _sgr(pixel: Rgb, colours: int, layer: int) -> str:
    """The colour nearest to `pixel`; `layer` is 38 for the character, 48 for what is behind it."""
    if colours > 256:
        return f"{layer};2;{pixel[0]};{pixel[1]};{pixel[2]}"
    if colours == 256:
        red, green, blue = map(_nearest_level, pixel)
        return f"{layer};5;{16 + 36 * red + 6 * green + blue}"
    red, green, blue = (channel > 127 for channel in pixel)
    return str(layer - 8 + red + 2 * green + 4 * blue)


def _nearest_level(channel: int) -> int:
    return min(range(len(_CUBE)), key=lambda level: abs(_CUBE[level] - channel))
