"""Layers that make axes longer or shorter without windows of their own; the rules are those of torch.nn."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import ClassVar

from aetui.errors import UsageError
from aetui.shapes.errors import ShapeError
from aetui.shapes.input_window import InputWindow, resampled, sliding, spreading
from aetui.shapes.layer_base import (
    Argument,
    Axes,
    Layer,
    TorchCall,
    check_has_axes,
    check_range,
    compact,
    count,
    per_axis,
)
from aetui.shapes.sizes import MAX_NUMBER, Size, format_size

Scale = int | float
MODES = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "bicubic": (2,),
    "trilinear": (3,),
}
"""How values between positions are made, and for how many axes."""
SPREAD = {"nearest": 0, "nearest-exact": 0, "bicubic": 2}
"""Positions read on each side of a place between two, as in aten/native/UpSample.h; the others read one."""


@dataclass(frozen=True)
class Upsample(Layer):
    """`upsample x2`, `upsample x1.5 bilinear`, `upsample 28x28`: torch.nn.Upsample, by a factor or to a size.

    `align` puts the first and last position of input and output on each other.
    """

    kind: ClassVar[str] = "upsample"
    torch_name: ClassVar[str] = "Upsample"
    scale_factor: Scale | tuple[Scale, ...] | None = None
    size: Axes | None = None
    mode: str = "nearest"
    align_corners: bool = False

    def __post_init__(self) -> None:
        if (self.scale_factor is None) is (self.size is None):
            raise UsageError("it needs a factor or a size", "for example upsample x2, or upsample 28x28")
        if self.size is not None:
            check_range("size", self.size)
        for factor in _tuple(self.scale_factor):
            if not 0 < factor <= MAX_NUMBER:
                raise UsageError(f"scale factor {factor} cannot be", "use a number such as 2 or 1.5")
        if self.mode not in MODES:
            raise UsageError(f"mode {self.mode!r} is not known", f"use one of {', '.join(MODES)}")
        if self.align_corners and self.mode.startswith("nearest"):
            raise UsageError(f"{self.mode} has no corners to align", "leave align out, or use bilinear")

    def options(self) -> Iterator[str]:
        if self.size is not None:
            yield str(self.size) if isinstance(self.size, int) else format_size(self.size)
        else:
            yield "x" + "x".join(str(factor) for factor in _tuple(self.scale_factor))
        if self.mode != "nearest":
            yield self.mode
        if self.align_corners:
            yield "align"

    def input_windows(self, size: Size) -> tuple[InputWindow, ...]:
        output = self._output(size)
        factors = (None,) * len(output[1:]) if self.size is not None else self._factors(size)
        return tuple(
            self._window(self._step(i, o, factor))
            for i, o, factor in zip(size[1:], output[1:], factors, strict=True)
        )

    def torch(self, size: Size) -> TorchCall:
        given: tuple[tuple[str, Argument | None, Argument], ...] = (
            ("size", None if self.size is None else compact(self.size), 0),
            ("scale_factor", None if self.scale_factor is None else _compact(self.scale_factor), 0),
            ("mode", self.mode, "nearest"),
            ("align_corners", self.align_corners, False),
        )
        kept = tuple(
            (name, value) for name, value, default in given if value is not None and value != default
        )
        return TorchCall(self.torch_name, kwargs=kept)

    def _output(self, size: Size) -> Size:
        check_has_axes(size)
        axes = len(size) - 1
        if axes not in MODES[self.mode]:
            fitting = next(mode for mode in ("linear", "bilinear", "trilinear") if axes in MODES[mode])
            raise ShapeError(f"{self.mode} is not for {count(axes, 'axis', 'axes')}", f"use {fitting}")
        if self.size is not None:
            return (size[0], *per_axis("", self.size, size))
        lengths = [floor(i * factor) for i, factor in zip(size[1:], self._factors(size), strict=True)]
        if min(lengths) < 1:
            raise ShapeError("nothing is left of an axis", "use a larger factor")
        return (size[0], *lengths)

    def _factors(self, size: Size) -> tuple[Scale, ...]:
        factors = _tuple(self.scale_factor)
        if len(factors) not in (1, len(size) - 1):
            return per_axis("x", tuple(map(round, factors)), size)  # raises: another number of axes
        return factors if len(factors) == len(size) - 1 else factors * (len(size) - 1)

    def _step(self, i: int, o: int, factor: Scale | None) -> Fraction:
        """Input positions from one output position to the next."""
        if self.align_corners:
            return Fraction(i - 1, o - 1) if o > 1 else Fraction(0)
        return Fraction(i, o) if factor is None else 1 / Fraction(factor).limit_denominator(1000)

    def _window(self, step: Fraction) -> InputWindow:
        """Nearest looks from a position's start, nearest-exact from its middle, others middle to middle."""
        spread = SPREAD.get(self.mode, 1)
        if self.mode == "nearest" or self.align_corners:
            return resampled(step, Fraction(0), spread)
        return resampled(step, step / 2 if spread == 0 else (step - 1) / 2, spread)


@dataclass(frozen=True)
class Shuffle(Layer):
    """What the two shuffles share: r x r channels or positions, r being `factor`."""

    factor: int

    def __post_init__(self) -> None:
        check_range("factor", self.factor)

    def options(self) -> Iterator[str]:
        yield str(self.factor)

    def torch(self, size: Size) -> TorchCall:
        return TorchCall(self.torch_name, (self.factor,))


@dataclass(frozen=True)
class PixelShuffle(Shuffle):
    """`pixelshuffle 2`: torch.nn.PixelShuffle; r x r channels become r x r positions (arXiv 1609.05158)."""

    kind: ClassVar[str] = "pixelshuffle"
    torch_name: ClassVar[str] = "PixelShuffle"

    def input_windows(self, size: Size) -> tuple[InputWindow, ...]:
        return (spreading(self.factor, self.factor, 0, 1),) * 2

    def _output(self, size: Size) -> Size:
        _check_two_axes(size)
        channels, left = divmod(size[0], self.factor**2)
        if left or not channels:
            raise ShapeError(
                f"{count(size[0], 'channel', 'channels')} do not split into {self.factor}x{self.factor}",
                f"put conv {self.factor**2 * max(1, channels)} k1 before it",
            )
        return (channels, size[1] * self.factor, size[2] * self.factor)


@dataclass(frozen=True)
class PixelUnshuffle(Shuffle):
    """`pixelunshuffle 2`: torch.nn.PixelUnshuffle, the way back: r x r positions become r x r channels."""

    kind: ClassVar[str] = "pixelunshuffle"
    torch_name: ClassVar[str] = "PixelUnshuffle"

    def input_windows(self, size: Size) -> tuple[InputWindow, ...]:
        return (sliding(self.factor, self.factor, 0, 1),) * 2

    def _output(self, size: Size) -> Size:
        _check_two_axes(size)
        for length in size[1:]:
            if length % self.factor:
                raise ShapeError(
                    f"an axis of {length} does not split into {self.factor}s", "pad or crop it before"
                )
        return (size[0] * self.factor**2, size[1] // self.factor, size[2] // self.factor)


def _check_two_axes(size: Size) -> None:
    if len(size) != 3:
        raise ShapeError(
            f"it needs channels and two axes, its input is {format_size(size)}", "put an unflatten before it"
        )


def _tuple(value: Scale | tuple[Scale, ...] | None) -> tuple[Scale, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _compact(value: Scale | tuple[Scale, ...]) -> Argument:
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value
