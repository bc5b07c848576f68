"""A size followed through a chain of layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from aetui.shapes.errors import ShapeError
from aetui.shapes.layers import Layer
from aetui.shapes.receptive import Field, Reach, reach_of
from aetui.shapes.sizes import Size, format_size, out_of_bounds

__all__ = ["MAX_LAYERS", "MAX_PARAMETERS", "ShapeError", "TracedLayer", "activation_bytes", "trace"]

MAX_LAYERS = 1_000
MAX_PARAMETERS = 10_000_000_000
"""The most parameters of a chain: 40 GB as float32."""


@dataclass(frozen=True)
class TracedLayer:
    """A layer at its place in a chain. Sizes are those of one sample.

    `fields` has one receptive field for each axis of the *chain's* input; `receptive_field`, `jump` and
    `centre` (of the first output) are its numbers, in positions of that input. `unused` has one number for
    each axis of the layer's own input: the last positions of the padded input that no window reaches.
    """

    layer: Layer
    input: Size
    output: Size
    parameters: int
    macs: int
    fields: tuple[Field, ...]
    unused: tuple[int, ...]

    @property
    def receptive_field(self) -> tuple[int, ...]:
        return tuple(field.extent for field in self.fields)

    @property
    def jump(self) -> tuple[float, ...]:
        return tuple(field.jump for field in self.fields)

    @property
    def centre(self) -> tuple[float, ...]:
        return tuple(field.centre for field in self.fields)


def trace(size: Size, layers: Sequence[Layer]) -> tuple[TracedLayer, ...]:
    """Follow one sample of this size through the layers.

    Raises `ShapeError` at the first layer that does not fit, with its index in the chain, and for chains
    beyond `MAX_LAYERS`, `MAX_PARAMETERS` or the bounds in `sizes`.
    """
    if len(layers) > MAX_LAYERS:
        raise ShapeError(
            f"{len(layers):,} layers are too many", f"at most {MAX_LAYERS:,} are computed", MAX_LAYERS
        )
    reason = out_of_bounds(size)
    if reason:
        raise ShapeError(f"input size {format_size(size)}: {reason}", "use a smaller input")
    traced: list[TracedLayer] = []
    total = 0
    reach = reach_of(size)
    for index, layer in enumerate(layers):
        try:
            output = _output(layer, size)
            reach = reach.after(layer, size, output)
        except ShapeError as error:
            raise at_layer(error, index, layer, size) from None
        traced.append(_row(layer, size, output, reach))
        total += traced[-1].parameters
        if total > MAX_PARAMETERS:
            too_many = ShapeError(
                f"it brings the chain to {total:,} parameters",
                f"at most {MAX_PARAMETERS:,} are computed; use fewer channels or features",
            )
            raise at_layer(too_many, index, layer, size)
        size = output
    return tuple(traced)


def at_layer(error: ShapeError, index: int, layer: Layer, size: Size) -> ShapeError:
    """The same error naming the layer's place (counted from 1), its text and its input size."""
    place = f"layer {index + 1} ({layer.text}) on {format_size(size)}"
    return ShapeError(f"{place}: {error.message}", error.hint, index)


def activation_bytes(traced: Sequence[TracedLayer], batch_size: int, bytes_per_number: int = 4) -> int:
    """Memory in bytes of a batch and every layer's output for it, all kept, as training does."""
    if not traced:
        return 0
    numbers = prod(traced[0].input) + sum(prod(row.output) for row in traced)
    return numbers * batch_size * bytes_per_number


def _output(layer: Layer, size: Size) -> Size:
    output = layer.output(size)
    reason = out_of_bounds(output)
    if reason:
        raise ShapeError(f"its output is {format_size(output)}: {reason}", "use smaller numbers")
    return output


def _row(layer: Layer, size: Size, output: Size, reach: Reach) -> TracedLayer:
    return TracedLayer(
        layer,
        size,
        output,
        layer.parameters(size),
        layer.macs(size),
        fields=reach.fields,
        unused=layer.unused(size),
    )
