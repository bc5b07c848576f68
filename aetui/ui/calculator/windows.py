"""What the outputs of a layer read, drawn: input positions, padding, and what no window reaches."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.text import Text

from aetui.shapes.chain import TracedLayer
from aetui.shapes.input_window import InputWindow
from aetui.shapes.layers import WINDOWED, ConvTranspose, PixelShuffle, Upsample

READ, READ_PADDING, INPUT, PADDING, UNUSED = "■", "▪", "□", "·", "×"
STYLES = {READ: "bold #e69f00", READ_PADDING: "#e69f00", INPUT: "", PADDING: "dim", UNUSED: "red", " ": ""}
"""Okabe and Ito's orange for what is read."""
LEGEND = f"{READ} read  {INPUT} input  {PADDING} padding  {READ_PADDING} padding read  {UNUSED} never read"
OUTPUT_STYLE = "bold #56b4e9"
LABEL = 7
"""Cells of the words "input" and "output" with their gap."""


@dataclass(frozen=True)
class Windows:
    """One axis of a layer: how many inputs and outputs, and what each output reads.

    Positions `first` to `last` are drawn: the input and its padding.
    """

    inputs: int
    outputs: int
    window: InputWindow
    first: int
    last: int
    reached: int
    """The last position that any window reaches."""

    def glyph(self, position: int, read: range) -> str:
        """How a position is drawn while an output reads `read`."""
        inside = 0 <= position < self.inputs
        if position in read:
            return READ if inside else READ_PADDING
        if position > self.reached:
            return UNUSED
        return INPUT if inside else PADDING

    def read(self, output: int) -> range:
        """The positions that are drawn and that an output reads."""
        return within(self.window.read(output), self.first, self.last)

    def sentence(self, output: int) -> str:
        """What an output reads, in words; positions are counted from 1."""
        read = self.read(output)
        inside = within(read, 0, self.inputs - 1)
        padding = len(read) - len(inside)
        said = _positions(inside)
        if padding:
            said = f"{said} and {padding} of padding" if inside else f"{padding} of padding alone"
        return f"output {output + 1} of {self.outputs} reads {said or 'no input'}"


def windows(row: TracedLayer) -> tuple[Windows, ...]:
    """The axes of a layer that has windows; none for the others."""
    if not isinstance(row.layer, WINDOWED):
        return ()
    return tuple(_windows(row, axis) for axis in range(len(row.input) - 1))


def draw_axis(axis: Windows, output: int, width: int) -> Text:
    """Three lines: the input with its padding, the span of the window, the output."""
    read = axis.read(output)
    room = max(1, width - LABEL)
    step = 2 if (axis.last - axis.first + 1) * 2 <= room else 1
    middle = (read[0] + read[-1]) // 2 if read else axis.first
    shown = _viewport(axis.first, axis.last, middle, room // step)
    text = Text("input  ", "dim")
    _append(text, [axis.glyph(x, read) for x in shown], step)
    text.append("\n" + " " * LABEL).append(_span(read, shown, step), STYLES[READ])
    text.append("\noutput ", "dim")
    outputs = _viewport(0, axis.outputs - 1, output, room // step)
    for o in outputs:
        text.append(READ if o == output else INPUT, OUTPUT_STYLE if o == output else "")
        text.append(" " * (step - 1))
    return text


def draw_plane(rows: Windows, columns: Windows, output: tuple[int, int], width: int) -> Text:
    """The last two axes of the input as a grid, one line a row."""
    read = rows.read(output[0]), columns.read(output[1])
    step = 2 if (columns.last - columns.first + 1) * 2 <= width else 1
    across = [columns.glyph(x, read[1]) for x in range(columns.first, columns.last + 1)]
    text = Text()
    for y in range(rows.first, rows.last + 1):
        _append(text, [_crossing(rows.glyph(y, read[0]), glyph) for glyph in across], step)
        text.append("\n")
    text.right_crop(1)
    return text


def plane_fits(rows: Windows, columns: Windows, width: int, height: int) -> bool:
    """Whether `draw_plane` fits."""
    return rows.last - rows.first < height and columns.last - columns.first < width


def within(positions: range, first: int, last: int) -> range:
    """Those of the positions that lie from `first` to `last`."""
    start, step = positions.start, positions.step
    return positions[max(0, -((start - first) // step)) : max(0, (last - start) // step + 1)]


def _windows(row: TracedLayer, axis: int) -> Windows:
    inputs, outputs = row.input[axis + 1], row.output[axis + 1]
    window, unused = row.layer.input_windows(row.input)[axis], row.unused[axis]
    if isinstance(row.layer, ConvTranspose | Upsample | PixelShuffle):  # there is no padding to read
        return Windows(inputs, outputs, window, 0, inputs - 1, inputs - 1)
    first, reached = window.read(0)[0], window.read(outputs - 1)[-1]
    last = max(inputs - 1, reached + unused)
    return Windows(inputs, outputs, window, min(0, first), last, reached if unused else last)


def _crossing(row: str, column: str) -> str:
    """The glyph of a position of the plane, from those of its row and its column."""
    if UNUSED in (row, column):
        return UNUSED
    if {row, column} <= {READ, READ_PADDING}:
        return READ if row == column == READ else READ_PADDING
    return PADDING if {row, column} & {PADDING, READ_PADDING} else INPUT


def _viewport(first: int, last: int, middle: int, count: int) -> range:
    """At most `count` positions around the middle one."""
    start = max(first, min(middle - count // 2, last + 1 - count))
    return range(start, min(last + 1, start + count))


def _span(read: range, shown: range, step: int) -> str:
    """A bracket under the window, from its first to its last position."""
    if not read or read[0] < shown[0] or read[-1] > shown[-1]:
        return ""
    cells = (read[-1] - read[0]) * step
    bracket = "│" if cells == 0 else f"╰{'─' * (cells - 1)}╯"
    return " " * ((read[0] - shown[0]) * step) + bracket


def _positions(read: range) -> str:
    if len(read) < 2:
        return f"input {read[0] + 1}" if read else ""
    span = f"inputs {read[0] + 1} to {read[-1] + 1}"
    return span if read.step == 1 else f"{span}, every {ordinal(read.step)}"


def ordinal(number: int) -> str:
    """2nd, 3rd, 4th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _append(text: Text, glyphs: Sequence[str], step: int) -> None:
    for glyph, run in groupby(glyphs):
        text.append((glyph + " " * (step - 1)) * len(list(run)), STYLES[glyph])
