"""Samples as a grid of pictures shows them, and their captions within a width."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from aetui.text import safe_text

if TYPE_CHECKING:
    from aetui.pictures.pixels import Images


FIGURE = re.compile(r"[#▲▼]?\d")
"""How a word begins that is a number."""


@dataclass(frozen=True, eq=False)
class PictureSamples:
    """N samples: each view uint8 (N, H, W, 1 or 3), all of one shape, and N captions in any text."""

    views: "Mapping[str, Images]"
    captions: Sequence[str | Sequence[str]]
    """Of each sample a text, or several that say less and less: the first is shown that has room."""
    least: int
    """So many should have room even where they can hardly be read."""

    def starting_at(self, first: int) -> "PictureSamples":
        """Without those before the first one."""
        views = {name: images[first:] for name, images in self.views.items()}
        return PictureSamples(views, self.captions[first:], self.least)


def longest_with_room(texts: str | Sequence[str], width: int) -> str:
    """The first of the texts that has room in exactly `width` cells, else the last one, cut."""
    choice = [texts] if isinstance(texts, str) else texts
    return shortened(next((text for text in choice if cell_len(safe_text(text)) <= width), choice[-1]), width)


def shortened(text: str, width: int) -> str:
    """Any text in exactly `width` cells; cut text ends with …, and never within a number."""
    text = safe_text(text)
    if cell_len(text) > width:
        kept = set_cell_size(text, max(0, width - 1)).rstrip()
        words, _, last = kept.rpartition(" ")
        if FIGURE.match(last) and not text[len(kept) :].startswith(" "):
            kept = f"{words} " if words else ""
        text = f"{kept}…"
    return set_cell_size(text, width)
