"""Chains become the modules a person would write, and nothing is allocated for one that does not fit."""

import pytest
import torch
from torch import nn

from aetui.models.build import build_chain
from aetui.shapes.chain import ShapeError
from aetui.shapes.language import parse_chain

LINES = [
    "conv 16 k3 s2 p1 bias=false",
    "batchnorm",
    "leakyrelu 0.2",
    "maxpool k2 ceil",
    "dropout 0.1",
    "flatten",
    "linear 12",
    "tanh",
    "unflatten 3x2x2",
    "upsample x2",
    "convt 2 k3x5 s2 p1 op1 g1",
    "gelu",
    "adaptiveavgpool 5",
    "conv 4 k4 psame d2 g2",
]


def by_hand():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.LeakyReLU(0.2),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.Dropout(0.1),
        nn.Flatten(),
        nn.Linear(784, 12),
        nn.Tanh(),
        nn.Unflatten(1, (3, 2, 2)),
        nn.Upsample(scale_factor=2),
        nn.ConvTranspose2d(3, 2, (3, 5), stride=2, padding=1, output_padding=1),
        nn.GELU(),
        nn.AdaptiveAvgPool2d(5),
        nn.Conv2d(2, 4, 4, padding="same", dilation=2, groups=2),
    )


def test_same_modules_same_weights_same_answer():
    torch.manual_seed(0)
    built = build_chain((1, 28, 28), parse_chain(LINES))
    torch.manual_seed(0)
    written = by_hand()
    assert repr(built) == repr(written)
    assert built.state_dict().keys() == written.state_dict().keys()
    images = torch.rand(2, 1, 28, 28)
    assert torch.equal(built.eval()(images), written.eval()(images))


@pytest.mark.parametrize(
    ("size", "name"), [((64,), "BatchNorm1d"), ((4, 9), "BatchNorm1d"), ((4, 3, 3, 3), "BatchNorm3d")]
)
def test_batchnorm_follows_the_number_of_axes(size, name):
    (module,) = build_chain(size, parse_chain(["batchnorm"]))
    assert type(module).__name__ == name
    assert module(torch.rand(2, *size)).shape == (2, *size)


def test_an_empty_chain_hands_its_input_on():
    images = torch.rand(2, 1, 3)
    assert build_chain((1, 3), ())(images) is images


@pytest.mark.parametrize("last", ["conv 4 k40", "linear 1000000"])
def test_what_does_not_fit_allocates_nothing(last, monkeypatch):
    def allocate(*_args, **_kwargs):
        pytest.fail("a module was made")

    monkeypatch.setattr(nn.Conv2d, "__init__", allocate)
    chain = parse_chain(["conv 1000 k3 p1", "flatten", last] if "linear" in last else ["conv 8 k3", last])
    with pytest.raises(ShapeError):
        build_chain((3, 32, 32), chain)
