"""Every layer of the layer language, brought together; flatten, unflatten and linear are defined here."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from aetui.errors import UsageError
from aetui.shapes.activations import (
    ELU,
    GELU,
    SELU,
    Hardswish,
    Identity,
    LeakyReLU,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from aetui.shapes.convolutions import Conv, ConvTranspose
from aetui.shapes.errors import ShapeError
from aetui.shapes.layer_base import Declared, Layer, TorchCall, check_range
from aetui.shapes.normalizations import BatchNorm, Dropout, Dropout2d, GroupNorm, InstanceNorm, LayerNorm
from aetui.shapes.padding import CircularPad, Pad, ReflectionPad, ReplicationPad, ZeroPad
from aetui.shapes.pooling import AdaptiveAvgPool, AdaptiveMaxPool, AdaptivePool, AvgPool, MaxPool, Pool
from aetui.shapes.resizing import PixelShuffle, PixelUnshuffle, Upsample
from aetui.shapes.sizes import Size, format_size, out_of_bounds

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "WINDOWED",
    "AdaptiveAvgPool",
    "AdaptiveMaxPool",
    "AvgPool",
    "BatchNorm",
    "CircularPad",
    "Conv",
    "ConvTranspose",
    "Declared",
    "Dropout",
    "Dropout2d",
    "Flatten",
    "GroupNorm",
    "Hardswish",
    "Identity",
    "InstanceNorm",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MaxPool",
    "Mish",
    "PReLU",
    "PixelShuffle",
    "PixelUnshuffle",
    "ReLU",
    "ReLU6",
    "ReflectionPad",
    "ReplicationPad",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "Unflatten",
    "Upsample",
    "ZeroPad",
]

WINDOWED = (Conv, ConvTranspose, Pool, AdaptivePool, Upsample, PixelShuffle, PixelUnshuffle, Pad)
"""Layers whose outputs read windows of their input."""


@dataclass(frozen=True)
class Flatten(Layer):
    """`flatten`: (channels, *axes) becomes (features,); torch.nn.Flatten()."""

    kind: ClassVar[str] = "flatten"
    torch_name: ClassVar[str] = "Flatten"
    channel_noun: ClassVar[str] = "numbers"

    def _channels(self, size: Size) -> int:
        return prod(size)

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
