"""Sizes, parameters, multiply-accumulates and refusals are those of real torch modules on the meta device."""

import warnings
from random import Random

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from torch_layers import random_layer, random_size, torch_module

from aetui.errors import UsageError
from aetui.shapes import layers
from aetui.shapes.chain import ShapeError, trace

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")

BATCH = 2


def ask_torch(kind, fields, size):
    """(output size, parameters) of the real module, or None where torch refuses."""
    try:
        with torch.device("meta"):
            module = torch_module(kind, fields, size)
            output = module(torch.empty(BATCH, *size))
    except (RuntimeError, ValueError, TypeError, AttributeError, NotImplementedError, ZeroDivisionError):
        return None
    return tuple(output.shape[1:]), sum(p.numel() for p in module.parameters())


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
