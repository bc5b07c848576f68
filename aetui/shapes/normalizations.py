"""Normalisations and dropout: no size changes.

The means that normalisations take run over the whole sample; receptive fields leave them out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from aetui.errors import UsageError
from aetui.shapes.errors import ShapeError
from aetui.shapes.layer_base import Axes, Layer, TorchCall, check_has_axes, check_range, count
from aetui.shapes.sizes import Size, format_size


@dataclass(frozen=True)
class BatchNorm(Layer):
    """`batchnorm`: torch.nn.BatchNorm1d (also for features) to 3d; a scale and a shift a channel."""

    kind: ClassVar[str] = "batchnorm"
    torch_name: ClassVar[str] = "BatchNorm"
    affine: bool = True

    def options(self) -> Iterator[str]:
        if not self.affine:
            yield "affine=false"

    def parameters(self, size: Size) -> int:
        return 2 * size[0] * self.affine

    def torch(self, size: Size) -> TorchCall:
        name = f"{self.torch_name}{max(1, len(size) - 1)}d"
        return TorchCall(name, (size[0],), () if self.affine else (("affine", False),))


@dataclass(frozen=True)
class InstanceNorm(Layer):
    """`instancenorm`: torch.nn.InstanceNorm1d to 3d, each channel of each sample by itself."""

    kind: ClassVar[str] = "instancenorm"
    torch_name: ClassVar[str] = "InstanceNorm"
    affine: bool = False

    def options(self) -> Iterator[str]:
        if self.affine:
            yield "affine=true"

    def parameters(self, size: Size) -> int:
        return 2 * size[0] * self.affine

    def torch(self, size: Size) -> TorchCall:
        name = f"{self.torch_name}{len(size) - 1}d"
        return TorchCall(name, (size[0],), (("affine", True),) if self.affine else ())

    def _output(self, size: Size) -> Size:
        check_has_axes(size)
        if prod(size[1:]) == 1:
            raise ShapeError("one number a channel cannot be normalised", "take it before the axes are 1")
        return size


@dataclass(frozen=True)
class GroupNorm(Layer):
    """`groupnorm 4`: torch.nn.GroupNorm, over `num_groups` groups of channels of each sample."""

    kind: ClassVar[str] = "groupnorm"
    torch_name: ClassVar[str] = "GroupNorm"
    num_groups: int
    affine: bool = True

    def __post_init__(self) -> None:
        check_range("groups", self.num_groups)

    def options(self) -> Iterator[str]:
        yield str(self.num_groups)
        if not self.affine:
            yield "affine=false"

    def parameters(self, size: Size) -> int:
        return 2 * size[0] * self.affine

    def torch(self, size: Size) -> TorchCall:
        affine = () if self.affine else (("affine", False),)
        return TorchCall(self.torch_name, (self.num_groups, size[0]), affine)

    def _output(self, size: Size) -> Size:
        if size[0] % self.num_groups:
            fitting = next(n for n in range(self.num_groups, 0, -1) if size[0] % n == 0)
            raise ShapeError(
                f"{count(size[0], 'channel', 'channels')} do not split into {self.num_groups} groups",
                f"use groupnorm {fitting}",
            )
        return size


@dataclass(frozen=True)
class LayerNorm(Layer):
    """`layernorm`: torch.nn.LayerNorm over the whole sample; `layernorm 64` over a last axis of 64."""

    kind: ClassVar[str] = "layernorm"
    torch_name: ClassVar[str] = "LayerNorm"
    normalized_shape: Axes | None = None
    affine: bool = True
    bias: bool = True

    def __post_init__(self) -> None:
        if self.normalized_shape is not None:
            check_range("size", self.normalized_shape)

    def options(self) -> Iterator[str]:
        if self.normalized_shape is not None:
            yield format_size(_tuple(self.normalized_shape))
        if not self.affine:
            yield "affine=false"
        elif not self.bias:
            yield "bias=false"

    def parameters(self, size: Size) -> int:
        return prod(self._shape(size)) * (self.affine + (self.affine and self.bias))

    def torch(self, size: Size) -> TorchCall:
        options = (("elementwise_affine", self.affine), ("bias", self.bias or not self.affine))
        return TorchCall(
            self.torch_name, (self._shape(size),), tuple((key, value) for key, value in options if not value)
        )

    def _shape(self, size: Size) -> Size:
        return size if self.normalized_shape is None else _tuple(self.normalized_shape)

    def _output(self, size: Size) -> Size:
        shape = self._shape(size)
        if size[-len(shape) :] != shape:
            last = "last axis is" if len(shape) == 1 else f"last {len(shape)} axes are"
            raise ShapeError(
                f"it is written for {format_size(shape)}, the {last} {format_size(size[-len(shape) :])}",
                f"use layernorm {format_size(size[-len(shape) :])}, or layernorm alone for the whole sample",
            )
        return size


@dataclass(frozen=True)
class Dropout(Layer):
    """`dropout 0.1`: torch.nn.Dropout; `p` is the share of numbers set to 0 while training."""

    kind: ClassVar[str] = "dropout"
    torch_name: ClassVar[str] = "Dropout"
    p: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1:
            raise UsageError(f"{self.kind} {self.p} is not a probability", "use a number from 0 to 1")

    def options(self) -> Iterator[str]:
        yield str(self.p)

    def torch(self, size: Size) -> TorchCall:
        return TorchCall(self.torch_name, (self.p,))


@dataclass(frozen=True)
class Dropout2d(Dropout):
    """`dropout2d 0.1`: torch.nn.Dropout2d; `p` is the share of channels set to 0 while training."""

    kind: ClassVar[str] = "dropout2d"
    torch_name: ClassVar[str] = "Dropout2d"
    p: float = 0.5

    def _output(self, size: Size) -> Size:
        if len(size) != 3:
            raise ShapeError("it needs channels and two axes", "use dropout")
        return size


def _tuple(value: Axes) -> Size:
    return (value,) if isinstance(value, int) else value
