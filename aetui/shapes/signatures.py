"""The constructors of torch.nn that the layer language knows, with their arguments in PyTorch's order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from aetui.shapes import layers
from aetui.shapes.layers import Layer

Value = int | float | str | tuple[object, ...] | None
"""What an argument can be written as."""


@dataclass(frozen=True)
class Signature:
    """One constructor. `channels` is the argument that repeats what the input already says.

    `fixed` are arguments that the layer language cannot say, with the only value they may have. `axes` are
    the numbers of axes its input may have, None for any.
    """

    make: Callable[..., Layer]
    arguments: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    channels: str = ""
    fixed: Mapping[str, Value] = field(default_factory=dict)
    axes: tuple[int, ...] | None = None


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
        fixed={"padding_mode": "zeros"},
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
        fixed={"padding_mode": "zeros"},
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
        fixed={"count_include_pad": True, "divisor_override": None},
    ),
    "AdaptiveAvgPool": Signature(layers.AdaptiveAvgPool, ("output_size",), required=("output_size",)),
    "BatchNorm": Signature(
        layers.BatchNorm,
        ("num_features", "eps", "momentum", "affine", "track_running_stats"),
        required=("num_features",),
        channels="num_features",
        fixed={"eps": 1e-05, "momentum": 0.1, "affine": True, "track_running_stats": True},
    ),
}
"""Constructors that PyTorch has once for each number of axes: Conv1d, Conv2d, Conv3d."""

CLASSES = {
    f"{name}{axes}d": replace(signature, axes=(axes,))
    for name, signature in NUMBERED.items()
    for axes in (1, 2, 3)
} | {
    "BatchNorm1d": replace(NUMBERED["BatchNorm"], axes=(0, 1)),
    "Upsample": Signature(
        layers.Upsample,
        ("size", "scale_factor", "mode", "align_corners"),
        required=("scale_factor",),
        fixed={"size": None, "mode": "nearest", "align_corners": None},
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
    "ReLU": Signature(layers.ReLU, ("inplace",)),
    "LeakyReLU": Signature(layers.LeakyReLU, ("negative_slope", "inplace")),
    "GELU": Signature(layers.GELU, ("approximate",), fixed={"approximate": "none"}),
    "SiLU": Signature(layers.SiLU, ("inplace",)),
    "Tanh": Signature(layers.Tanh),
    "Sigmoid": Signature(layers.Sigmoid),
    "Identity": Signature(layers.Identity),
}
"""Every constructor that is read, by its name in torch.nn."""
