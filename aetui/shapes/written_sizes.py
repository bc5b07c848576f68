"""Sizes as other programs write them: with the batch in front, with the channels last."""

from collections.abc import Sequence

from aetui.errors import UsageError
from aetui.shapes.chain import ShapeError, trace
from aetui.shapes.layers import Layer
from aetui.shapes.sizes import Size, format_size


def has_batch(size: Size, layers: Sequence[Layer]) -> bool:
    """Whether the batch that `x.shape` has stands in front, as layers that tell their axes show."""
    declared = next((layer.declared for layer in layers if layer.declared and layer.declared.axes), None)
    axes = declared.axes if declared and declared.axes else ()
    return len(size) >= 3 and len(size) - 1 not in axes and len(size) - 2 in axes


def misread(size: Size, layers: Sequence[Layer]) -> UsageError | None:
    """What is to be said of a size that the layers do not fit, where it is one written another way."""
    if has_batch(size, layers):
        return UsageError(
            f"{size[0]} is the batch, which is no part of a size", f"write {format_size(size[1:])}"
        )
    if len(size) != 3 or size[2] not in (1, 3, 4) or min(size[:2]) <= size[2]:
        return None
    try:
        trace(size, layers)
    except ShapeError:
        first = format_size((size[2], *size[:2]))
        return UsageError(f"{format_size(size)} has its channels last", f"PyTorch has them first: {first}")
    return None
