"""Images through kitty's graphics protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol/).

An image is transmitted once under a number and then placed at the cursor. C=1 (kitty 0.20) leaves the cursor
where it is, q=2 keeps the terminal from answering.
"""

import base64
import io

from aetui.pictures.grid import to_image
from aetui.pictures.pixels import Images

CHUNK = 4096
"""Bytes of base64 in one escape sequence, at most."""


def transmit(pixels: Images, image_id: int) -> str:
    """Pixels (H, W, C), without loss, to the terminal under a number from 1; nothing is shown yet.

    What the terminal knew under that number, with its placements, is replaced.
    """
    png = io.BytesIO()
    to_image(pixels).save(png, "PNG")
    payload = base64.b64encode(png.getbuffer()).decode("ascii")
    chunks = [payload[start : start + CHUNK] for start in range(0, len(payload), CHUNK)]
    keys = [f"a=t,f=100,t=d,i={image_id},q=2,"] + ["q=2,"] * (len(chunks) - 1)
    more = [1] * (len(chunks) - 1) + [0]
    return "".join(_command(f"{key}m={m}", chunk) for key, m, chunk in zip(keys, more, chunks, strict=True))


def place(image_id: int, columns: int, rows: int) -> str:
    """Show a transmitted image over `columns` x `rows` cells from the cursor on.

    It is the image's only placement: placed again, it moves without flicker.
    """
    return _command(f"a=p,i={image_id},p=1,c={columns},r={rows},C=1,q=2")


def delete(image_id: int) -> str:
    """Take the image from the screen and from the terminal's memory."""
    return _command(f"a=d,d=I,i={image_id},q=2")


def _command(keys: str, payload: str = "") -> str:
    return f"\x1b_G{keys};{payload}\x1b\\" if payload else f"\x1b_G{keys}\x1b\\"
