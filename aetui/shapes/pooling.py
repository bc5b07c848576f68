"""Pooling over one to three axes; the rules are those of torch.nn."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from aetui.shapes.arithmetic import effective_kernel, pool_output, unused
from aetui.shapes.errors import ShapeError
from aetui.shapes.input_window import InputWindow, adaptive, sliding
from aetui.shapes.layer_base import (
    Axes,
    Layer,
    TorchCall,
    check_has_axes,
    check_range,
    compact,
    option,
    per_axis,
)
from aetui.shapes.sizes import Size, format_size


@dataclass(frozen=True)
class Pool(Layer):
    """What the two poolings share. `stride` None is the kernel's, as in PyTorch."""

    kernel_size: Axes
    stride: Axes | None = None
    padding: Axes = 0
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        check_range("kernel", self.kernel_size)
        check_range("stride", self.strides)
        check_range("padding", self.padding, 0)
        check_range("dilation", self.spacing)

    @property
    def spacing(self) -> Axes:
        """The dilation; average pooling has none."""
        return 1

    @property
    def strides(self) -> Axes:
        """The stride that counts: the kernel's when none is given."""
        return self.kernel_size if self.stride is None else self.stride

    def options(self) -> Iterator[str]:
        yield from option("k", self.kernel_size)
        yield from option("s", self.strides, self.kernel_size)
        yield from option("p", self.padding, 0)
        yield from option("d", self.spacing, 1)
        if self.ceil_mode:
            yield "ceil"

    def input_windows(self, size: Size) -> tuple[InputWindow, ...]:
        return tuple(sliding(k, s, p, d) for _, k, s, p, d in self._axes(size))

    def unused(self, size: Size) -> tuple[int, ...]:
        return tuple(
            unused(*numbers, o) for numbers, o in zip(self._axes(size), self._output(size)[1:], strict=True)
        )

    def torch(self, size: Size) -> TorchCall:
        options = (
            ("stride", compact(self.strides), compact(self.kernel_size)),
            ("padding", compact(self.padding), 0),
            ("dilation", compact(self.spacing), 1),
            ("ceil_mode", self.ceil_mode, False),
        )
        return TorchCall(
            f"{self.torch_name}{len(size) - 1}d",
            (compact(self.kernel_size),),
            tuple((name, value) for name, value, default in options if value != default),
        )

    def _output(self, size: Size) -> Size:
        check_has_axes(size)
        return (size[0], *(self._axis(*numbers) for numbers in self._axes(size)))

    def _axis(self, i: int, k: int, s: int, p: int, d: int) -> int:
        if p > k // 2:
            raise ShapeError(
                f"padding {p} is more than half of the kernel {k}", f"use p{k // 2}, or k{2 * p}"
            )
        out = pool_output(i, k, s, p, d, self.ceil_mode)
        if out < 1:
            padded = i + 2 * p
            raise ShapeError(
                f"a window over {effective_kernel(k, d)} does not fit into {padded}",
                f"use k{(padded - 1) // d + 1} or smaller",
            )
        return out

    def _axes(self, size: Size) -> list[tuple[int, int, int, int, int]]:
        """(input, kernel, stride, padding, dilation) for every axis."""
        named = (("k", self.kernel_size), ("s", self.strides), ("p", self.padding), ("d", self.spacing))
        columns = (per_axis(letter, value, size) for letter, value in named)
        return list(zip(size[1:], *columns, strict=True))


@dataclass(frozen=True)
class MaxPool(Pool):
    """`maxpool k2`: torch.nn.MaxPool1d, MaxPool2d, MaxPool3d."""

    kind: ClassVar[str] = "maxpool"
    torch_name: ClassVar[str] = "MaxPool"
    dilation: Axes = 1

    @property
    def spacing(self) -> Axes:
        return self.dilation


@dataclass(frozen=True)
class AvgPool(Pool):
    """`avgpool k3 s2 p1`: torch.nn.AvgPool1d, AvgPool2d, AvgPool3d."""

    kind: ClassVar[str] = "avgpool"
    torch_name: ClassVar[str] = "AvgPool"

    def _output(self, size: Size) -> Size:
        out = super()._output(size)
        kernel = per_axis("k", self.kernel_size, size)
        # AvgPool3d alone compares the kernel with the input before padding: aten/native/Pool.h
        if len(size) == 4 and any(k > i for k, i in zip(kernel, size[1:], strict=True)):
            fits = "x".join(str(min(k, i)) for k, i in zip(kernel, size[1:], strict=True))
            raise ShapeError(
                f"over three axes the kernel {format_size(kernel)} must fit into the input without padding",
                f"use k{fits}",
            )
        return out


@dataclass(frozen=True)
class AdaptivePool(Layer):
    """What the adaptive poolings share: windows of nearly equal size that lead to `output_size`."""

    output_size: Axes

    def __post_init__(self) -> None:
        check_range("output size", self.output_size)

    def options(self) -> Iterator[str]:
        yield from option("", self.output_size)

    def input_windows(self, size: Size) -> tuple[InputWindow, ...]:
        return tuple(adaptive(i, o) for i, o in zip(size[1:], self._output(size)[1:], strict=True))

    def torch(self, size: Size) -> TorchCall:
        return TorchCall(f"{self.torch_name}{len(size) - 1}d", (compact(self.output_size),))

    def _output(self, size: Size) -> Size:
        check_has_axes(size)
        return (size[0], *per_axis("", self.output_size, size))


@dataclass(frozen=True)
class AdaptiveAvgPool(AdaptivePool):
    """`adaptiveavgpool 7`: torch.nn.AdaptiveAvgPool1d to 3d."""

    kind: ClassVar[str] = "adaptiveavgpool"
    torch_name: ClassVar[str] = "AdaptiveAvgPool"


@dataclass(frozen=True)
class AdaptiveMaxPool(AdaptivePool):
    """`adaptivemaxpool 7`: torch.nn.AdaptiveMaxPool1d to 3d."""

    kind: ClassVar[str] = "adaptivemaxpool"
    torch_name: ClassVar[str] = "AdaptiveMaxPool"
