"""Convolution and transposed convolution over one to three axes; the rules are those of torch.nn."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd, prod
from typing import ClassVar, Literal

from aetui.errors import UsageError
from aetui.shapes.arithmetic import conv_output, conv_transpose_output, effective_kernel, unused
from aetui.shapes.errors import ShapeError
from aetui.shapes.input_window import InputWindow, sliding, spreading
from aetui.shapes.layer_base import (
    Argument,
    Axes,
    Layer,
    TorchCall,
    check_has_axes,
    check_range,
    compact,
    option,
    per_axis,
)
from aetui.shapes.sizes import Size


@dataclass(frozen=True)
class Conv(Layer):
    """`conv 16 k3 s2 p1`: torch.nn.Conv1d, Conv2d, Conv3d with zero padding; "same" keeps the size."""

    kind: ClassVar[str] = "conv"
    torch_name: ClassVar[str] = "Conv"
    out_channels: int
    kernel_size: Axes
    stride: Axes = 1
    padding: Axes | Literal["same"] = 0
    dilation: Axes = 1
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        _check_numbers(self.out_channels, self.kernel_size, self.stride, self.dilation, self.groups)
        if self.padding != "same":
            check_range("padding", self.padding, 0)
        elif any(number != 1 for number in _numbers(self.stride)):
            raise UsageError("same padding is only defined for stride 1", "write s1, or p with a number")

    def options(self) -> Iterator[str]:
        yield str(self.out_channels)
        yield from option("k", self.kernel_size)
        yield from option("s", self.stride, 1)
        if self.padding == "same":
            yield "psame"
        else:
            yield from option("p", self.padding, 0)
        yield from _common_options(self.dilation, self.groups, self.bias)

    def parameters(self, size: Size) -> int:
        kernel = prod(per_axis("k", self.kernel_size, size))
        return self.out_channels * (size[0] // self.groups * kernel + self.bias)

    def macs(self, size: Size) -> int:
        """Every output number is a sum over the kernel and the input channels of its group."""
        kernel = prod(per_axis("k", self.kernel_size, size))
        return prod(self._output(size)) * (size[0] // self.groups) * kernel

    def input_windows(self, size: Size) -> tuple[InputWindow, ...]:
        # "same" puts the smaller half of the padding first: torch.nn.modules.conv._ConvNd
        return tuple(sliding(k, s, total // 2, d) for _, k, s, total, d in self._axes(size))

    def unused(self, size: Size) -> tuple[int, ...]:
        if self.padding == "same":
            return super().unused(size)
        out = self._output(size)[1:]
        return tuple(
            unused(i, k, s, total // 2, d, o)
            for (i, k, s, total, d), o in zip(self._axes(size), out, strict=True)
        )

    def torch(self, size: Size) -> TorchCall:
        padding = self.padding if self.padding == "same" else compact(self.padding)
        extra = (("stride", compact(self.stride)), ("padding", padding))
        return _call(self, size, extra)

    def _output(self, size: Size) -> Size:
        check_has_axes(size)
        check_groups(size[0], self.out_channels, self.groups)
        if self.padding == "same":
            self._axes(size)
            return (self.out_channels, *size[1:])
        axes = tuple(_conv_axis(i, k, s, total // 2, d) for i, k, s, total, d in self._axes(size))
        return (self.out_channels, *axes)

    def _axes(self, size: Size) -> list[tuple[int, int, int, int, int]]:
        """(input, kernel, stride, padding of both sides together, dilation) for every axis."""
        kernel, dilation = per_axis("k", self.kernel_size, size), per_axis("d", self.dilation, size)
        stride = per_axis("s", self.stride, size)
        if self.padding == "same":
            total = tuple(effective_kernel(k, d) - 1 for k, d in zip(kernel, dilation, strict=True))
        else:
            total = tuple(2 * p for p in per_axis("p", self.padding, size))
        return list(zip(size[1:], kernel, stride, total, dilation, strict=True))


@dataclass(frozen=True)
class ConvTranspose(Layer):
    """`convt 16 k3 s2 p1 op1`: torch.nn.ConvTranspose1d, ConvTranspose2d, ConvTranspose3d."""

    kind: ClassVar[str] = "convt"
    torch_name: ClassVar[str] = "ConvTranspose"
    out_channels: int
    kernel_size: Axes
    stride: Axes = 1
    padding: Axes = 0
    output_padding: Axes = 0
    dilation: Axes = 1
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        _check_numbers(self.out_channels, self.kernel_size, self.stride, self.dilation, self.groups)
        check_range("padding", self.padding, 0)
        check_range("output padding", self.output_padding, 0)

    def options(self) -> Iterator[str]:
        yield str(self.out_channels)
        yield from option("k", self.kernel_size)
        yield from option("s", self.stride, 1)
        yield from option("p", self.padding, 0)
        yield from option("op", self.output_padding, 0)
        yield from _common_options(self.dilation, self.groups, self.bias)

    def parameters(self, size: Size) -> int:
        kernel = prod(per_axis("k", self.kernel_size, size))
        return size[0] * (self.out_channels // self.groups) * kernel + self.out_channels * self.bias

    def macs(self, size: Size) -> int:
        """Every input number is spread over the kernel and the output channels of its group."""
        kernel = prod(per_axis("k", self.kernel_size, size))
        return prod(size) * (self.out_channels // self.groups) * kernel

    def input_windows(self, size: Size) -> tuple[InputWindow, ...]:
        return tuple(spreading(k, s, p, d) for _, k, s, p, _, d in self._axes(size))

    def torch(self, size: Size) -> TorchCall:
        extra = (
            ("stride", compact(self.stride)),
            ("padding", compact(self.padding)),
            ("output_padding", compact(self.output_padding)),
        )
        return _call(self, size, extra)

    def _output(self, size: Size) -> Size:
        check_has_axes(size)
        check_groups(size[0], self.out_channels, self.groups)
        return (self.out_channels, *(_transpose_axis(*numbers) for numbers in self._axes(size)))

    def _axes(self, size: Size) -> list[tuple[int, int, int, int, int, int]]:
        """(input, kernel, stride, padding, output padding, dilation) for every axis."""
        named = (
            ("k", self.kernel_size),
            ("s", self.stride),
            ("p", self.padding),
            ("op", self.output_padding),
            ("d", self.dilation),
        )
        columns = (per_axis(letter, value, size) for letter, value in named)
        return list(zip(size[1:], *columns, strict=True))


def check_groups(channels: int, out_channels: int, groups: int) -> None:
    """Groups must divide the channels on both sides. Raises `ShapeError`."""
    if channels % groups == 0 and out_channels % groups == 0:
        return
    common = gcd(channels, out_channels)
    nearest = min((g for g in range(1, common + 1) if common % g == 0), key=lambda g: (abs(g - groups), g))
    raise ShapeError(
        f"{groups} groups do not divide {channels} input and {out_channels} output channels",
        f"use g{nearest}",
    )


def _conv_axis(i: int, k: int, s: int, p: int, d: int) -> int:
    kernel = effective_kernel(k, d)
    if kernel > i + 2 * p:
        fits = (i + 2 * p - 1) // d + 1
        dilated = f" (k{k} with d{d})" if d > 1 else ""
        padded = f" (padding {p} on both sides)" if p else ""
        raise ShapeError(
            f"a kernel over {kernel}{dilated} does not fit into {i + 2 * p}{padded}",
            f"use k{fits} or smaller, or p{-(-(kernel - i) // 2)} or larger",
        )
    return conv_output(i, k, s, p, d)


def _transpose_axis(i: int, k: int, s: int, p: int, op: int, d: int) -> int:
    if op >= max(s, d):
        raise ShapeError(
            f"output padding {op} must be smaller than the stride {s} or the dilation {d}",
            f"use op{max(s, d) - 1}" + (f", or s{op + 1}" if op else ""),
        )
    out = conv_transpose_output(i, k, s, p, d, op)
    if out < 1:
        raise ShapeError(
            f"padding {p} cuts the output down to {out}", f"use p{p - (2 - out) // 2} or smaller"
        )
    return out


def _check_numbers(out_channels: int, kernel: Axes, stride: Axes, dilation: Axes, groups: int) -> None:
    check_range("channels", out_channels)
    check_range("kernel", kernel)
    check_range("stride", stride)
    check_range("dilation", dilation)
    check_range("groups", groups)


def _numbers(value: Axes) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else value


def _common_options(dilation: Axes, groups: int, bias: bool) -> Iterator[str]:
    yield from option("d", dilation, 1)
    yield from option("g", groups, 1)
    if not bias:
        yield "bias=false"


def _call(layer: Conv | ConvTranspose, size: Size, extra: tuple[tuple[str, Argument], ...]) -> TorchCall:
    options = (*extra, ("dilation", compact(layer.dilation)), ("groups", layer.groups), ("bias", layer.bias))
    defaults = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "bias": True}
    return TorchCall(
        f"{layer.torch_name}{len(size) - 1}d",
        (size[0], layer.out_channels, compact(layer.kernel_size)),
        tuple((name, value) for name, value in options if value != defaults[name]),
    )
