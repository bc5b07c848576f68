"""Tables on the command line: plain columns that a pipe can read too."""

import sys
import unicodedata
from collections.abc import Iterable, Sequence

from aetui.text import safe_text

LONGEST_LAST = 60
"""Characters in the last column, of what is told whole elsewhere."""


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]], if_empty: str) -> None:
    """Print rows in aligned columns, every cell shown literally; `if_empty` goes to stderr."""
    lines = [[safe_text(cell) for cell in row] for row in rows]
    if not lines:
        print(safe_text(if_empty), file=sys.stderr)
        return
    widths = [max(map(_cells, column)) for column in zip(heads, *lines, strict=True)]
    for line in (heads, *lines):
        padded = [cell + " " * (width - _cells(cell)) for cell, width in zip(line, widths, strict=True)]
        print("  ".join(padded).rstrip())


def cut(text: str) -> str:
    """What fits at the end of a line."""
    return text if len(text) <= LONGEST_LAST else f"{text[: LONGEST_LAST - 1]}…"


def _cells(text: str) -> int:
    """Terminal columns that `text` takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
