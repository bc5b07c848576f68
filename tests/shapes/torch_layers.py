"""Random layers, and the torch modules that a person would write for them."""

from random import Random

from torch import nn

from aetui.shapes import layers
from aetui.shapes.layers import Layer
from aetui.shapes.sizes import Size

LONGEST_AXIS = {0: 1, 1: 60, 2: 24, 3: 10}
PLAIN = (
    layers.Flatten,
    layers.BatchNorm,
    layers.Dropout,
    layers.ReLU,
    layers.LeakyReLU,
    layers.GELU,
    layers.SiLU,
    layers.Tanh,
    layers.Sigmoid,
    layers.Identity,
    layers.ELU,
    layers.SELU,
    layers.Mish,
    layers.Hardswish,
    layers.Softplus,
    layers.ReLU6,
    layers.PReLU,
)
TWO_AXES = (layers.PixelShuffle, layers.PixelUnshuffle, layers.Dropout2d)
PADS = (layers.ZeroPad, layers.ReflectionPad, layers.ReplicationPad, layers.CircularPad)


def random_size(rng: Random) -> Size:
    axes = rng.choice((0, 1, 1, 2, 2, 2, 3, 3))
    return (rng.choice((1, 2, 3, 4, 6, 8, 12)), *(rng.randint(1, LONGEST_AXIS[axes]) for _ in range(axes)))


def random_axes(rng: Random, axes: int, least: int, most: int) -> int | tuple[int, ...]:
    """Mostly one number, else one an axis, seldom for the wrong number of axes."""
    chance = rng.random()
    if chance < 0.65 or axes == 0:
        return rng.randint(least, most)
    count = rng.choice((2, 3)) if chance > 0.98 else axes
    return tuple(rng.randint(least, most) for _ in range(count)) if count > 1 else rng.randint(least, most)


def random_layer(rng: Random, size: Size) -> tuple[type[Layer], dict]:
    """A layer's class and its fields; it may be one that cannot be, or does not fit the size."""
    kind = rng.choice((*CHOICES, *CHOICES, None))
    if kind is None:
        return rng.choice(PLAIN), {}
    if kind is layers.Unflatten and len(size) == 4:
        return layers.Flatten, {}  # a fourth axis is beyond the layer language
    if kind in TWO_AXES and len(size) != 3:
        return layers.Flatten, {}  # torch takes other axes for channels then
    return kind, CHOICES[kind](rng, size)


def _conv(rng: Random, size: Size) -> dict:
    axes = len(size) - 1
    fields = _convolution(rng, axes)
    if rng.random() < 0.2:
        fields["padding"] = "same"
        if rng.random() < 0.8:
            fields["stride"] = 1
    return fields


def _convt(rng: Random, size: Size) -> dict:
    axes = len(size) - 1
    return _convolution(rng, axes) | {"output_padding": random_axes(rng, axes, 0, rng.choice((0, 1, 3)))}


def _convolution(rng: Random, axes: int) -> dict:
    return {
        "out_channels": rng.choice((1, 2, 3, 4, 6, 8, 12)),
        "kernel_size": random_axes(rng, axes, rng.choice((1, 1, 1, 0)), 7),
        "stride": random_axes(rng, axes, rng.choice((1, 1, 1, 1, 0)), 4),
        "padding": random_axes(rng, axes, rng.choice((0, 0, 0, 0, -1)), 4),
        "dilation": random_axes(rng, axes, 1, rng.choice((1, 1, 3))),
        "groups": rng.choice((1, 1, 1, 2, 3, 4)),
        "bias": rng.random() < 0.7,
    }


def _avgpool(rng: Random, size: Size) -> dict:
    axes = len(size) - 1
    fields = {
        "kernel_size": random_axes(rng, axes, 1, 6),
        "padding": random_axes(rng, axes, 0, rng.choice((0, 1, 3))),
        "ceil_mode": rng.random() < 0.5,
    }
    if rng.random() < 0.7:
        fields["stride"] = random_axes(rng, axes, 1, 5)
    return fields


def _maxpool(rng: Random, size: Size) -> dict:
    return _avgpool(rng, size) | {"dilation": random_axes(rng, len(size) - 1, 1, rng.choice((1, 1, 3)))}


def _unflatten(rng: Random, size: Size) -> dict:
    divisor = rng.choice([n for n in range(1, size[0] + 1) if size[0] % n == 0])
    return {"size": (divisor, size[0] // divisor + (rng.random() < 0.2))}


def _upsample(rng: Random, size: Size) -> dict:
    fitting = {0: "nearest", 1: "linear", 2: rng.choice(("bilinear", "bicubic")), 3: "trilinear"}
    modes = ("nearest", "nearest-exact", fitting[len(size) - 1], "bilinear")
    fields = {"mode": rng.choice(modes), "align_corners": rng.random() < 0.2}
    if rng.random() < 0.3:
        return fields | {"size": random_axes(rng, len(size) - 1, 1, 20)}
    if rng.random() < 0.3:
        return fields | {"scale_factor": rng.choice((0.5, 1.5, 2.25, 0.1))}
    return fields | {"scale_factor": random_axes(rng, len(size) - 1, 1, 3)}


def _layernorm(rng: Random, size: Size) -> dict:
    shape = size[rng.randrange(len(size)) :] if rng.random() < 0.8 else (5, 5)
    shape = shape[0] if len(shape) == 1 else shape
    affine = rng.random() < 0.8
    return {"normalized_shape": shape, "affine": affine, "bias": not affine or rng.random() < 0.8}


def _pad(rng: Random, size: Size) -> dict:
    before, after = (random_axes(rng, len(size) - 1, 0, 4) for _ in range(2))
    alike = isinstance(before, int) is isinstance(after, int)
    return {"before": before, "after": after if alike else before}


CHOICES = {
    layers.Conv: _conv,
    layers.ConvTranspose: _convt,
    layers.MaxPool: _maxpool,
    layers.AvgPool: _avgpool,
    layers.AdaptiveAvgPool: lambda rng, size: {"output_size": random_axes(rng, len(size) - 1, 1, 9)},
    layers.AdaptiveMaxPool: lambda rng, size: {"output_size": random_axes(rng, len(size) - 1, 1, 9)},
    layers.Upsample: _upsample,
    layers.PixelShuffle: lambda rng, size: {"factor": rng.choice((1, 2, 2, 3))},
    layers.PixelUnshuffle: lambda rng, size: {"factor": rng.choice((1, 2, 2, 3))},
    layers.InstanceNorm: lambda rng, size: {"affine": rng.random() < 0.5},
    layers.GroupNorm: lambda rng, size: {
        "num_groups": rng.choice((1, 2, 3, 4)),
        "affine": rng.random() < 0.5,
    },
    layers.LayerNorm: _layernorm,
    layers.Dropout2d: lambda rng, size: {"p": 0.5},
    layers.Softmax: lambda rng, size: {"dim": rng.choice((-1, 1, 2, 3))},
    **dict.fromkeys(PADS, _pad),
    layers.Linear: lambda rng, size: {"out_features": rng.randint(1, 30), "bias": rng.random() < 0.7},
    layers.Unflatten: _unflatten,
}


def torch_module(kind: type[Layer], fields: dict, size: Size) -> nn.Module:
    """The module of torch.nn for this layer and input size, written without the code under test."""
    axes = len(size) - 1
    name = kind.__name__
    if kind is layers.Unflatten:
        return nn.Unflatten(1, fields["size"])
    if kind is layers.Linear:
        return nn.Linear(size[-1], **fields)
    if kind is layers.BatchNorm:
        return getattr(nn, f"BatchNorm{max(axes, 1)}d")(size[0])
    if kind in (layers.Conv, layers.ConvTranspose):
        return getattr(nn, f"{name}{axes}d")(size[0], **fields)
    if kind in (layers.MaxPool, layers.AvgPool, layers.AdaptiveAvgPool):
        return getattr(nn, f"{name}{axes}d")(**fields)
    if kind in PADS:
        ends = [along(fields[end], axes) for end in ("before", "after")]
        if any(len(end) != axes for end in ends):
            raise ValueError("another number of axes")
        return getattr(nn, f"{name}{axes}d")([end[n] for n in reversed(range(axes)) for end in ends])
    if kind is layers.AdaptiveMaxPool:
        return getattr(nn, f"{name}{axes}d")(**fields)
    if kind is layers.InstanceNorm:
        return getattr(nn, f"{name}{axes}d")(size[0], **fields)
    if kind is layers.GroupNorm:
        return nn.GroupNorm(fields["num_groups"], size[0], affine=fields["affine"])
    if kind is layers.LayerNorm:
        named = {"elementwise_affine": fields["affine"], "bias": fields["bias"]}
        return nn.LayerNorm(fields["normalized_shape"], **named)
    if kind in (layers.PixelShuffle, layers.PixelUnshuffle):
        return getattr(nn, name)(fields["factor"])
    if kind is layers.Upsample:
        return nn.Upsample(**fields | {"align_corners": fields["align_corners"] or None})
    return getattr(nn, name)(**fields)


def along(value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    """A number for each axis."""
    return value if isinstance(value, tuple) else (value,) * axes
