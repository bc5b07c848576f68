"""What a terminal answered, read from the bytes that came back. Rubbish reads as no answer."""

import re
from dataclasses import dataclass

STATUS_OK = b"\x1b[0n"
DEVICE_ATTRIBUTES = re.compile(rb"\x1b\[\?([0-9;]{1,100})c")
_KITTY_GRAPHICS = re.compile(rb"\x1b_G(?:[^;\x1b]{0,40},)?i=31(?:,[^;\x1b]{0,40})?;([ -~]{1,100})\x1b\\")
_SYNCHRONISED = re.compile(rb"\x1b\[\?2026;([0-4])\$y")
_CELL_SIZE = re.compile(rb"\x1b\[6;([0-9]{1,5});([0-9]{1,5})t")
_VERSION = re.compile(rb"\x1bP>\|([ -~]{1,60})\x1b\\")

_LARGEST_CELL = (200, 400)
_SMALLEST_CELL = (3, 5)


@dataclass(frozen=True)
class Answers:
    """One field a question; None or empty where nothing sensible came back."""

    attributes: tuple[int, ...] | None = None
    """Primary device attributes (DA1): the kind of terminal, then its extensions; 4 is sixel."""
    kitty: str = ""
    """`OK`, or the error, of the graphics query."""
    synchronised: int | None = None
    """DECRPM of mode 2026: 0 unknown, 1 set, 2 reset, 3 always set, 4 always reset."""
    cell_pixels: tuple[int, int] | None = None
    """Width and height as answered, sensible or not."""
    version: str = ""
    """Name and version (XTVERSION)."""


def read_answers(received: bytes) -> Answers:
    """Find the answers among whatever else came."""
    attributes = DEVICE_ATTRIBUTES.search(received)
    kitty = _KITTY_GRAPHICS.search(received)
    synchronised = _SYNCHRONISED.search(received)
    cell = _CELL_SIZE.search(received)
    version = _VERSION.search(received)
    return Answers(
        attributes=tuple(int(n) for n in attributes[1].split(b";") if n) if attributes else None,
        kitty=kitty[1].decode("ascii") if kitty else "",
        synchronised=int(synchronised[1]) if synchronised else None,
        cell_pixels=(int(cell[2]), int(cell[1])) if cell else None,
        version=version[1].decode("ascii").strip() if version else "",
    )


def is_cell(width: int, height: int) -> bool:
    """Whether a character cell can be this many pixels wide and high."""
    (narrowest, lowest), (widest, highest) = _SMALLEST_CELL, _LARGEST_CELL
    return narrowest <= width <= widest and lowest <= height <= highest
