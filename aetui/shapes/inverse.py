"""The inverse question: which kernels, strides and paddings lead from one size to another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from aetui.errors import UsageError
from aetui.shapes.arithmetic import conv_output, conv_transpose_output, effective_kernel, reached
from aetui.shapes.layer_base import option
from aetui.shapes.layers import Conv, ConvTranspose

MAX_CANDIDATES = 1_000_000
"""The most combinations of options that are tried."""

USUAL_KERNELS = (3, 4, 2, 5, 7, 1)
"""Kernels in the order people reach for them; larger ones follow by size."""


@dataclass(frozen=True)
class Bounds:
    """The numbers that are tried for each option. One that is fixed has a single number."""

    kernel: Sequence[int] = range(1, 12)
    stride: Sequence[int] = range(1, 9)
    padding: Sequence[int] = range(6)
    dilation: Sequence[int] = range(1, 5)
    output_padding: Sequence[int] = range(8)


@dataclass(frozen=True)
class Solution:
    """One answer, the same options on every axis.

    `wasted` counts positions summed over the axes. Convolution: input positions that no window covers,
    padding aside. Transposed: output positions that no window covers, so that they hold the bias alone.
    """

    kernel: int
    stride: int
    padding: int
    dilation: int
    output_padding: int
    wasted: int

    @property
    def text(self) -> str:
        """The options in the layer language: "k3 s2 p1"."""
        words = [f"k{self.kernel}", *option("s", self.stride, 1), *option("p", self.padding, 0)]
        return " ".join([*words, *option("op", self.output_padding, 0), *option("d", self.dilation, 1)])

    def conv(self, out_channels: int) -> Conv:
        """The convolution with these options."""
        return Conv(out_channels, self.kernel, self.stride, self.padding, self.dilation)

    def conv_transpose(self, out_channels: int) -> ConvTranspose:
        """The transposed convolution with these options."""
        return ConvTranspose(
            out_channels, self.kernel, self.stride, self.padding, self.output_padding, self.dilation
        )


def usual_bounds(inputs: Sequence[int], outputs: Sequence[int]) -> Bounds:
    """The default bounds, and beyond them the kernel for stride 1 and the kernel and stride of patches."""
    i, o = inputs[0], outputs[0]
    large, small = max(i, o), min(i, o)
    ratio = large // small
    return Bounds(
        kernel=sorted({*Bounds.kernel, large - small + 1, ratio}), stride=sorted({*Bounds.stride, ratio})
    )


def solve_conv(inputs: Sequence[int], outputs: Sequence[int], bounds: Bounds) -> list[Solution]:
    """Every convolution within bounds from these axes to those, best first: `rank`.

    One number an axis on both sides. The list is empty when there is none. Raises `UsageError` for sizes
    below 1, axes that do not pair up, and more than `MAX_CANDIDATES`.
    """
    _check(inputs, outputs, (bounds.kernel, bounds.stride, bounds.padding, bounds.dilation))
    return sorted(_convolutions(list(zip(inputs, outputs, strict=True)), bounds), key=rank)


def solve_conv_transpose(inputs: Sequence[int], outputs: Sequence[int], bounds: Bounds) -> list[Solution]:
    """Every transposed convolution within bounds, as `solve_conv`."""
    candidates = (bounds.kernel, bounds.stride, bounds.padding, bounds.dilation, bounds.output_padding)
    _check(inputs, outputs, candidates)
    return sorted(_transposed(list(zip(inputs, outputs, strict=True)), bounds), key=rank)


def rank(solution: Solution) -> tuple[int, ...]:
    """Sorts answers: fewest wasted positions, then the usual choices.

    Usual is padding of at most half the kernel, little dilation, a common kernel, little padding and stride.
    """
    kernel = solution.kernel
    padded_windows = solution.padding > effective_kernel(kernel, solution.dilation) // 2
    usual = USUAL_KERNELS.index(kernel) if kernel in USUAL_KERNELS else len(USUAL_KERNELS) + kernel
    return (
        solution.wasted,
        padded_windows,
        solution.dilation,
        usual,
        solution.output_padding,
        solution.padding,
        solution.stride,
    )


def _convolutions(axes: list[tuple[int, int]], bounds: Bounds) -> Iterator[Solution]:
    for k, s, p, d in product(bounds.kernel, bounds.stride, bounds.padding, bounds.dilation):
        if all(conv_output(i, k, s, p, d) == o for i, o in axes):
            wasted = sum(i - reached(i, k, s, p, d, o) for i, o in axes)
            yield Solution(k, s, p, d, 0, wasted)


def _transposed(axes: list[tuple[int, int]], bounds: Bounds) -> Iterator[Solution]:
    candidates = product(bounds.kernel, bounds.stride, bounds.padding, bounds.dilation, bounds.output_padding)
    for k, s, p, d, op in candidates:
        if op < max(s, d) and all(conv_transpose_output(i, k, s, p, d, op) == o for i, o in axes):
            wasted = sum(o - reached(o, k, s, p, d, i) for i, o in axes)
            yield Solution(k, s, p, d, op, wasted)


def _check(inputs: Sequence[int], outputs: Sequence[int], candidates: Sequence[Sequence[int]]) -> None:
    if len(inputs) != len(outputs) or not inputs:
        raise UsageError(
            f"the input has {len(inputs)} axes and the output {len(outputs)}",
            "give both as many axes",
        )
    if min(*inputs, *outputs) < 1:
        raise UsageError(f"{min(*inputs, *outputs)} is not a size", "sizes must be at least 1")
    tried = prod(len(numbers) for numbers in candidates)
    if tried > MAX_CANDIDATES:
        raise UsageError(f"{tried:,} combinations are too many", f"narrow the bounds to {MAX_CANDIDATES:,}")
