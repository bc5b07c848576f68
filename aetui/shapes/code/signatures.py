"""The constructors of torch.nn that the layer language knows, with their arguments in PyTorch's order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aetui.errors import UsageError
from aetui.shapes import layers
from aetui.shapes.layer_base import compact
from aetui.shapes.layers import Declared, Layer

Value = int | float | str | tuple[object, ...] | None
"""What an argument can be written as."""


@dataclass(frozen=True)
class Signature:
    """One constructor. `channels` is the argument that repeats what the input already says.

    `fixed` are arguments that the layer language cannot say, with the only value they may have. Those of
    `left_out`, with their defaults, change no size. `axes` are the numbers of axes its input may have, None
    for any; a tuple has `numbers_an_axis` for each.
    """

    make: Callable[..., Layer]
    arguments: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    channels: str = ""
    fixed: Mapping[str, Value] = field(default_factory=dict)
    left_out: Mapping[str, Value] = field(default_factory=dict)
    axes: tuple[int, ...] | None = None
    numbers_an_axis: int = 1


Scaled = layers.BatchNorm | layers.InstanceNorm | layers.GroupNorm


def _scaled(make: Callable[..., Scaled]) -> Callable[..., Layer]:
    """A normalisation whose scale comes with a shift, or with none of both."""

    def made(*, bias: bool = True, **fields: Any) -> Layer:
        layer = make(**fields)
        if layer.affine and not bias:
            raise UsageError("a scale without a shift cannot be said in the layer language", "leave bias out")
        return layer

    return made


def _padding(make: Callable[..., Layer]) -> Signature:
    """PyTorch writes one number, or two an axis, the last axis first."""

    def made(declared: Declared, padding: int | tuple[int, ...]) -> Layer:
        if isinstance(padding, int):
            return make(padding, padding, declared=declared)
        before, after = padding[-2::-2], padding[::-2]
        return make(compact(before), compact(after), declared=declared)

    return Signature(made, ("padding", "value"), ("padding",), left_out={"value": 0.0}, numbers_an_axis=2)


NUMBERED = {
    "Conv": Signature(
        layers.Conv,
        (
            "in_channels",
            "out_channels",
            "kernel_size",
            "stride",
            "padding",
            "dilation",
            "groups",
            "bias",
            "padding_mode",
        ),
        required=("in_channels", "out_channels", "kernel_size"),
        channels="in_channels",
        left_out={"padding_mode": "zeros"},
    ),
    "ConvTranspose": Signature(
        layers.ConvTranspose,
        (
            "in_channels",
            "out_channels",
            "kernel_size",
            "stride",
            "padding",
            "output_padding",
            "groups",
            "bias",
            "dilation",
            "padding_mode",
        ),
        required=("in_channels", "out_channels", "kernel_size"),
        channels="in_channels",
        left_out={"padding_mode": "zeros"},
    ),
    "MaxPool": Signature(
        layers.MaxPool,
        ("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"),
        required=("kernel_size",),
        fixed={"return_indices": False},
    ),
    "AvgPool": Signature(
        layers.AvgPool,
        ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"),
        required=("kernel_size",),
        left_out={"count_include_pad": True, "divisor_override": None},
    ),
    "AdaptiveAvgPool": Signature(layers.AdaptiveAvgPool, ("output_size",), required=("output_size",)),
    "AdaptiveMaxPool": Signature(
        layers.AdaptiveMaxPool,
        ("output_size", "return_indices"),
        required=("output_size",),
        fixed={"return_indices": False},
    ),
    "BatchNorm": Signature(
        _scaled(layers.BatchNorm),
        ("num_features", "eps", "momentum", "affine", "track_running_stats", "device", "dtype", "bias"),
        required=("num_features",),
        channels="num_features",
        left_out={"eps": 1e-05, "momentum": 0.1, "track_running_stats": True, "device": None, "dtype": None},
    ),
    "InstanceNorm": Signature(
        _scaled(layers.InstanceNorm),
        ("num_features", "eps", "momentum", "affine", "track_running_stats", "device", "dtype", "bias"),
        required=("num_features",),
        channels="num_features",
        left_out={"eps": 1e-05, "momentum": 0.1, "track_running_stats": False, "device": None, "dtype": None},
    ),
    "ZeroPad": _padding(layers.ZeroPad),
    "ConstantPad": _padding(layers.ZeroPad),
    "ReflectionPad": _padding(layers.ReflectionPad),
    "ReplicationPad": _padding(layers.ReplicationPad),
    "CircularPad": _padding(layers.CircularPad),
}
"""Constructors that PyTorch has once for each number of axes: Conv1d, Conv2d, Conv3d."""


def _lazy(signature: Signature) -> Signature:
    """The class of the same name with Lazy before it, which takes that argument from its first input."""
    arguments, required = (
        tuple(name for name in names if name != signature.channels)
        for names in (signature.arguments, signature.required)
    )
    return replace(signature, arguments=arguments, required=required, channels="")


def _prelu(declared: Declared, num_parameters: int = 1) -> Layer:
    channels = None if num_parameters == 1 else num_parameters
    return layers.PReLU(channels is not None, declared=replace(declared, channels=channels))


CLASSES = {
    f"{name}{axes}d": replace(signature, axes=(axes,))
    for name, signature in NUMBERED.items()
    for axes in (1, 2, 3)
} | {
    "BatchNorm1d": replace(NUMBERED["BatchNorm"], axes=(0, 1)),
    "Upsample": Signature(
        layers.Upsample,
        ("size", "scale_factor", "mode", "align_corners", "recompute_scale_factor"),
        left_out={"recompute_scale_factor": None},
    ),
    "UpsamplingNearest2d": Signature(layers.Upsample, ("size", "scale_factor"), axes=(2,)),
    "PixelShuffle": Signature(layers.PixelShuffle, ("upscale_factor",), ("upscale_factor",)),
    "PixelUnshuffle": Signature(layers.PixelUnshuffle, ("downscale_factor",), ("downscale_factor",)),
    "GroupNorm": Signature(
        _scaled(layers.GroupNorm),
        ("num_groups", "num_channels", "eps", "affine", "device", "dtype", "bias"),
        required=("num_groups", "num_channels"),
        channels="num_channels",
        left_out={"eps": 1e-05, "device": None, "dtype": None},
    ),
    "LayerNorm": Signature(
        layers.LayerNorm,
        ("normalized_shape", "eps", "elementwise_affine", "bias"),
        required=("normalized_shape",),
        left_out={"eps": 1e-05},
    ),
    "Flatten": Signature(layers.Flatten, ("start_dim", "end_dim"), fixed={"start_dim": 1, "end_dim": -1}),
    "Unflatten": Signature(
        layers.Unflatten, ("dim", "unflattened_size"), required=("dim", "unflattened_size"), fixed={"dim": 1}
    ),
    "Linear": Signature(
        layers.Linear,
        ("in_features", "out_features", "bias"),
        required=("in_features", "out_features"),
        channels="in_features",
    ),
    "Dropout": Signature(layers.Dropout, ("p", "inplace")),
    "Dropout2d": Signature(layers.Dropout2d, ("p", "inplace"), axes=(2,)),
    "ReLU": Signature(layers.ReLU, ("inplace",)),
    "LeakyReLU": Signature(layers.LeakyReLU, ("negative_slope", "inplace")),
    "ReLU6": Signature(layers.ReLU6, ("inplace",)),
    "PReLU": Signature(_prelu, ("num_parameters", "init"), left_out={"init": 0.25}),
    "ELU": Signature(layers.ELU, ("alpha", "inplace")),
    "SELU": Signature(layers.SELU, ("inplace",)),
    "GELU": Signature(layers.GELU, ("approximate",), left_out={"approximate": "none"}),
    "SiLU": Signature(layers.SiLU, ("inplace",)),
    "Mish": Signature(layers.Mish, ("inplace",)),
    "Hardswish": Signature(layers.Hardswish, ("inplace",)),
    "Softplus": Signature(layers.Softplus, ("beta", "threshold"), left_out={"beta": 1.0, "threshold": 20.0}),
    "Tanh": Signature(layers.Tanh),
    "Sigmoid": Signature(layers.Sigmoid),
    "Softmax": Signature(layers.Softmax, ("dim",)),
    "LogSoftmax": Signature(layers.LogSoftmax, ("dim",)),
    "Identity": Signature(layers.Identity),
}
CLASSES |= {
    f"Lazy{name}": _lazy(signature)
    for name, signature in CLASSES.items()
    if name.startswith(("Conv", "BatchNorm", "InstanceNorm", "Linear"))
}
"""Every constructor that is read, by its name in torch.nn."""
