"""What can be asked of every layer."""

from abc import ABC
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

from aetui.errors import UsageError
from aetui.shapes.errors import ShapeError
from aetui.shapes.input_window import InputWindow, elementwise
from aetui.shapes.sizes import MAX_NUMBER, Size, format_size

Axes = int | tuple[int, ...]
"""One number for every axis, or one an axis in the order of the size."""

Argument = int | float | bool | str | tuple[float, ...]


@dataclass(frozen=True)
class Declared:
    """What a PyTorch line says about its input and the layer language does not.

    `channels`: its in_channels, in_features or num_features; `axes`: the numbers of axes its class takes;
    `left_out`: arguments that change no size, as they are written.
    """

    channels: int | None = None
    axes: tuple[int, ...] | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class TorchCall:
    """The constructor in `torch.nn` that makes a layer: `getattr(nn, name)(*args, **dict(kwargs))`."""

    name: str
    args: tuple[Argument, ...] = ()
    kwargs: tuple[tuple[str, Argument], ...] = ()

    def __str__(self) -> str:
        written = [repr(value) for value in self.args] + [f"{key}={value!r}" for key, value in self.kwargs]
        return f"nn.{self.name}({', '.join(written)})"


@dataclass(frozen=True)
class Layer(ABC):
    """One line of the layer language. Sizes are those of one sample: (channels, *axes) or (features,).

    `parameters`, `macs`, `input_windows`, `unused` and `torch` may be asked for sizes that `output` accepts.
    """

    kind: ClassVar[str]
    torch_name: ClassVar[str]
    """The class in torch.nn; where PyTorch has one for each number of axes, without its "1d", "2d", "3d"."""
    channel_noun: ClassVar[str] = "channels"
    declared: Declared | None = field(default=None, kw_only=True, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The canonical line of the layer language: options at their defaults are left out."""
        return " ".join([self.kind, *self.options()])

    def options(self) -> Iterator[str]:
        """The words after the kind in `text`."""
        yield from ()

    def output(self, size: Size) -> Size:
        """The size after the layer. Raises `ShapeError` when PyTorch would refuse that input."""
        self._check_declared(size)
        return self._output(size)

    def parameters(self, size: Size) -> int:
        """Learned numbers: weights and biases. Running statistics are buffers and do not count."""
        return 0

    def macs(self, size: Size) -> int:
        """Multiply-accumulates for one sample, of convolutions and linear layers; the others count 0."""
        return 0

    def input_windows(self, size: Size) -> tuple[InputWindow, ...]:
        """For every axis, which input positions an output position reads."""
        return tuple(elementwise() for _ in size[1:])

    def unused(self, size: Size) -> tuple[int, ...]:
        """For every axis, the last positions of the padded input that no window reaches."""
        return tuple(0 for _ in size[1:])

    def torch(self, size: Size) -> TorchCall:
        """The constructor in `torch.nn` that makes this layer for this input."""
        return TorchCall(self.torch_name)

    def _output(self, size: Size) -> Size:
        return size

    def _channels(self, size: Size) -> int:
        return size[0]

    def _check_declared(self, size: Size) -> None:
        declared = self.declared or Declared()
        axes, channels = len(size) - 1, self._channels(size)
        if declared.axes is not None and axes not in declared.axes:
            written = f"{self.torch_name}{max(declared.axes)}d"
            mend = f"use {self.torch_name}{axes}d" if axes else "put an unflatten before it"
            raise ShapeError(f"{written} does not take {count(axes, 'axis', 'axes')}", mend)
        if declared.channels is not None and declared.channels != channels:
            raise ShapeError(
                f"it is written for {declared.channels} {self.channel_noun}, its input has {channels}",
                "put a flatten before it"
                if declared.channels == prod(size)
                else f"write {channels} instead of {declared.channels}",
            )


def check_range(name: str, value: Axes, least: int = 1) -> None:
    """Refuse numbers that no layer can have. Raises `UsageError`."""
    for number in (value,) if isinstance(value, int) else value:
        if number < least:
            raise UsageError(f"{name} {number} is too small", f"{name} must be at least {least}")
        if number > MAX_NUMBER:
            raise UsageError(f"{name} {number:,} is too large", f"{name} must be at most {MAX_NUMBER:,}")


def per_axis(letter: str, value: Axes, size: Size) -> tuple[int, ...]:
    """One number an axis: a single one holds for all of them."""
    axes = len(size) - 1
    if isinstance(value, int):
        return (value,) * axes
    if len(value) != axes:
        raise ShapeError(
            f"{letter}{format_size(value)} is for {count(len(value), 'axis', 'axes')}, "
            f"its input has {count(axes, 'axis', 'axes')}",
            f"write {letter} with one number" + (f", or with {axes}" if axes > 1 else ""),
        )
    return value


def check_has_axes(size: Size) -> None:
    """Windows need an axis to slide along. Raises `ShapeError` for plain features."""
    if len(size) == 1:
        raise ShapeError(
            f"it needs channels and axes, its input is {size[0]} features",
            f"put an unflatten before it, for example unflatten {size[0]}x1",
        )


def compact(value: Axes) -> Axes:
    """(3, 3) -> 3: how PyTorch code is usually written."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def option(letter: str, value: Axes, default: Axes | None = None) -> Iterator[str]:
    """The word of one option, "k3" or "k3x5"; nothing when it is at its default."""
    if value != default:
        yield letter + (str(value) if isinstance(value, int) else format_size(value))


def count(number: int, one: str, many: str) -> str:
    """ "1 axis", "2 axes"."""
    return f"{number} {one if number == 1 else many}"
