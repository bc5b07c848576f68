"""Sizes, parameters, multiply-accumulates and refusals are those of real torch modules on the meta device."""

from random import Random

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from torch_layers import random_layer, random_size, torch_module

from aetui.errors import UsageError
from aetui.models.build import build_chain
from aetui.shapes.chain import ShapeError, trace
from aetui.shapes.layers import Conv, ConvTranspose, Linear, MaxPool, Softmax

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using padding=.same.:UserWarning"),
    pytest.mark.filterwarnings("ignore:Initializing zero-element tensors:UserWarning"),
]

BATCH = 2


def ask_torch(kind, fields, size):
    """(output size, parameters) of the real module, or None where torch refuses or would return nothing."""
    # the meta kernels of convolutions do not check these numbers (output padding: below torch 2.15), the
    # real ones do
    checked = plausible(fields, len(size) - 1) and kind is not Softmax
    answer = run_torch(kind, fields, size, "meta" if checked else "cpu")
    return answer if answer and min(answer[0]) > 0 else None


# AssertionError: how the meta kernels below torch 2.11 refuse, for example pixel_shuffle's
REFUSALS = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def run_torch(kind, fields, size, device):
    try:
        with torch.device(device):
            module = torch_module(kind, fields, size)
            output = module(torch.zeros(BATCH, *size))
    except REFUSALS:
        return None
    return tuple(output.shape[1:]), sum(p.numel() for p in module.parameters())


def plausible(fields, axes):
    """Whether there is a number for each axis, none below its least, and output padding is less than the
    stride or the dilation."""
    least = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
    numbers = {name: along(fields.get(name, least[name]), axes) for name in least}
    if any(len(row) != axes or any(n < least[name] for n in row) for name, row in numbers.items()):
        return False
    rows = (numbers[name] for name in ("output_padding", "stride", "dilation"))
    return all(extra < max(stride, dilation) for extra, stride, dilation in zip(*rows, strict=True))


def along(value, axes):
    """A field's value as a number for each axis, as torch reads it; "same" pads enough, never too little."""
    value = 0 if value == "same" else value
    return value if isinstance(value, tuple) else (value,) * axes


def ask_aetui(kind, fields, size):
    try:
        (row,) = trace(size, [kind(**fields)])
    except UsageError:
        return None
    return row.output, row.parameters


def compare_layers(seed, count):
    rng = Random(seed)
    refused = 0
    for number in range(count):
        size = random_size(rng)
        kind, fields = random_layer(rng, size)
        ours, theirs = ask_aetui(kind, fields, size), ask_torch(kind, fields, size)
        assert ours == theirs, f"layer {number}: {kind.__name__} {fields} on {size}"
        refused += theirs is None
    assert 0.1 < refused / count < 0.6  # both answers are tried


def random_chain(rng):
    """A size, layers of which only the last may not fit, and torch's size after each that fits."""
    start = size = random_size(rng)
    chain, outputs = [], []
    for _ in range(rng.randint(2, 16)):
        kind, fields = random_layer(rng, size)
        try:
            layer = kind(**fields)
        except UsageError:
            continue  # refused before there is a layer: the single layers try that
        answer = ask_torch(kind, fields, size)
        if answer is None and rng.random() < 0.8:
            continue
        chain.append(layer)
        if answer is None:
            break
        size = answer[0]
        outputs.append(size)
    return start, chain, outputs


def compare_chains(seed, count):
    rng = Random(seed)
    refused, beyond = 0, 0
    for number in range(count):
        size, chain, outputs = random_chain(rng)
        text = f"chain {number}: {'; '.join(layer.text for layer in chain)} on {size}"
        try:
            rows = trace(size, chain[: len(outputs)])
        except ShapeError as error:  # our own bound, which torch does not have
            if "too seldom to be followed" not in error.message:
                raise
            beyond += 1
            continue
        if len(outputs) < len(chain):
            with pytest.raises(ShapeError) as caught:
                trace(size, chain)
            assert caught.value.index == len(outputs), text
            assert f"layer {len(chain)} ({chain[-1].text})" in caught.value.message
            assert caught.value.hint
            refused += 1
        assert [row.output for row in rows] == outputs, text
        with torch.device("meta"):
            model = build_chain(size, chain[: len(outputs)])
            assert model(torch.empty(BATCH, *size)).shape[1:] == (outputs or [size])[-1], text
        assert sum(p.numel() for p in model.parameters()) == sum(row.parameters for row in rows), text
    assert 0.1 < refused / count < 0.8
    assert beyond / count < 0.01


def compare_macs(seed, count):
    rng = Random(seed)
    counted = 0
    while counted < count:
        size = random_size(rng)
        kind, fields = random_layer(rng, size)
        if kind not in (Conv, ConvTranspose, Linear) or ask_aetui(kind, fields, size) is None:
            continue
        (row,) = trace(size, [kind(**fields)])
        with torch.device("meta"), FlopCounterMode(display=False) as counter:
            torch_module(kind, fields, size)(torch.empty(BATCH, *size))
        assert counter.get_total_flops() == 2 * BATCH * row.macs, f"{row.layer.text} on {size}"
        counted += 1


def test_layers():
    compare_layers(seed=1, count=1500)


def test_chains():
    compare_chains(seed=2, count=200)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    ("kind", "fields", "fits"),
    [
        (MaxPool, {"kernel_size": 3, "padding": 2, "dilation": 2}, False),
        (MaxPool, {"kernel_size": 3, "padding": 1, "dilation": 4}, True),
        (MaxPool, {"kernel_size": 10, "stride": 2, "ceil_mode": True}, True),
        (MaxPool, {"kernel_size": 10, "stride": 1, "ceil_mode": True}, False),
        (Conv, {"out_channels": 1, "kernel_size": 4, "padding": "same", "dilation": 9}, True),
        (Conv, {"out_channels": 1, "kernel_size": 3, "stride": 2, "padding": "same"}, False),
        (ConvTranspose, {"out_channels": 1, "kernel_size": 1, "output_padding": 2, "dilation": 3}, True),
        (ConvTranspose, {"out_channels": 1, "kernel_size": 1, "output_padding": 2, "stride": 2}, False),
    ],
)
def test_rules_that_random_layers_seldom_meet(kind, fields, fits, axes):
    size = (1, *[9] * axes)
    assert ask_aetui(kind, fields, size) == ask_torch(kind, fields, size)
    assert (ask_aetui(kind, fields, size) is not None) is fits


def test_macs_are_half_of_torchs_flops():
    compare_macs(seed=3, count=300)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_many_layers():
    compare_layers(seed=4, count=20_000)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_many_chains():
    compare_chains(seed=5, count=2_000)


@pytest.mark.slow
def test_many_macs():
    compare_macs(seed=6, count=3_000)
