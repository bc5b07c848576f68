"""Whether a chain that narrows and widens again is back at its size, and what brings it there."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from aetui.shapes.chain import ShapeError, TracedLayer, trace
from aetui.shapes.layers import ConvTranspose, Flatten, Layer
from aetui.shapes.mirror import mirror
from aetui.shapes.sizes import Size, format_size
from aetui.text import plural


def return_text(rows: Sequence[TracedLayer]) -> str:
    """ ", back at its size" or what is missing; "" for an encoder, which is not meant to come back."""
    size, output = rows[0].input, rows[-1].output
    if output == size:
        return ", back at its size"
    bottom = next((index for index, row in enumerate(rows) if _widens(row)), 0)
    if not bottom or len(output) != len(size) or prod(_axes(output)) <= prod(_axes(rows[bottom].input)):
        return ""
    return f", not back at {format_size(size)}{_mend(size, rows[:bottom], rows[bottom:])}"


def _mend(size: Size, encoder: Sequence[TracedLayer], decoder: Sequence[TracedLayer]) -> str:
    """The first layer of the mirrored decoder that leads to another size than the one in its place."""
    try:
        mirrored = trace(decoder[0].input, mirror(size, [row.layer for row in encoder]))
    except ShapeError:
        return ""
    found, wanted = (list(filter(_resizes, rows)) for rows in (decoder, mirrored))
    for row, right in zip(found, wanted, strict=False):
        if _axes(row.output) != _axes(right.output):
            return f": try {_in_place(right.layer, row.layer).text}"
    if len(found) < len(wanted):
        return f": add {wanted[len(found)].layer.text}"
    return f": end with {plural(size[0], 'channel')}" if _axes(decoder[-1].output) == _axes(size) else ""


def _in_place(right: Layer, layer: Layer) -> Layer:
    """The layer that returns, with the channels of the one it stands for."""
    if isinstance(right, ConvTranspose) and isinstance(layer, ConvTranspose):
        return replace(right, out_channels=layer.out_channels)
    return right


def _axes(size: Size) -> Size:
    """The size without its channels."""
    return size[1:] or size


def _resizes(row: TracedLayer) -> bool:
    return _axes(row.input) != _axes(row.output)


def _widens(row: TracedLayer) -> bool:
    return prod(_axes(row.output)) > prod(_axes(row.input)) and not isinstance(row.layer, Flatten)
