"""What leaves for a terminal, less the cells that it shows already.

Textual repaints whole rows of a widget that changed; of a frame of the monitor four in five cells are as they
were, and over SSH every byte counts. What is written is followed cell by cell here, and only changes pass.
Whatever is no text, such as a picture of sixels, passes as it is, and nothing is known afterwards.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from rich.cells import get_character_cell_size

TOKEN = re.compile(
    r"\x1b\[(?P<row>\d+);(?P<column>\d+)H|\x1b\[(?P<style>[\d;]*)m|(?P<line>\n)|(?P<save>\x1b7)|(?P<restore>\x1b8)"
    r"|(?P<mode>\x1b\[\?(?:25|2026)[hl])|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)
"""What a frame of text is made of: moves, styles, lines, the cursor's place and style kept and put back, the
cursor shown or hidden, synchronised output, text."""
PART = re.compile(
    r"(?P<text>38;5;\d+|38;2;\d+;\d+;\d+|3[0-79]|9[0-7])(?!\d)"
    r"|(?P<ground>48;5;\d+|48;2;\d+;\d+;\d+|4[0-79]|10[0-7])(?!\d)|\d+"
)
"""One setting of a style: the colour of the text or of the ground, by name, number or value; or another."""
SHORTEST_GAP = 8
"""As many cells of the same style are rather written again than jumped over."""

Cell = tuple[str, str]
"""A character of one column, and the numbers of `CSI … m` behind a reset."""


class Run(NamedTuple):
    """Text in one style from a column on, counted from 0."""

    column: int
    text: str
    style: str


class ChangedCells:
    """A terminal's cells as far as they are known. `reduced` takes what is about to be written."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, Cell]] = {}
        self._cursor: tuple[int, int] | None = None

    def forget(self) -> None:
        """Know nothing of what the terminal shows."""
        self._rows.clear()
        self._cursor = None

    def reduced(self, data: str) -> str:
        """A shorter text that leaves the terminal as `data` does."""
        frames = list(_frames(data, self._cursor))
        if any(frame is None for frame in frames):
            self.forget()
            return data
        return "".join(self._changes(frame) for frame in frames if frame)

    def _changes(self, frame: "Frame") -> str:
        writer = _Writer(self._cursor)
        for row in sorted(frame.rows):
            runs = frame.rows[row]
            if all(_is_single_width(run.text) for run in runs):
                self._write_changes(row, runs, writer)
            else:  # terminals do not agree on widths
                self._rows.pop(row, None)
                for run in runs:
                    writer.write(row, run.column, run.text, run.style)
                    writer.place = None
        writer.end(frame.cursor)
        self._cursor = writer.place
        return "".join(writer.parts) + frame.mode

    def _write_changes(self, row: int, runs: list[Run], writer: "_Writer") -> None:
        wanted = {
            column: (char, run.style) for run in runs for column, char in enumerate(run.text, run.column)
        }
        known = self._rows.setdefault(row, {})
        for column in sorted(wanted):
            cell = wanted[column]
            if known.get(column) != cell:
                known[column] = cell
                writer.fill_gap(row, column, known, cell[1])
                writer.write(row, column, *cell)


class Frame:
    """What is written until a mode is switched."""

    def __init__(self) -> None:
        self.rows: dict[int, list[Run]] = {}
        self.cursor: tuple[int, int] | None = None
        """Where it is left."""
        self.mode = ""
        """The switch behind it."""


class _Writer:
    """Moves, styles and text, each only where it is needed."""

    def __init__(self, place: tuple[int, int] | None) -> None:
        self.parts: list[str] = []
        self.place = place
        """Of the cursor, if that is certain."""
        self._style = ""

    def fill_gap(self, row: int, column: int, known: dict[int, Cell], style: str) -> None:
        """Write a few cells again that lie before the next change, instead of a move."""
        if self.place is None or self.place[0] != row or style != self._style:
            return
        gap = [known.get(at) for at in range(self.place[1], column)]
        if len(gap) < SHORTEST_GAP and all(cell and cell[1] == style for cell in gap):
            self.write(row, self.place[1], "".join(cell[0] for cell in gap if cell), style)

    def write(self, row: int, column: int, text: str, style: str) -> None:
        self._move(row, column)
        self._switch_to(style)
        self.parts.append(text)
        self.place = (row, column + len(text))

    def end(self, cursor: tuple[int, int] | None) -> None:
        """Leave no style behind, and the cursor where it belongs."""
        self._switch_to("")
        if cursor:
            self._move(*cursor)

    def _move(self, row: int, column: int) -> None:
        if self.place != (row, column):
            self.parts.append(f"\x1b[{row + 1};{column + 1}H")
            self.place = (row, column)

    def _switch_to(self, style: str) -> None:
        if style != self._style:
            self.parts.append(_switch(self._style, style))
            self._style = style


def _frames(data: str, place: tuple[int, int] | None) -> Iterator[Frame | None]:
    """What is written from the cursor's place on, in order; None for what is no text."""
    frame = Frame()
    style, kept = "", (place, "")
    at = 0
    while at < len(data):
        token = TOKEN.match(data, at)
        if token is None or (place is None and (token["text"] or token["save"])):
            yield None
            return
        at = token.end()
        if token["row"]:
            place = (int(token["row"]) - 1, int(token["column"]) - 1)
        elif token["style"] is not None:
            style = _combined(style, token["style"])
        elif token["line"]:
            place = None  # a move follows
        elif token["save"]:
            kept = (place, style)
        elif token["restore"]:
            place, style = kept
        elif token["mode"]:
            frame.cursor, frame.mode = place, token["mode"]
            yield frame
            frame = Frame()
        elif place:
            frame.rows.setdefault(place[0], []).append(Run(place[1], token["text"], style))
            place = (place[0], place[1] + sum(map(_width, token["text"])))
    frame.cursor = place
    yield frame if not style else None


@lru_cache(maxsize=4096)
def _switch(before: str, after: str) -> str:
    """The shortest sequence from one style to another: colours alone where only they differ."""
    (old, *old_colours), (new, *new_colours) = _parts(before), _parts(after)
    if old != new or not after:
        return f"\x1b[0;{after}m" if after else "\x1b[0m"
    defaults = ("39", "49")
    changed = [
        now or default
        for then, now, default in zip(old_colours, new_colours, defaults, strict=True)
        if then != now
    ]
    return f"\x1b[{';'.join(changed)}m" if changed else ""


@lru_cache(maxsize=4096)
def _parts(style: str) -> tuple[str, str, str]:
    """Everything but colours, the colour of the text, that of the ground."""
    text = ground = ""
    rest = []
    for found in PART.finditer(style):
        if found["text"]:
            text = found["text"]
        elif found["ground"]:
            ground = found["ground"]
        else:
            rest.append(found[0])
    return ";".join(rest), text, ground


def _combined(style: str, numbers: str) -> str:
    """Behind a style the numbers of one more sequence; a reset ends what was before."""
    if numbers in ("", "0"):
        return ""
    return f"{style};{numbers}" if style else numbers


@cache
def _width(char: str) -> int:
    return get_character_cell_size(char)


def _is_single_width(text: str) -> bool:
    return text.isascii() or all(_width(char) == 1 for char in text)
