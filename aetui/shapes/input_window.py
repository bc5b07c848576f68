"""Which positions of its input a layer reads for one position of its output, along one axis.

Positions count from 0; negative ones and those past the end lie in the padding. Every layer repeats itself:
the output position o + period reads what o reads, `shift` input positions further on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd


@dataclass(frozen=True)
class InputWindow:
    """`read(o)` are the input positions that output position o depends on; empty when on none."""

    period: int
    shift: int
    read: Callable[[int], range]


def elementwise() -> InputWindow:
    """Output o reads input o alone."""
    return InputWindow(1, 1, lambda o: range(o, o + 1))


def sliding(k: int, s: int, p: int, d: int) -> InputWindow:
    """A convolution or pooling window: o reads os - p + dt for t in 0..k-1 (arXiv 1603.07285, section 2)."""
    return InputWindow(1, s, lambda o: range(o * s - p, o * s - p + d * (k - 1) + 1, d))


def spreading(k: int, s: int, p: int, d: int) -> InputWindow:
    """A transposed convolution: input i reaches the outputs is - p + dt, so o reads i = (o + p - dt) / s."""

    step = gcd(s, d)
    inverse = pow(d // step, -1, s // step)

    def read(o: int) -> range:
        if (o + p) % step:
            return range(0)
        # t must solve dt = o + p (modulo s); the solutions are s / step apart
        first = (o + p) // step * inverse % (s // step)
        last = k - 1 - (k - 1 - first) % (s // step)
        if first > last:
            return range(0)
        return range((o + p - d * last) // s, (o + p - d * first) // s + 1, d // step)

    return InputWindow(s, 1, read)


def shifted(p: int) -> InputWindow:
    """Padding by p in front: o reads o - p."""
    return InputWindow(1, 1, lambda o: range(o - p, o - p + 1))


def resampled(step: Fraction, first: Fraction, spread: int) -> InputWindow:
    """Resizing: o looks at the place first + o step. With spread 0 it reads the position that holds it, else
    `spread` positions on each side of it; where it hits one, that alone."""

    def read(o: int) -> range:
        place = first + o * step
        if spread == 0 or place.denominator == 1:
            return range(floor(place), floor(place) + 1)
        return range(floor(place) + 1 - spread, ceil(place) + spread)

    return InputWindow(step.denominator, step.numerator, read)


def adaptive(i: int, o: int) -> InputWindow:
    """Adaptive pooling of i positions to o: window n is floor(n i / o) .. ceil((n + 1) i / o) - 1."""
    return InputWindow(o // gcd(i, o), i // gcd(i, o), lambda n: range(n * i // o, -(-(n + 1) * i // o)))


def whole(i: int) -> InputWindow:
    """Every output reads all i positions."""
    return InputWindow(1, 1, lambda _: range(i))
