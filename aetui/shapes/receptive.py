"""Receptive fields: which input positions of a chain an output position depends on.

For plain convolutions this is the recurrence of Araujo, Norris and Sim, "Computing Receptive Fields of
Convolutional Neural Networks" (Distill 2019): r grows by (k-1) d j and the jump j by the factor s. Behind a
transposed convolution, an upsampling or an adaptive pooling, neighbouring outputs have fields of different
sizes in a repeating pattern; so the first and last input position are kept for one whole period of outputs.
Borders are not cut off: a field may reach into the padding and be larger than the input.
"""

from dataclasses import dataclass, replace
from math import gcd, inf

from aetui.shapes.base import Layer
from aetui.shapes.errors import ShapeError
from aetui.shapes.layers import Flatten, Linear, Unflatten
from aetui.shapes.sizes import Size
from aetui.shapes.taps import Taps

MAX_TAPS = 2**20
"""The most taps of one layer that are followed: beyond it the pattern repeats too seldom to be worth it."""


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
class Reach:
    """The fields along the axes of the chain's input.

    `bounds` are the first and last input position that any output depends on, borders cut off: the field of
    whatever mixes all of them, such as a linear layer. Behind a `flatten` the features still have the fields
    of the positions they come from, until they are mixed.
    """

    fields: tuple[Field, ...]
    bounds: tuple[tuple[float, float], ...]
    flat: bool = False

    def after(self, layer: Layer, size: Size, output: Size) -> "Reach":
        """The fields after one more layer from `size` to `output`. Raises `ShapeError` beyond MAX_TAPS."""
        if isinstance(layer, Flatten):
            return replace(self, flat=True)
        if isinstance(layer, Unflatten) or (isinstance(layer, Linear) and self.flat):
            return replace(self, fields=tuple(everything(*bounds) for bounds in self.bounds), flat=True)
        if self.flat:
            return self
        fields = [through(field, taps) for field, taps in zip(self.fields, layer.taps(size), strict=True)]
        if isinstance(layer, Linear) and fields:
            fields[-1] = everything(*self.bounds[-1])
        spans = (field.span(range(length)) for field, length in zip(fields, output[1:], strict=True))
        bounds = ((max(a, low), min(b, high)) for (a, b), (low, high) in zip(spans, self.bounds, strict=True))
        return Reach(tuple(fields), tuple(bounds))


def reach_of(size: Size) -> Reach:
    """Before the first layer every position depends on itself."""
    return Reach(tuple(Field() for _ in size[1:]), tuple((0, length - 1) for length in size[1:]))


def everything(low: float, high: float) -> Field:
    """All outputs depend on the same positions."""
    return Field((low,), (high,), shift=0)


def through(field: Field, taps: Taps) -> Field:
    """The field of a layer's outputs, given the field of its inputs along the same axis."""
    period = len(field.low)
    repeats = period // gcd(period, taps.shift)
    outputs = taps.period * repeats
    if outputs * min(period, len(taps.read(0)) + 1) > MAX_TAPS:
        raise ShapeError(
            f"its receptive field repeats only every {outputs:,} positions, too seldom to be followed",
            "use a smaller stride",
        )
    spans = [field.span(taps.read(o)) for o in range(outputs)]
    if field.shift == 0 and len(set(spans)) == 1:
        return everything(*spans[0])
    low, high = zip(*spans, strict=True)
    return Field(low, high, field.shift * (taps.shift * repeats // period))
