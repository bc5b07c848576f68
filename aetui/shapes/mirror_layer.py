"""For one layer of an encoder, the layer that returns to its input size."""

from collections.abc import Callable
from typing import cast

from aetui.shapes.arithmetic import conv_output, conv_transpose_output
from aetui.shapes.chain import TracedLayer
from aetui.shapes.errors import ShapeError
from aetui.shapes.layer_base import Axes, Layer, compact, per_axis
from aetui.shapes.layers import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    CircularPad,
    Conv,
    ConvTranspose,
    Flatten,
    Linear,
    MaxPool,
    PixelShuffle,
    PixelUnshuffle,
    ReflectionPad,
    ReplicationPad,
    Unflatten,
    Upsample,
    ZeroPad,
)
from aetui.shapes.pooling import Pool


def mirror_conv(row: TracedLayer) -> Layer:
    """Convolution -> transposed convolution; "same" padding keeps the size, so it stays as it is."""
    layer = cast(Conv, row.layer)
    channels = row.input[0]
    if layer.padding == "same":
        return Conv(channels, layer.kernel_size, 1, "same", layer.dilation, layer.groups, layer.bias)
    padding, output_padding = _transposed(row, layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    return ConvTranspose(
        channels,
        layer.kernel_size,
        layer.stride,
        padding,
        output_padding,
        layer.dilation,
        layer.groups,
        layer.bias,
    )


def mirror_conv_transpose(row: TracedLayer) -> Layer:
    """Transposed convolution -> convolution. Raises `ShapeError` where no padding returns to the size."""
    layer = cast(ConvTranspose, row.layer)
    columns = zip(
        row.input[1:],
        row.output[1:],
        per_axis("k", layer.kernel_size, row.input),
        per_axis("s", layer.stride, row.input),
        per_axis("p", layer.padding, row.input),
        per_axis("op", layer.output_padding, row.input),
        per_axis("d", layer.dilation, row.input),
        strict=True,
    )
    padding = tuple(_conv_padding(axis, *numbers) for axis, numbers in enumerate(columns, start=1))
    return Conv(
        row.input[0],
        layer.kernel_size,
        layer.stride,
        compact(padding),
        layer.dilation,
        layer.groups,
        layer.bias,
    )


def mirror_pool(row: TracedLayer) -> Layer | None:
    """Pooling -> upsampling by its stride; where that misses the size, a transposed convolution hits it."""
    layer = cast(Pool, row.layer)
    strides = per_axis("s", layer.strides, row.input)
    if row.input[1:] == tuple(o * s for o, s in zip(row.output[1:], strides, strict=True)):
        return _upsample(strides)
    padding, output_padding = _transposed(row, layer.kernel_size, layer.strides, layer.padding, layer.spacing)
    return ConvTranspose(
        row.input[0], layer.kernel_size, layer.strides, padding, output_padding, layer.spacing
    )


def mirror_adaptive(row: TracedLayer) -> Layer | None:
    """Adaptive pooling -> upsampling where it divides the size, else adaptive pooling of averages back up."""
    pairs = list(zip(row.input[1:], row.output[1:], strict=True))
    if all(i % o == 0 for i, o in pairs):
        return _upsample(tuple(i // o for i, o in pairs))
    return AdaptiveAvgPool(compact(row.input[1:]))


def mirror_upsample(row: TracedLayer) -> Layer:
    """Numbers that were repeated, or made between others -> their average."""
    if any(o % i for i, o in zip(row.input[1:], row.output[1:], strict=True)):
        return AdaptiveAvgPool(compact(row.input[1:]))
    return AvgPool(compact(tuple(o // i for i, o in zip(row.input[1:], row.output[1:], strict=True))))


def mirror_shuffle(row: TracedLayer) -> Layer:
    """Channels to positions -> positions to channels, and the other way round."""
    layer = cast(PixelShuffle | PixelUnshuffle, row.layer)
    return (PixelUnshuffle if isinstance(layer, PixelShuffle) else PixelShuffle)(layer.factor)


def mirror_pad(row: TracedLayer) -> Layer:
    """Raises `ShapeError`: no layer here crops."""
    raise ShapeError("padding of its own has no mirror", "pad in the layer behind it: conv 16 k3 p1")


def mirror_linear(row: TracedLayer) -> Layer:
    """Linear -> linear."""
    return Linear(row.input[-1], cast(Linear, row.layer).bias)


def mirror_flatten(row: TracedLayer) -> Layer | None:
    """Flatten -> unflatten; features that were flat already stay so."""
    return Unflatten(row.input) if len(row.input) > 1 else None


def mirror_unflatten(row: TracedLayer) -> Layer:
    """Unflatten -> flatten. Raises `ShapeError` where it split channels instead of features."""
    if len(row.input) > 1:
        raise ShapeError("splitting channels into axes has no mirror", "put a flatten before it")
    return Flatten()


MIRRORS: dict[type[Layer], Callable[[TracedLayer], Layer | None]] = {
    Conv: mirror_conv,
    ConvTranspose: mirror_conv_transpose,
    MaxPool: mirror_pool,
    AvgPool: mirror_pool,
    AdaptiveAvgPool: mirror_adaptive,
    AdaptiveMaxPool: mirror_adaptive,
    Upsample: mirror_upsample,
    PixelShuffle: mirror_shuffle,
    PixelUnshuffle: mirror_shuffle,
    ZeroPad: mirror_pad,
    ReplicationPad: mirror_pad,
    ReflectionPad: mirror_pad,
    CircularPad: mirror_pad,
    Linear: mirror_linear,
    Flatten: mirror_flatten,
    Unflatten: mirror_unflatten,
}
"""The layers that change sizes or have weights of their own. The others are repeated as they are."""


def _upsample(factors: tuple[int, ...]) -> Layer | None:
    return None if set(factors) == {1} else Upsample(compact(factors))


def _transposed(
    row: TracedLayer, kernel: Axes, stride: Axes, padding: Axes, dilation: Axes
) -> tuple[Axes, Axes]:
    """Padding and output padding of the transposed convolution from the row's output back to its input."""
    named = (("k", kernel), ("s", stride), ("p", padding), ("d", dilation))
    columns = (per_axis(letter, value, row.input) for letter, value in named)
    axes = zip(row.input[1:], row.output[1:], *columns, strict=True)
    paddings, output_paddings = zip(*(_transposed_axis(*numbers) for numbers in axes), strict=True)
    return compact(paddings), compact(output_paddings)


def _transposed_axis(i: int, o: int, k: int, s: int, p: int, d: int) -> tuple[int, int]:
    missing = i - conv_transpose_output(o, k, s, p, d, 0)
    if missing < 0:  # with ceil the last window hangs over the padding: cut more off
        p += (1 - missing) // 2
        missing = i - conv_transpose_output(o, k, s, p, d, 0)
    return p, missing


def _conv_padding(axis: int, i: int, o: int, k: int, s: int, p: int, op: int, d: int) -> int:
    """Padding of the convolution from o back to i."""
    for padding in range(p, max(-1, p - op - 1), -1):
        if conv_output(o, k, s, padding, d) == i:
            return padding
    raise ShapeError(
        f"no convolution with its kernel and stride leads from {o} back to {i} on axis {axis}, "
        f"because output padding {op} is not below stride {s}",
        f"use op{s - 1}",
    )
