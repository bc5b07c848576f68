"""Padding as a layer of its own; the rules are those of torch.nn."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from aetui.errors import UsageError
from aetui.shapes.errors import ShapeError
from aetui.shapes.input_window import InputWindow, shifted
from aetui.shapes.layer_base import Axes, Layer, TorchCall, check_has_axes, check_range, per_axis
from aetui.shapes.sizes import MAX_NUMBER, Size


@dataclass(frozen=True)
class Pad(Layer):
    """What the paddings share: `before` and `after` are positions added at the ends of each axis."""

    before: Axes
    after: Axes

    def __post_init__(self) -> None:
        check_range("padding", self.before, 0)
        check_range("padding", self.after, 0)
        if len({len(value) for value in (self.before, self.after) if isinstance(value, tuple)}) > 1:
            raise UsageError("both ends need the same axes", "write a padding for each axis, as 0+1x2")

    def options(self) -> Iterator[str]:
        """1 at both ends of every axis, 1x2 a number an axis, 0+1 another one at each end."""
        befores, afters = (
            (value,) if isinstance(value, int) else value for value in (self.before, self.after)
        )
        axes = max(len(befores), len(afters))
        befores, afters = (value if len(value) == axes else value * axes for value in (befores, afters))
        yield "x".join(str(a) if a == b else f"{a}+{b}" for a, b in zip(befores, afters, strict=True))

    def input_windows(self, size: Size) -> tuple[InputWindow, ...]:
        return tuple(shifted(before) for before, _ in self._ends(size))

    def torch(self, size: Size) -> TorchCall:
        ends = [end for pair in reversed(self._ends(size)) for end in pair]
        return TorchCall(
            f"{self.torch_name}{len(size) - 1}d", (ends[0] if len(set(ends)) == 1 else tuple(ends),)
        )

    def _ends(self, size: Size) -> list[tuple[int, int]]:
        return list(zip(per_axis("", self.before, size), per_axis("", self.after, size), strict=True))

    def _output(self, size: Size) -> Size:
        check_has_axes(size)
        ends = self._ends(size)
        for length, pair in zip(size[1:], ends, strict=True):
            if max(pair) > self._most(length):
                raise ShapeError(
                    f"{max(pair)} positions cannot be taken from an axis of {length}",
                    f"use {self.kind} {self._most(length)} or less",
                )
        return (size[0], *(length + sum(pair) for length, pair in zip(size[1:], ends, strict=True)))

    def _most(self, length: int) -> int:
        """The largest padding for an axis of this length."""
        return MAX_NUMBER


@dataclass(frozen=True)
class ZeroPad(Pad):
    """`zeropad 1`: torch.nn.ZeroPad1d to 3d."""

    kind: ClassVar[str] = "zeropad"
    torch_name: ClassVar[str] = "ZeroPad"


@dataclass(frozen=True)
class ReplicationPad(Pad):
    """`replicationpad 1`: torch.nn.ReplicationPad1d to 3d; the border is repeated."""

    kind: ClassVar[str] = "replicationpad"
    torch_name: ClassVar[str] = "ReplicationPad"


@dataclass(frozen=True)
class ReflectionPad(Pad):
    """`reflectionpad 1`: torch.nn.ReflectionPad1d to 3d; mirrored at the border, which is not repeated."""

    kind: ClassVar[str] = "reflectionpad"
    torch_name: ClassVar[str] = "ReflectionPad"

    def _most(self, length: int) -> int:
        return length - 1


@dataclass(frozen=True)
class CircularPad(Pad):
    """`circularpad 1`: torch.nn.CircularPad1d to 3d; the other end goes on."""

    kind: ClassVar[str] = "circularpad"
    torch_name: ClassVar[str] = "CircularPad"

    def _most(self, length: int) -> int:
        return length
