"""Which way of drawing pictures: what the terminal can, unless a person says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from aetui.terminal.detection import Terminal
from aetui.terminal.images_option import ImagesOption

Protocol = Literal["half", "ascii", "sixel", "kitty", "off"]

ASSUMED_CELL = (10, 20)
"""Pixels of a cell, width and height, where the terminal does not tell."""

TITLES: Mapping[Protocol, str] = {
    "half": "half-blocks",
    "ascii": "ASCII",
    "sixel": "sixel",
    "kitty": "kitty graphics",
    "off": "no pictures",
}


@dataclass(frozen=True)
class Choice:
    """A way of drawing pictures and why."""

    protocol: Protocol
    reason: str
    """One sentence for people, the protocol's title first."""
    cell_pixels: tuple[int, int]
    """Width and height of a cell; assumed where the terminal does not tell."""


def choose(terminal: Terminal, requested: ImagesOption) -> Choice:
    """The best that the terminal can for `auto`; any other request is followed."""
    protocol, reason = (
        _best(terminal) if requested == "auto" else (requested, _why_requested(terminal, requested))
    )
    return Choice(protocol, f"{TITLES[protocol]}: {reason}", terminal.cell_pixels or ASSUMED_CELL)


def _why_requested(terminal: Terminal, requested: ImagesOption) -> str:
    if requested in ("sixel", "kitty") and terminal.cell_pixels is None:
        width, height = ASSUMED_CELL
        return (
            f"asked for; the terminal does not tell the size of a cell, {width}x{height} pixels are assumed"
        )
    return "asked for"


def _best(terminal: Terminal) -> tuple[Protocol, str]:
    if terminal.cell_pixels:
        if terminal.kitty:
            return "kitty", terminal.reasons["kitty"]
        if terminal.sixel:
            return "sixel", terminal.reasons["sixel"]
    if not terminal.unicode:
        return "ascii", f"the locale is not UTF-8 ({terminal.reasons['unicode']})"
    if terminal.colours <= 2:
        return "ascii", f"no colours ({terminal.reasons['colours']})"
    return "half", _why_no_graphics(terminal)


def _why_no_graphics(terminal: Terminal) -> str:
    if terminal.kitty or terminal.sixel:
        knows = TITLES["kitty" if terminal.kitty else "sixel"]
        return f"the terminal knows {knows}, but not the size of a cell ({terminal.reasons['cell_pixels']})"
    if terminal.inside == "tmux" and terminal.answered:
        return f"no sixel, {terminal.reasons['sixel']}"
    if terminal.answered and not terminal.inside:
        return "the terminal answers neither kitty graphics nor sixel"
    return terminal.reasons["sixel"]
