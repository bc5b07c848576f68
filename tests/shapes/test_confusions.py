"""What people get wrong about sizes most often: each is answered here."""

import pytest

from aetui.shapes.chain import ShapeError, trace
from aetui.shapes.inverse import Bounds, solve_conv_transpose
from aetui.shapes.language import parse_chain, parse_layer


def sizes(size, *lines):
    return [row.output for row in trace(size, parse_chain(lines))]


def test_output_padding_chooses_between_inputs_that_a_stride_makes_equal():
    # pytorch#70518: 27 and 28 both become 14, so the way back needs to be told which one it was
    assert sizes((1, 28), "conv 1 k3 s2 p1") == sizes((1, 27), "conv 1 k3 s2 p1") == [(1, 14)]
    assert sizes((1, 14), "convt 1 k3 s2 p1") == [(1, 27)]
    assert sizes((1, 14), "convt 1 k3 s2 p1 op1") == [(1, 28)]
    (answer,) = solve_conv_transpose([14], [28], Bounds(kernel=[3], stride=[2], padding=[1], dilation=[1]))
    assert answer.text == "k3 s2 p1 op1"


def test_output_padding_stays_below_stride_or_dilation():
    with pytest.raises(ShapeError) as caught:
        sizes((1, 14), "convt 1 k3 p1 op1")
    assert caught.value.message == (
        "layer 1 (convt 1 k3 p1 op1) on 1x14: "
        "output padding 1 must be smaller than the stride 1 or the dilation 1"
    )
    assert caught.value.hint == "use op0, or s2"
    assert sizes((1, 14), "convt 1 k3 p1 op1 d2") == [(1, 17)]


def test_sizes_between_layers_are_shown_and_the_layer_that_breaks_is_named():
    # netron#71: which size arrives where
    chain = ("conv 16 k3 s2 p1", "relu", "conv 32 k3 s2 p1", "relu", "conv 64 k9")
    assert sizes((1, 28, 28), *chain[:4]) == [(16, 14, 14), (16, 14, 14), (32, 7, 7), (32, 7, 7)]
    with pytest.raises(ShapeError) as caught:
        sizes((1, 28, 28), *chain)
    assert caught.value.index == 4
    assert caught.value.message == "layer 5 (conv 64 k9) on 32x7x7: a kernel over 9 does not fit into 7"
    assert caught.value.hint == "use k7 or smaller, or p1 or larger"


def test_receptive_field_counts_input_pixels_not_kernel_sizes():
    # pytorch-summary#174: strides and pooling before a kernel multiply what it sees
    (*_, last) = trace((3, 224, 224), parse_chain(["conv 64 k7 s2 p3", "maxpool k3 s2 p1", "conv 64 k3 p1"]))
    assert last.receptive_field == (7 + 2 * 2 + 2 * 4,) * 2
    assert last.jump == (4, 4)
    (*_, last) = trace((1, 28), parse_chain(["conv 1 k3 d2", "conv 1 k3 d4"]))
    assert last.receptive_field == (1 + 2 * 2 + 2 * 4,)


def test_macs_of_a_linear_layer_count_every_token():
    # torchinfo#226: a vision transformer's linear layers act on 64 tokens, its parameters count once
    linear = parse_layer("linear 768")
    (row,) = trace((64, 192), [linear])
    assert row.output == (64, 768)
    assert row.parameters == 192 * 768 + 768
    assert row.macs == 64 * 192 * 768
    (flat,) = trace((192,), [linear])
    assert row.macs == 64 * flat.macs
