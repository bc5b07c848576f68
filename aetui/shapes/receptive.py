"""Receptive fields: which input positions of a chain an output position depends on.

For plain convolutions this is the recurrence of Araujo, Norris and Sim, "Computing Receptive Fields of
Convolutional Neural Networks" (Distill 2019): r grows by (k-1) d j and the jump j by the factor s. Behind a
transposed convolution, an upsampling or an adaptive pooling, neighbouring outputs have fields of different
sizes in a repeating pattern; so the first and last input position are kept for one whole period of outputs.
Borders are not cut off: a field may reach into the padding and be larger than the input.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import gcd, inf

from aetui.shapes.errors import ShapeError
from aetui.shapes.input_window import InputWindow, whole
from aetui.shapes.layer_base import Layer
from aetui.shapes.layers import Flatten, Linear, Unflatten
from aetui.shapes.sizes import Size

MAX_POSITIONS = 2**16
"""The most input positions of one layer that are followed: beyond, its pattern repeats too seldom."""
END = 64
"""How many positions at each end of an axis are followed to find the ends of what a linear layer sees."""


@dataclass(frozen=True)
class Field:
    """Along one axis, the first and last input position that one period of outputs depends on.

    Output o + period has the field of output o, `shift` input positions further on. An output that depends on
    nothing has low inf and high -inf.
    """

    low: tuple[float, ...] = (0,)
    high: tuple[float, ...] = (0,)
    shift: int = 1

    @property
    def extent(self) -> int:
        """The receptive field in input positions, of the output position where it is largest."""
        widest = max(high - low for low, high in zip(self.low, self.high, strict=True))
        return int(widest) + 1 if widest >= 0 else 0

    @property
    def jump(self) -> float:
        """Input positions from one output position to the next, on average."""
        return self.shift / len(self.low)

    @property
    def centre(self) -> float:
        """The middle of the first output's field, in input positions counted from 0."""
        for o, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            if low <= high:
                return (low + high) / 2 - o * self.jump
        return 0.0

    def span(self, positions: range) -> tuple[float, float]:
        """The first and last input position that any of these positions depends on."""
        period = len(self.low)
        # a whole period further on every bound has moved by `shift`, so the outer periods hold the extremes
        low = min((self._at(self.low, x) for x in positions[:period]), default=inf)
        high = max((self._at(self.high, x) for x in positions[-period:]), default=-inf)
        return low, high

    def _at(self, bounds: tuple[float, ...], position: int) -> float:
        periods, phase = divmod(position, len(bounds))
        return bounds[phase] + periods * self.shift


@dataclass(frozen=True)
class Axis:
    """One axis of the chain's input, followed through the layers; `length` is that behind the last one."""

    field: Field
    length: int
    steps: tuple[tuple[InputWindow, int], ...] = ()
    """Every layer's input window and the length of its input."""

    def after(self, window: InputWindow, length: int) -> "Axis":
        """Behind one more layer. Raises `ShapeError` beyond `MAX_POSITIONS`."""
        return Axis(through(self.field, window), length, (*self.steps, (window, self.length)))

    def mixed(self, length: int) -> "Axis":
        """Behind a layer whose every output depends on all its inputs along this axis."""
        if self.field.shift == 0:
            return replace(self, length=length)
        low, high = self._ends()
        field = Field((low,), (high,), shift=0)
        return Axis(field, length, (*self.steps, (whole(self.length), self.length)))

    def _ends(self) -> tuple[float, float]:
        """The first and last input position that any output depends on, by ways that avoid the padding."""
        positions = _outermost(range(self.length))
        for window, length in reversed(self.steps):
            read = {x for o in positions for x in _outermost(_inside(window.read(o), length))}
            positions = _outermost(sorted(read))
        return (positions[0], positions[-1]) if positions else (inf, -inf)


@dataclass(frozen=True)
class Reach:
    """The axes of the chain's input, followed through the layers.

    Behind a `flatten` the features still have the fields of the positions they come from, until a linear
    layer mixes them.
    """

    axes: tuple[Axis, ...]
    flat: bool = False

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(axis.field for axis in self.axes)

    def after(self, layer: Layer, size: Size, output: Size) -> "Reach":
        """Behind one more layer, from `size` to `output`. Raises `ShapeError` beyond `MAX_POSITIONS`."""
        if isinstance(layer, Flatten):
            return Reach(self.axes, flat=True)
        if isinstance(layer, Unflatten) or (isinstance(layer, Linear) and self.flat):
            return Reach(tuple(axis.mixed(axis.length) for axis in self.axes), flat=True)
        if self.flat:
            return self
        followed = zip(self.axes, layer.input_windows(size), output[1:], strict=True)
        axes = [axis.after(window, length) for axis, window, length in followed]
        if isinstance(layer, Linear) and axes:
            axes[-1] = self.axes[-1].mixed(output[-1])
        return Reach(tuple(axes))


def reach_of(size: Size) -> Reach:
    """Before the first layer every position depends on itself."""
    return Reach(tuple(Axis(Field(), length) for length in size[1:]))


def through(field: Field, window: InputWindow) -> Field:
    """The field of a layer's outputs, given the field of its inputs along the same axis."""
    period = len(field.low)
    repeats = period // gcd(period, window.shift)
    outputs = window.period * repeats
    if outputs * min(period, len(window.read(0)) + 1) > MAX_POSITIONS:
        raise ShapeError(
            f"its receptive field repeats only every {outputs:,} positions, too seldom to be followed",
            "use a smaller stride",
        )
    spans = [field.span(window.read(o)) for o in range(outputs)]
    if field.shift == 0 and len(set(spans)) == 1:
        return Field((spans[0][0],), (spans[0][1],), shift=0)
    low, high = zip(*spans, strict=True)
    return Field(low, high, field.shift * (window.shift * repeats // period))


def _outermost(positions: Sequence[int]) -> list[int]:
    """The positions at both ends, enough of them to find the ends one layer further down."""
    if len(positions) <= 2 * END:
        return list(positions)
    return [*positions[:END], *positions[-END:]]


def _inside(positions: range, length: int) -> range:
    """Without those in the padding."""
    start, step = positions.start, positions.step
    return positions[max(0, -(start // step)) : max(0, -((start - length) // step))]
