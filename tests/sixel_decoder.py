"""Sixels back to pixels, written from the VT330/VT340 Programmer Reference Manual, volume 2, chapter 14."""

import re

import numpy as np

TOKEN = re.compile(
    r'"(?P<raster>[\d;]+)|#(?P<colour>[\d;]+)|!(?P<count>\d+)(?P<repeated>[?-~])|(?P<sixel>[?-~])|(?P<control>[$-])'
)


def decode(text: str) -> np.ndarray:
    """The image (H, W, 3) in percent, -1 where nothing was drawn; its size is the raster attributes'.

    Asserts that the string is one device control string and draws nothing outside its raster. A colour is
    selected by its number alone: whether its definition selects it too depends on the terminal (xterm: no).
    """
    outer = re.fullmatch(r"\x1bP[\d;]*q([^\x1b]*)\x1b\\", text, re.DOTALL)
    assert outer, text[:40]
    body = outer[1]
    palette: dict[int, tuple[int, ...]] = {}
    colour, x, y, end = (-1, -1, -1), 0, 0, 0
    image = np.zeros((0, 0, 3), int)
    for token in TOKEN.finditer(body):
        assert token.start() == end, f"not sixel: {body[end : end + 20]!r}"
        end = token.end()
        if token["raster"]:
            across, down, width, height = map(int, token["raster"].split(";"))
            assert across == down, "pixels are not square"
            image = np.full((height, width, 3), -1)
        elif token["colour"]:
            register, *definition = map(int, token["colour"].split(";"))
            if definition:
                assert definition[0] == 2, "not red, green, blue"
                palette[register] = tuple(definition[1:])
            else:
                colour = palette[register]
        elif token["control"]:
            x, y = 0, y + 6 * (token["control"] == "-")
        else:
            count = int(token["count"] or 1)
            bits = ord(token["repeated"] or token["sixel"]) - 0x3F
            for row in range(6):
                if bits >> row & 1:
                    assert y + row < image.shape[0], "drawn below the image"
                    assert x + count <= image.shape[1], "drawn right of the image"
                    image[y + row, x : x + count] = colour
            x += count
    assert end == len(body)
    return image
