"""Activations: every number by itself, or over the channels. None changes a size."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from aetui.errors import UsageError
from aetui.shapes.errors import ShapeError
from aetui.shapes.layer_base import Layer, TorchCall
from aetui.shapes.sizes import Size


@dataclass(frozen=True)
class ReLU(Layer):
    """`relu`: torch.nn.ReLU."""

    kind: ClassVar[str] = "relu"
    torch_name: ClassVar[str] = "ReLU"


@dataclass(frozen=True)
class ReLU6(Layer):
    """`relu6`: torch.nn.ReLU6."""

    kind: ClassVar[str] = "relu6"
    torch_name: ClassVar[str] = "ReLU6"


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
class PReLU(Layer):
    """`prelu`: torch.nn.PReLU, whose slope below 0 is learned; `prelu channels` has one for each channel."""

    kind: ClassVar[str] = "prelu"
    torch_name: ClassVar[str] = "PReLU"
    per_channel: bool = False

    def options(self) -> Iterator[str]:
        if self.per_channel:
            yield "channels"

    def parameters(self, size: Size) -> int:
        return size[0] if self.per_channel else 1

    def torch(self, size: Size) -> TorchCall:
        return TorchCall(self.torch_name, (size[0],) if self.per_channel else ())


@dataclass(frozen=True)
class ELU(Layer):
    """`elu 1.0`: torch.nn.ELU; below 0 it goes down to -`alpha`."""

    kind: ClassVar[str] = "elu"
    torch_name: ClassVar[str] = "ELU"
    alpha: float = 1.0

    def __post_init__(self) -> None:
        if not isfinite(self.alpha):
            raise UsageError(f"elu {self.alpha} is not a bound", "use a number such as 1.0")

    def options(self) -> Iterator[str]:
        yield str(self.alpha)

    def torch(self, size: Size) -> TorchCall:
        return TorchCall(self.torch_name, (self.alpha,))


@dataclass(frozen=True)
class SELU(Layer):
    """`selu`: torch.nn.SELU."""

    kind: ClassVar[str] = "selu"
    torch_name: ClassVar[str] = "SELU"


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
class Mish(Layer):
    """`mish`: torch.nn.Mish."""

    kind: ClassVar[str] = "mish"
    torch_name: ClassVar[str] = "Mish"


@dataclass(frozen=True)
class Hardswish(Layer):
    """`hardswish`: torch.nn.Hardswish."""

    kind: ClassVar[str] = "hardswish"
    torch_name: ClassVar[str] = "Hardswish"


@dataclass(frozen=True)
class Softplus(Layer):
    """`softplus`: torch.nn.Softplus."""

    kind: ClassVar[str] = "softplus"
    torch_name: ClassVar[str] = "Softplus"


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
class Softmax(Layer):
    """`softmax`: torch.nn.Softmax over the channels; `softmax -1` over the last axis. The batch is axis 0."""

    kind: ClassVar[str] = "softmax"
    torch_name: ClassVar[str] = "Softmax"
    dim: int = 1

    def __post_init__(self) -> None:
        if self.dim == 0:
            raise UsageError(f"{self.kind} over axis 0 mixes the samples of a batch", "use 1, the channels")

    def options(self) -> Iterator[str]:
        if self.dim != 1:
            yield str(self.dim)

    def torch(self, size: Size) -> TorchCall:
        return TorchCall(self.torch_name, kwargs=(("dim", self.dim),))

    def _output(self, size: Size) -> Size:
        if not -len(size) <= self.dim <= len(size):
            raise ShapeError(f"there is no axis {self.dim}", f"use 1, the channels, to {len(size)}")
        return size


@dataclass(frozen=True)
class LogSoftmax(Softmax):
    """`logsoftmax`: torch.nn.LogSoftmax, the logarithm of `softmax`."""

    kind: ClassVar[str] = "logsoftmax"
    torch_name: ClassVar[str] = "LogSoftmax"
    dim: int = 1


@dataclass(frozen=True)
class Identity(Layer):
    """`identity`: torch.nn.Identity."""

    kind: ClassVar[str] = "identity"
    torch_name: ClassVar[str] = "Identity"
