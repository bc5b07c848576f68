"""Receptive fields agree with the gradients of real networks."""

from random import Random

import pytest
import torch
from torch import nn

from aetui.models.build import build_chain
from aetui.shapes import layers
from aetui.shapes.chain import ShapeError, activation_bytes, trace
from aetui.shapes.language import parse_chain
from aetui.shapes.layers import Layer
from aetui.shapes.receptive import reach_of


def network(size, chain):
    """The real modules with every weight 1, so that no gradient cancels or vanishes.

    A maximum has a gradient at one position only; a sum over the same window has it at all of them.
    """
    modules = []
    for row, module in zip(trace(size, chain), build_chain(size, chain), strict=True):
        if isinstance(row.layer, layers.MaxPool):
            summed = layers.Conv(
                1, row.layer.kernel_size, row.layer.strides, row.layer.padding, row.layer.dilation
            )
            (module,) = build_chain(row.input, [summed])
        modules.append(module)
    for parameter in (parameters := nn.Sequential(*modules).double()).parameters():
        nn.init.constant_(parameter, 1 if parameter.dim() > 1 else 0)
    return parameters


def reached(model, size, position):
    """For every axis the first and last input position with a gradient from this output; None for none."""
    image = torch.ones(1, *size, dtype=torch.double, requires_grad=True)
    output = model(image)
    (gradient,) = torch.autograd.grad(output[0, 0][position] if output.dim() > 2 else output[0, 0], image)
    found = gradient[0].sum(0).nonzero()
    return list(zip(found.amin(0).tolist(), found.amax(0).tolist(), strict=True)) if len(found) else None


OTHERS = ("upsample", "upsample", "adaptive", "pad", "relu")


def numbers(rng, axes, low, high):
    return (
        rng.randint(low, high) if rng.random() < 0.6 else tuple(rng.randint(low, high) for _ in range(axes))
    )


def random_layer(rng, size) -> Layer:
    axes = len(size) - 1
    kernel, stride = numbers(rng, axes, 1, 4), numbers(rng, axes, 1, rng.choice((1, 2, 3)))
    kind = rng.choice(("conv", "conv", "same", "convt", "maxpool", "avgpool", *OTHERS))
    if kind == "conv":
        return layers.Conv(1, kernel, stride, numbers(rng, axes, 0, 3), numbers(rng, axes, 1, 2))
    if kind == "same":
        return layers.Conv(1, kernel, 1, "same", numbers(rng, axes, 1, 2))
    if kind == "convt":
        return layers.ConvTranspose(
            1, kernel, stride, numbers(rng, axes, 0, 1), rng.randint(0, 1), numbers(rng, axes, 1, 3)
        )
    if kind == "maxpool":
        return layers.MaxPool(kernel, stride, dilation=numbers(rng, axes, 1, 2))
    if kind == "avgpool":
        return layers.AvgPool(kernel, stride)
    if kind == "adaptive":
        return layers.AdaptiveAvgPool(tuple(rng.randint((length + 1) // 2, length) for length in size[1:]))
    if kind == "pad":
        return rng.choice((layers.ZeroPad, layers.ReplicationPad))(rng.randint(0, 2), rng.randint(0, 2))
    if kind == "upsample":
        mode = rng.choice(("nearest", "nearest-exact", "linear" if axes == 1 else "bilinear"))
        factor = rng.choice((1.5, numbers(rng, axes, 1, 2)))
        return layers.Upsample(factor, mode=mode)
    return layers.ReLU()


def random_chain(rng):
    """A chain of one channel that fits, with the fields along its axes."""
    size = (1, rng.randint(80, 120)) if rng.random() < 0.6 else (1, rng.randint(36, 44), rng.randint(36, 44))
    reach, now, chain = reach_of(size), size, []
    for _ in range(rng.randint(1, 6)):
        layer = random_layer(rng, now)
        try:
            output = layer.output(now)
        except ShapeError:
            continue
        if max(output) > 300:
            continue
        try:
            reach, now = reach.after(layer, now, output), output
        except ShapeError:
            continue  # its fields repeat too seldom
        chain.append(layer)
    return size, chain, reach, now


def far_from_borders(reach, size, output):
    """Whether one period of outputs in the middle sees nothing of the padding."""
    return all(
        field.extent < length / 3
        and len(field.low) <= out / 4
        and abs(field.jump * out - length) < length / 3
        for field, length, out in zip(reach.fields, size[1:], output[1:], strict=True)
    )


def test_fields_are_where_the_gradients_are():
    rng = Random(7)
    compared = resampled = 0
    while compared < 200:
        size, chain, reach, output = random_chain(rng)
        if not chain or not far_from_borders(reach, size, output):
            continue
        model = network(size, chain)
        text = f"{'; '.join(layer.text for layer in chain)} on {size}"
        middle = [length // 2 for length in output[1:]]
        seen = [set() for _ in middle]
        for step in range(max(len(field.low) for field in reach.fields)):
            position = tuple(start + step % len(f.low) for start, f in zip(middle, reach.fields, strict=True))
            spans = [f.span(range(x, x + 1)) for f, x in zip(reach.fields, position, strict=True)]
            nothing = any(low > high for low, high in spans)
            assert reached(model, size, position) == (None if nothing else spans), text
            for axis, (low, high) in zip(seen, spans, strict=True):
                axis.add(int(high - low) + 1 if high >= low else 0)
        assert trace(size, chain)[-1].receptive_field == tuple(max(extents) for extents in seen), text
        resampled += any(len(field.low) > 1 for field in reach.fields)
        compared += 1
    assert resampled > 30  # chains whose outputs have fields of different sizes


def test_linear_after_flatten_sees_what_its_gradient_sees():
    rng = Random(8)
    compared = 0
    while compared < 100:
        size, chain, _, _ = random_chain(rng)
        chain += [layers.Flatten(), layers.Linear(1)]
        model = network(size, chain)
        spans = reached(model, size, ())
        found = trace(size, chain)[-1].receptive_field
        text = f"{'; '.join(layer.text for layer in chain)} on {size}"
        if spans is None:
            assert 0 in found, text
        else:
            assert found == tuple(high - low + 1 for low, high in spans), text
        compared += 1


def test_autoencoder_by_hand():
    encoder = parse_chain(["conv 16 k3 s2 p1", "relu", "conv 32 k3 s2 p1", "relu", "conv 64 k7"])
    rows = trace((1, 28, 28), encoder)
    assert [row.receptive_field for row in rows] == [(3, 3), (3, 3), (7, 7), (7, 7), (31, 31)]
    assert [row.jump for row in rows] == [(2, 2), (2, 2), (4, 4), (4, 4), (4, 4)]
    assert [row.centre for row in rows] == [(0, 0), (0, 0), (0, 0), (0, 0), (12, 12)]
    assert [row.unused for row in rows] == [(1, 1), (0, 0), (1, 1), (0, 0), (0, 0)]


def test_activation_memory_counts_the_input_and_every_output():
    rows = trace((1, 28, 28), parse_chain(["conv 16 k3 s2 p1", "relu", "flatten"]))
    assert activation_bytes(rows, batch_size=64) == 64 * 4 * (784 + 3 * 16 * 14 * 14)
    assert activation_bytes((), batch_size=64) == 0


def test_fields_that_repeat_too_seldom_are_refused():
    with pytest.raises(ShapeError, match=r"layer 2 .* repeats only every 1,000,000 positions"):
        trace((1, 1), parse_chain(["convt 1 k1 s1000", "convt 1 k1000 s1000"]))


def test_a_pattern_that_repeats_seldom_is_followed_up_to_a_bound():
    (row,) = trace((1, 4), parse_chain(["convt 1 k3 s20000"]))
    assert row.receptive_field == (1,)
    with pytest.raises(ShapeError, match="repeats only every 100,000 positions"):
        trace((1, 4), parse_chain(["convt 1 k3 s100000"]))
