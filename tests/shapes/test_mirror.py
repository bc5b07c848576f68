"""The mirrored decoder returns to exactly the input size, in the order a person would write."""

from random import Random

import pytest
from torch_layers import random_layer, random_size

from aetui.errors import UsageError
from aetui.shapes.chain import ShapeError, trace
from aetui.shapes.language import parse_chain
from aetui.shapes.mirror import mirror
from aetui.shapes.sizes import parse_size

CASES = [
    (
        "1x28x28",
        "conv 16 k3 s2 p1; relu; conv 32 k3 s2 p1; relu; conv 64 k7",
        "convt 32 k7; relu; convt 16 k3 s2 p1 op1; relu; convt 1 k3 s2 p1 op1",
    ),
    (
        "1x28x28",
        "flatten; linear 128; relu; linear 12",
        "linear 128; relu; linear 784; unflatten 1x28x28",
    ),
    (
        "1x28x28",
        "conv 8 k3 s2 p1; batchnorm; relu; flatten; linear 10; tanh",
        "linear 1568; unflatten 8x14x14; batchnorm; relu; convt 1 k3 s2 p1 op1",
    ),
    (
        "3x32x32",
        "conv 8 k3 psame; relu; maxpool k2; conv 16 k3 p1; relu; maxpool k2",
        "upsample x2; convt 8 k3 p1; upsample x2; relu; conv 3 k3 psame",
    ),
    ("1x7x8", "maxpool k2", "convt 1 k2 s2 op1x0"),
    ("1x7", "maxpool k2 ceil", "convt 1 k2 s2 p1 op1"),
    ("2x8x8", "avgpool k3 s1 p1; conv 4 k1", "convt 2 k1"),
    ("2x7x7", "adaptiveavgpool 1", "upsample x7"),
    ("2x7x8", "adaptiveavgpool 3", "adaptiveavgpool 7x8"),
    ("2x4x4", "upsample x2; convt 4 k4 s2 p1 bias=false", "conv 2 k4 s2 p1 bias=false; avgpool k2"),
    ("12", "unflatten 3x4; sigmoid; conv 2 k1 g1", "convt 3 k1; sigmoid; flatten"),
    ("4x9", "conv 8 k3 g2 d2", "convt 4 k3 d2 g2"),
    ("1x28", "sigmoid; dropout 0.1; conv 4 k3", "convt 1 k3; sigmoid"),
    ("1x28", "relu", ""),
    ("1x9", "convt 2 k3 p1 op2 d3", "conv 1 k3 d3"),
]


@pytest.mark.parametrize(("size", "encoder", "decoder"), CASES)
def test_decoder(size, encoder, decoder):
    start = (12,) if size == "12" else parse_size(size)
    mirrored = mirror(start, parse_chain(encoder.split(";")))
    assert "; ".join(layer.text for layer in mirrored) == decoder


WITHOUT_MIRROR = ("output padding", "splitting channels", "padding of its own")


def test_random_encoders_return_to_their_size():
    rng = Random(9)
    returned = 0
    while returned < 300:
        start = size = random_size(rng)
        encoder = []
        for _ in range(rng.randint(1, 6)):
            kind, fields = random_layer(rng, size)
            try:
                (row,) = trace(size, [kind(**fields)])
            except UsageError:
                continue
            encoder.append(row.layer)
            size = row.output
        try:
            decoder = mirror(start, encoder)
        except ShapeError as error:
            if any(words in error.message for words in WITHOUT_MIRROR):
                continue
            raise
        if decoder:
            assert trace(size, decoder)[-1].output == start
        returned += 1


def test_without_a_mirror_layer_and_axis_are_named():
    with pytest.raises(ShapeError) as caught:
        mirror((1, 16, 16), parse_chain(["relu", "convt 2 k3 op0x1 d2"]))
    assert caught.value.index == 1
    assert caught.value.message.startswith("layer 2 (convt 2 k3 op0x1 d2) on 1x16x16: ")
    assert "from 21 back to 16 on axis 2" in caught.value.message
    assert caught.value.hint == "use op0"


def test_an_encoder_that_does_not_fit_is_refused_like_any_chain():
    with pytest.raises(ShapeError, match=r"layer 2 \(conv 64 k20\) on 16x14x14"):
        mirror((1, 28, 28), parse_chain(["conv 16 k3 s2 p1", "conv 64 k20"]))
