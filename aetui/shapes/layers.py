"""Every layer of the layer language: those without windows are here, the others are brought together here."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite, prod
from typing import ClassVar

from aetui.errors import UsageError
from aetui.shapes.convolutions import Conv, ConvTranspose
from aetui.shapes.errors import ShapeError
from aetui.shapes.layer_base import Declared, Layer, TorchCall, check_range
from aetui.shapes.pooling import AdaptiveAvgPool, AvgPool, MaxPool, Upsample
from aetui.shapes.sizes import Size, format_size, out_of_bounds

__all__ = [
    "GELU",
    "AdaptiveAvgPool",
    "AvgPool",
    "BatchNorm",
    "Conv",
    "ConvTranspose",
    "Declared",
    "Dropout",
    "Flatten",
    "Identity",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MaxPool",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Tanh",
    "Unflatten",
    "Upsample",
]


@dataclass(frozen=True)
class Flatten(Layer):
    """`flatten`: (channels, *axes) becomes (features,); torch.nn.Flatten()."""

    kind: ClassVar[str] = "flatten"
    torch_name: ClassVar[str] = "Flatten"

    def _output(self, size: Size) -> Size:
        return (prod(size),)


@dataclass(frozen=True)
class Unflatten(Layer):
    """`unflatten 32x7x7`: (features,) becomes (channels, *axes); torch.nn.Unflatten(1, (32, 7, 7))."""

    kind: ClassVar[str] = "unflatten"
    torch_name: ClassVar[str] = "Unflatten"
    size: Size

    def __post_init__(self) -> None:
        reason = out_of_bounds(self.size) if len(self.size) > 1 else "it needs channels and at least one axis"
        if reason:
            raise UsageError(f"size {format_size(self.size)}: {reason}", "for example unflatten 32x7x7")

    def options(self) -> Iterator[str]:
        yield format_size(self.size)

    def torch(self, size: Size) -> TorchCall:
        return TorchCall(self.torch_name, (1, self.size))

    def _output(self, size: Size) -> Size:
        if prod(self.size) != size[0]:
            noun = "channels" if len(size) > 1 else "features"
            raise ShapeError(
                f"{format_size(self.size)} is {prod(self.size)} numbers, its input has {size[0]} {noun}",
                self._mend(size),
            )
        return self.size + size[1:]

    def _mend(self, size: Size) -> str:
        if len(size) > 1:
            return "put a flatten before it"
        channels, left = divmod(size[0], prod(self.size[1:]))
        if left == 0:
            return f"use unflatten {format_size((channels, *self.size[1:]))}"
        return f"put linear {prod(self.size)} before it"


@dataclass(frozen=True)
class Linear(Layer):
    """`linear 128`: torch.nn.Linear, which acts on the last axis and leaves the others as they are."""

    kind: ClassVar[str] = "linear"
    torch_name: ClassVar[str] = "Linear"
    channel_noun: ClassVar[str] = "features on its last axis"
    out_features: int
    bias: bool = True

    def __post_init__(self) -> None:
        check_range("features", self.out_features)

    def options(self) -> Iterator[str]:
        yield str(self.out_features)
        if not self.bias:
            yield "bias=false"

    def parameters(self, size: Size) -> int:
        return (size[-1] + self.bias) * self.out_features

    def macs(self, size: Size) -> int:
        """One matrix for every position of the leading axes."""
        return prod(size) * self.out_features

    def torch(self, size: Size) -> TorchCall:
        bias = () if self.bias else (("bias", False),)
        return TorchCall(self.torch_name, (size[-1], self.out_features), bias)

    def _output(self, size: Size) -> Size:
        return (*size[:-1], self.out_features)

    def _channels(self, size: Size) -> int:
        return size[-1]


@dataclass(frozen=True)
class BatchNorm(Layer):
    """`batchnorm`: torch.nn.BatchNorm1d (also for features) to 3d; a scale and a shift a channel."""

    kind: ClassVar[str] = "batchnorm"
    torch_name: ClassVar[str] = "BatchNorm"

    def parameters(self, size: Size) -> int:
        return 2 * size[0]

    def torch(self, size: Size) -> TorchCall:
        return TorchCall(f"{self.torch_name}{max(1, len(size) - 1)}d", (size[0],))


@dataclass(frozen=True)
class Dropout(Layer):
    """`dropout 0.1`: torch.nn.Dropout; `p` is the share of numbers set to 0 while training."""

    kind: ClassVar[str] = "dropout"
    torch_name: ClassVar[str] = "Dropout"
    p: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1:
            raise UsageError(f"dropout {self.p} is not a probability", "use a number from 0 to 1")

    def options(self) -> Iterator[str]:
        yield str(self.p)

    def torch(self, size: Size) -> TorchCall:
        return TorchCall(self.torch_name, (self.p,))


@dataclass(frozen=True)
class LeakyReLU(Layer):
    """`leakyrelu 0.2`: torch.nn.LeakyReLU; `negative_slope` is the slope below 0."""

    kind: ClassVar[str] = "leakyrelu"
    torch_name: ClassVar[str] = "LeakyReLU"
    negative_slope: float = 0.01

    def __post_init__(self) -> None:
        if not isfinite(self.negative_slope):
            raise UsageError(f"leakyrelu {self.negative_slope} is not a slope", "use a number such as 0.2")

    def options(self) -> Iterator[str]:
        yield str(self.negative_slope)

    def torch(self, size: Size) -> TorchCall:
        return TorchCall(self.torch_name, (self.negative_slope,))


@dataclass(frozen=True)
class ReLU(Layer):
    """`relu`: torch.nn.ReLU."""

    kind: ClassVar[str] = "relu"
    torch_name: ClassVar[str] = "ReLU"


@dataclass(frozen=True)
class GELU(Layer):
    """`gelu`: torch.nn.GELU."""

    kind: ClassVar[str] = "gelu"
    torch_name: ClassVar[str] = "GELU"


@dataclass(frozen=True)
class SiLU(Layer):
    """`silu`: torch.nn.SiLU."""

    kind: ClassVar[str] = "silu"
    torch_name: ClassVar[str] = "SiLU"


@dataclass(frozen=True)
class Tanh(Layer):
    """`tanh`: torch.nn.Tanh."""

    kind: ClassVar[str] = "tanh"
    torch_name: ClassVar[str] = "Tanh"


@dataclass(frozen=True)
class Sigmoid(Layer):
    """`sigmoid`: torch.nn.Sigmoid."""

    kind: ClassVar[str] = "sigmoid"
    torch_name: ClassVar[str] = "Sigmoid"


@dataclass(frozen=True)
class Identity(Layer):
    """`identity`: torch.nn.Identity."""

    kind: ClassVar[str] = "identity"
    torch_name: ClassVar[str] = "Identity"
