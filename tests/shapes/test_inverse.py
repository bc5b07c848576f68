"""Inverse answers are real layers, none is missing, and the usual one comes first."""

from itertools import product

import pytest
import torch

from aetui.errors import UsageError
from aetui.models.build import build_chain
from aetui.shapes.arithmetic import reached
from aetui.shapes.inverse import Bounds, solve_conv, solve_conv_transpose, usual_bounds

SMALL = Bounds(range(1, 6), range(1, 5), range(4), range(1, 4), range(4))


def real_output(layer, size):
    with torch.device("meta"):
        return tuple(build_chain(size, [layer])(torch.empty(1, *size)).shape[2:])


@pytest.mark.parametrize(
    ("start", "end"), [((28,), (14,)), ((28, 28), (7, 7)), ((30, 17), (15, 9)), ((7,), (9,))]
)
def test_convolutions_are_real(start, end):
    solutions = solve_conv(start, end, usual_bounds(start, end))
    assert solutions
    assert all(real_output(solution.conv(2), (1, *start)) == end for solution in solutions)


@pytest.mark.parametrize(("start", "end"), [((14,), (28,)), ((7, 7), (28, 28)), ((5, 6), (9, 11))])
def test_transposed_convolutions_are_real(start, end):
    solutions = solve_conv_transpose(start, end, usual_bounds(start, end))
    assert solutions
    assert all(real_output(solution.conv_transpose(2), (1, *start)) == end for solution in solutions)


@pytest.mark.parametrize("start", [1, 2, 5, 9])
def test_no_convolution_is_missing(start):
    """Brute force walks the windows one by one instead of using a formula."""
    everything = {}
    for k, s, p, d in product(SMALL.kernel, SMALL.stride, SMALL.padding, SMALL.dilation):
        span = d * (k - 1)
        windows = [x for x in range(-p, start + p, s) if x + span < start + p]
        everything.setdefault(len(windows), set()).add((k, s, p, d))
    for end in range(1, 12):
        found = {(a.kernel, a.stride, a.padding, a.dilation) for a in solve_conv([start], [end], SMALL)}
        assert found == everything.get(end, set())


@pytest.mark.parametrize("start", [1, 2, 4])
def test_no_transposed_convolution_is_missing(start):
    """Brute force stamps the kernel for every input position and measures what remains after cropping."""
    everything = {}
    for k, s, p, d, op in product(
        SMALL.kernel, SMALL.stride, SMALL.padding, SMALL.dilation, SMALL.output_padding
    ):
        if op >= s and op >= d:
            continue
        stamped = [i * s + d * t for i in range(start) for t in range(k)]
        everything.setdefault(max(stamped) + 1 + op - 2 * p, set()).add((k, s, p, d, op))
    for end in range(1, 16):
        found = {
            (a.kernel, a.stride, a.padding, a.dilation, a.output_padding)
            for a in solve_conv_transpose([start], [end], SMALL)
        }
        assert found == everything.get(end, set())


def test_wasted_positions_are_those_no_window_covers():
    for i, k, s, p, d, o in product((1, 5, 8), (1, 2, 4), (1, 2, 5), (0, 1, 3), (1, 2), (1, 2, 3)):
        covered = {x for n in range(o) for x in range(n * s - p, n * s - p + d * (k - 1) + 1)}
        assert reached(i, k, s, p, d, o) == len(covered & set(range(i)))


@pytest.mark.parametrize(
    ("start", "end", "best"),
    [(28, 14, "k3 s2 p1"), (28, 28, "k3 p1"), (28, 26, "k3"), (224, 14, "k16 s16"), (28, 7, "k4 s4")],
)
def test_the_usual_convolution_comes_first(start, end, best):
    assert solve_conv([start], [end], usual_bounds([start], [end]))[0].text == best


def test_the_usual_transposed_convolution_comes_first():
    texts = [a.text for a in solve_conv_transpose([14], [28], usual_bounds([14], [28]))]
    assert texts[:3] == ["k3 s2 p1 op1", "k4 s2 p1", "k2 s2"]


def test_fewest_wasted_positions_come_first():
    wasted = [a.wasted for a in solve_conv([28], [7], usual_bounds([28], [7]))]
    assert wasted == sorted(wasted)
    assert wasted[-1] > 0


def test_options_already_fixed_hold():
    bounds = Bounds(kernel=[5], stride=[2])
    assert [a.text for a in solve_conv([28], [14], bounds)] == ["k5 s2 p2", "k5 s2 p4 d2"]


def test_impossible_is_an_empty_list():
    assert solve_conv([5], [90], usual_bounds([5], [90])) == []


@pytest.mark.parametrize(
    ("start", "end", "bounds"),
    [
        ([28, 28], [14], Bounds()),
        ([], [], Bounds()),
        ([28], [0], Bounds()),
        ([28], [14], Bounds(kernel=range(1, 10**9))),
    ],
)
def test_questions_without_sense_are_refused(start, end, bounds):
    with pytest.raises(UsageError) as caught:
        solve_conv(start, end, bounds)
    assert caught.value.hint
