"""The rows of a chain as lines of text: layer, size, parameters, MACs, receptive field, unused."""

from dataclasses import dataclass
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from aetui.shapes.chain import TracedLayer, activation_bytes
from aetui.shapes.sizes import format_size
from aetui.text import format_bytes, format_count, plural, safe_text
from aetui.ui.calculator.editable_chain import Chain, Row
from aetui.ui.calculator.size_returned import return_text

BATCH = 64
"""Samples that the memory of the activations is given for; the presets' default batch."""
MOST_LAYER_CELLS = 48
MOST_REASON_LINES = 2
EMPTY = """\
Type a size and layers; the results come as you type:

  1x28x28 conv 16 k3 s2 p1, relu, conv 32 k3 s2 p1
  28 conv 1 k3 d2, maxpool k2, flatten, linear 10
  1x28x28 nn.Conv2d(1, 16, 3, stride=2, padding=1)

A size is channels x height x width. Options: k kernel, s stride,
p padding, d dilation, g groups, op output padding.
ctrl+t takes the model of the preset chosen in the menu."""


@dataclass(frozen=True)
class Line:
    """A line of the table and the row it belongs to."""

    row: int
    text: Text
    chosen: bool = False


@dataclass(frozen=True)
class Columns:
    """How many cells each column has, the gap on its left included."""

    layer: int
    size: int
    field: int
    unused: int
    number: int = 8

    @classmethod
    def fit(cls, width: int, axes: int) -> "Columns":
        """Fixed by the width and the number of axes, so that nothing jumps while numbers change."""
        size, field, unused = (17, 12, 9) if axes > 2 else (13, 9, 8)
        rest = width - size - field - unused - 2 * cls.number
        return cls(max(12, min(MOST_LAYER_CELLS, rest)), size, field, unused)

    def line(self, layer: Text, cells: tuple[str, str, str, str, str], style: str = "") -> Text:
        """One line: the layer and its size on the left, the numbers on the right of their columns."""
        size, parameters, macs, field, unused = cells
        text = Text("  ").append_text(_cut(layer, self.layer - 2))
        text.append("  " + set_cell_size(safe_text(size), self.size - 2), style)
        for cell, width in ((parameters, self.number), (macs, self.number), (field, self.field)):
            text.append(f"{cell:>{width}}", style)
        return text.append(f"{unused:>{self.unused}}", style or ("yellow" if unused.strip("0x") else ""))


def head_line(columns: Columns, hidden: str) -> Text:
    """The names of the columns; `hidden` tells of lines that there is no room for."""
    return columns.line(Text(f"layer{hidden}", "dim"), ("size", "params", "MACs", "field", "unused"), "dim")


def chain_lines(chain: Chain, width: int, chosen: int, number: int | None) -> list[Line]:
    """All lines below the head. `number` is the one chosen in the chosen row, None for the whole row."""
    if not chain.line.strip():
        return [Line(0, Text.styled(text, "dim")) for text in EMPTY.splitlines()]
    size = chain.rows[0].output
    columns = Columns.fit(width, len(size) - 1 if size else 2)
    lines: list[Line] = []
    for index, row in enumerate(chain.rows):
        here = index == chosen
        lines.append(Line(index, _row_line(columns, row, number if here else None, chain, index), here))
        if row.problem:
            lines += [Line(index, Text.styled(text, "red"), here) for text in _reason(row, width)]
    return lines


def way_text(chain: Chain) -> str:
    """From which size to which, and whether that is the way back."""
    traced = chain.traced
    if not traced:
        return ""
    way = f"{format_size(traced[0].input)} → {format_size(traced[-1].output)}"
    if chain.problem:
        return f"{way}, then it cannot go on"
    return way + return_text(traced)


def totals_text(chain: Chain) -> str:
    """The whole chain's parameters, MACs and memory."""
    traced = chain.traced
    if not traced:
        return ""
    parameters, macs = (sum(row.parameters for row in traced), sum(row.macs for row in traced))
    memory = format_bytes(activation_bytes(traced, BATCH))
    sums = f"{format_count(parameters)} parameters, {format_count(macs)} MACs"
    return f"{plural(len(traced), 'layer')}: {sums}, {memory} a batch of {BATCH}"


def _row_line(columns: Columns, row: Row, number: int | None, chain: Chain, index: int) -> Text:
    style = "red" if row.problem else "dim" if row.output is None else ""
    layer = Text(safe_text(row.text if number is None else row.spelled), style)
    if number is not None:
        layer.stylize("reverse bold", *chain.numbers(index)[number])
    if row.traced:
        return columns.line(layer, _cells(row.traced), style)
    return columns.line(layer, ("input" if index == 0 and row.output else "", "", "", "", ""), "dim")


def _cells(traced: TracedLayer) -> tuple[str, str, str, str, str]:
    parameters, macs = (format_count(n) if n else "" for n in (traced.parameters, traced.macs))
    unused = format_size(traced.unused) if any(traced.unused) else ""
    return format_size(traced.output), parameters, macs, format_size(traced.receptive_field), unused


def _reason(row: Row, width: int) -> list[str]:
    assert row.problem is not None
    problem = row.problem
    said = f"{problem.message} → {problem.hint}" if problem.hint else problem.message
    lines = wrap(safe_text(said), max(10, width - 6))
    cut = lines[:MOST_REASON_LINES]
    if len(lines) > len(cut):
        cut[-1] += " …"
    return [f"  {'✗' if first else ' '} {text}" for first, text in zip((True, False), cut, strict=False)]


def _cut(text: Text, width: int) -> Text:
    """Exactly `width` cells, … where something is left out."""
    if cell_len(text.plain) > width:
        text.truncate(width, overflow="ellipsis")
    text.pad_right(width - cell_len(text.plain))
    return text
