"""PyTorch code is read without running it, and printed so that it runs."""

import contextlib
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_layers import random_layer, random_size

from aetui.errors import UsageError
from aetui.shapes.chain import MAX_LAYERS, trace
from aetui.shapes.errors import LanguageError, ShapeError
from aetui.shapes.language import parse_chain, parse_layer
from aetui.shapes.pytorch import MAX_TEXT, PYTORCH_IMPORT, pytorch_code, read_pytorch

SEQUENTIAL = """
import torch.nn as nn

encoder = nn.Sequential(
    nn.Conv2d(1, 16, 3, stride=2, padding=1),  # 14x14
    nn.ReLU(inplace=True),
    nn.Sequential(
        torch.nn.Conv2d(16, 32, kernel_size=(3, 3), stride=(2, 2), padding="valid", bias=False),
        nn.BatchNorm2d(32),
    ),
    nn.Flatten(),
    nn.Linear(32 * 6 * 6, 128),
)
"""


def test_sequential():
    expected = [
        "conv 16 k3 s2 p1",
        "relu",
        "conv 32 k3 s2 bias=false",
        "batchnorm",
        "flatten",
        "linear 128",
    ]
    assert [layer.text for layer in read_pytorch(SEQUENTIAL)] == expected
    assert [layer.text for layer in parse_chain(SEQUENTIAL.splitlines())] == expected


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("nn.Conv2d(1, 16, 3, 2, 1, 1, 1, False)", "conv 16 k3 s2 p1 bias=false"),
        ("Conv1d(1, 16, (3,), padding='same', dilation=2)", "conv 16 k3 psame d2"),
        ("nn.ConvTranspose2d(8, 4, (3, 5), 2, 1, 1, 2, True, 3)", "convt 4 k3x5 s2 p1 op1 d3 g2"),
        ("nn.MaxPool2d(3, stride=None, ceil_mode=True)", "maxpool k3 ceil"),
        ("nn.AvgPool3d([1, 2, 2])", "avgpool k1x2x2"),
        ("nn.AdaptiveAvgPool2d((1, 1))", "adaptiveavgpool 1"),
        ("nn.Upsample(scale_factor=2.0)", "upsample x2"),
        ("nn.Upsample(None, (2, 3), mode='nearest')", "upsample x2x3"),
        ("nn.Unflatten(1, (32, 7, 7))", "unflatten 32x7x7"),
        ("nn.Unflatten(dim=1, unflattened_size=(30 + 2, 9 - 2, 14 // 2))", "unflatten 32x7x7"),
        ("nn.Flatten(start_dim=1)", "flatten"),
        ("nn.Dropout(p=0.1)", "dropout 0.1"),
        ("nn.LeakyReLU(0.2, inplace=True)", "leakyrelu 0.2"),
        ("nn.LeakyReLU(-1)", "leakyrelu -1.0"),
        ("nn.BatchNorm1d(64)", "batchnorm"),
        ("nn.GELU()", "gelu"),
        ("nn.Upsample(size=(28, 28), mode='bilinear', align_corners=True)", "upsample 28x28 bilinear align"),
        ("nn.Upsample(scale_factor=(1.5, 2), mode='bicubic')", "upsample x1.5x2 bicubic"),
        ("nn.UpsamplingNearest2d(scale_factor=2)", "upsample x2"),
        ("nn.PixelShuffle(upscale_factor=3)", "pixelshuffle 3"),
        ("nn.ZeroPad2d(1)", "zeropad 1"),
        ("nn.ZeroPad2d((0, 1, 2, 2))", "zeropad 2x0+1"),
        ("nn.ReflectionPad2d((1, 1, 2, 2))", "reflectionpad 2x1"),
        ("nn.ConstantPad1d((3, 4), 0.5)", "zeropad 3+4"),
        ("nn.LayerNorm([16, 7, 7], elementwise_affine=False)", "layernorm 16x7x7 affine=false"),
        ("nn.LayerNorm(64, eps=1e-6)", "layernorm 64"),
        ("nn.GroupNorm(4, 16)", "groupnorm 4"),
        ("nn.InstanceNorm2d(16, affine=True)", "instancenorm affine=true"),
        ("nn.BatchNorm2d(16, 0.8, affine=False)", "batchnorm affine=false"),
        ("nn.AdaptiveMaxPool2d(7)", "adaptivemaxpool 7"),
        ("nn.LazyConv2d(16, 3, padding=1)", "conv 16 k3 p1"),
        ("nn.LazyConvTranspose2d(16, 2, stride=2)", "convt 16 k2 s2"),
        ("nn.LazyLinear(10)", "linear 10"),
        ("nn.LazyBatchNorm2d()", "batchnorm"),
        ("nn.ELU(inplace=True)", "elu 1.0"),
        ("nn.PReLU(16)", "prelu channels"),
        ("nn.PReLU()", "prelu"),
        ("nn.Softmax(dim=-1)", "softmax -1"),
        ("nn.LogSoftmax(dim=1)", "logsoftmax"),
        ("nn.Dropout2d(0.2)", "dropout2d 0.2"),
        ("nn.Hardswish()", "hardswish"),
        ("nn.Softplus()", "softplus"),
        ("nn.Mish()", "mish"),
        ("nn.SELU()", "selu"),
        ("nn.Conv2d(1, 16, 3, padding_mode='reflect')", "conv 16 k3"),
        ("    nn.SiLU(),", "silu"),
    ],
)
def test_lines(code, text):
    assert parse_layer(code).text == text
    assert parse_layer(text).text == text


def test_arguments_that_change_no_size_are_kept_as_left_out():
    layer = parse_layer("nn.BatchNorm2d(16, eps=0.8, momentum=0.1)")
    assert layer.declared.left_out == ("eps=0.8",)


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("nn.Conv2D(1, 2, 3)", "'Conv2D' is not a layer", "did you mean Conv2d?"),
        ("nn.LSTM(1, 2)", "'LSTM' is not a layer that is known here", "known are"),
        ("nn.Conv2d(1, 2)", "kernel_size is missing", "in_channels"),
        ("nn.Conv2d(1, 2, 3, strid=2)", "strid is not an argument", "did you mean stride?"),
        ("nn.Conv2d(1, 2, 3, stride=2, stride=2)", "stride is given twice", "leave one"),
        ("nn.Conv2d(1, 2, 3, 2, stride=2)", "stride is given twice", "leave one"),
        ("nn.Conv2d(1, 2, (3, 3, 3))", "has 3 numbers", "write one, or 2"),
        ("nn.MaxPool2d(2, return_indices=True)", "return_indices=True cannot be said", "leave"),
        ("nn.Conv2d(1, 2, n)", "'n' is not a number", "the number itself"),
        ("nn.Conv2d(1, 2, 3, bias=0)", "bias=0 is neither True nor False", "one of them"),
        ("nn.Conv2d(1, 2, True)", "kernel_size=True is not a whole number", "the number itself"),
        ("nn.Conv2d(1, 2, 3, padding='full')", "padding='full' is not known", "'same'"),
        ("nn.Conv2d(1, 10**9, 3)", "'10 ** 9' is not worked out", "the number itself"),
        ("nn.Linear(9**9**9, 3)", "is not worked out", "the number itself"),
        ("nn.Linear(2, 999999999999999 * 999999999999999)", "is too large", "at most"),
        ("nn.Linear(2, 4 // 0)", "is not worked out", "the number itself"),
        ("nn.Conv2d(1, 1000000000, 3)", "channels 1,000,000,000 is too large", "at most 1,000,000"),
        ("nn.Upsample(scale_factor=0)", "scale factor 0 cannot be", "such as 2"),
        ("nn.Upsample(mode='bilinear')", "it needs a factor or a size", "upsample x2"),
        ("nn.Upsample(scale_factor=2, mode='bicubik')", "mode 'bicubik' is not known", "bicubic"),
        ("nn.ZeroPad2d((1, 2, 3))", "has 3 numbers", "write one, or 4"),
        ("nn.Softmax(dim=0)", "mixes the samples", "use 1"),
        ("nn.Conv2d(*numbers)", "'*numbers' is not a number", "the number itself"),
        ("nn.Conv2d(**numbers)", "** is not an argument", "in_channels"),
        ("nn.Sequential(print('x'))", "'print' is not a layer", "known are"),
        ("F.relu(x)", "'F.relu(x)' is not a layer of torch.nn", "nn.Conv2d"),
        ("(lambda: 1)()", "'lambda: 1' is not a layer", "known are"),
        ("nn.Dropout('x')", "p='x' is not a number", "0.1"),
        ("nn.Conv2d(1, 2, 3); nn.ReLU()", "is 2 layers", "one layer"),
        ("nn.Conv2d(1, 2,", "is not Python code", "nn.Conv2d"),
        ("def f(): pass", "is not a layer", "nn.Conv2d"),
    ],
)
def test_what_is_not_a_layer_is_named(code, message, hint):
    with pytest.raises(LanguageError) as caught:
        parse_layer(code)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param("(" * 10_000, "is not Python code", id="brackets"),
        pytest.param("nn.Linear(" + "-" * 50_000 + "1, 2)", "is not Python code", id="signs"),
        pytest.param("nn.Linear(1" + "+1" * 50_000 + ", 2)", "is not Python code", id="sums"),
        pytest.param("nn.ReLU()\0", "is not Python code", id="null"),
        pytest.param("nn.ReLU(\ud800)", "is not Python code", id="surrogate"),
        pytest.param("#(" + " " * MAX_TEXT, "characters are too much code", id="long"),
        pytest.param(
            "nn.Sequential(" + "nn.ReLU()," * (MAX_LAYERS + 1) + ")", "1,001 layers are too many", id="layers"
        ),
    ],
)
def test_hostile_code_is_refused_at_once(code, message):
    with pytest.raises(LanguageError) as caught:
        parse_layer(code)
    assert message in caught.value.message
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    "code",
    [
        "__import__('pathlib').Path('ran').touch()",
        "nn.Conv2d(1, 2, __import__('pathlib').Path('ran').touch() or 3)",
        "nn.Sequential(*[open('ran', 'w')])",
        "x = open('ran', 'w')",
    ],
)
def test_nothing_is_executed(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LanguageError):
        parse_chain([code])
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=60) | st.from_regex(r"nn\.[A-Z][A-Za-z]{2,9}[123]?d?\([-0-9a-z=,.*+()' ]{0,30}\)"))
def test_any_text_is_layers_or_a_language_error(text):
    with contextlib.suppress(LanguageError):
        read_pytorch(text)


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("nn.Conv2d(3, 8, 3)", "written for 3 channels, its input has 1", "write 1 instead of 3"),
        ("nn.Conv1d(1, 8, 3)", "Conv1d does not take 2 axes", "use Conv2d"),
        ("nn.BatchNorm1d(1)", "BatchNorm1d does not take 2 axes", "use BatchNorm2d"),
        ("nn.Linear(784, 10)", "written for 784 features on its last axis", "put a flatten before it"),
        ("nn.Linear(100, 10)", "written for 100 features on its last axis", "write 28 instead of 100"),
    ],
)
def test_what_the_code_says_about_its_input_must_hold(code, message, hint):
    with pytest.raises(ShapeError) as caught:
        trace((1, 28, 28), [parse_layer(code)])
    assert message in caught.value.message
    assert caught.value.hint == hint


def test_batchnorm1d_takes_features_and_one_axis():
    layer = parse_layer("nn.BatchNorm1d(64)")
    assert layer.output((64,)) == (64,)
    assert layer.output((64, 9)) == (64, 9)


def test_printed_code_runs_and_reads_back():
    rng = Random(11)
    for _ in range(150):
        start = size = random_size(rng)
        chain = []
        for _ in range(rng.randint(1, 8)):
            kind, fields = random_layer(rng, size)
            try:
                (row,) = trace(size, [kind(**fields)])
            except UsageError:
                continue
            chain.append(row.layer)
            size = row.output
        code = PYTORCH_IMPORT + pytorch_code(start, chain)
        names = {}
        with torch.device("meta"):
            exec(code, names)
            assert names["model"](torch.empty(2, *start)).shape[1:] == size, code
        parameters = sum(p.numel() for p in names["model"].parameters())
        rows = trace(start, parse_chain(code.splitlines()))
        assert sum(row.parameters for row in rows) == parameters
        assert [row.output for row in rows] == [row.output for row in trace(start, chain)]


def test_printed_code_as_a_person_writes_it():
    lines = ["conv 16 k3 s2 p1", "relu", "convt 1 k3x5 s2 op1"]
    assert pytorch_code((1, 28, 28), parse_chain(lines)) == (
        "model = nn.Sequential(  # 1x28x28\n"
        "    nn.Conv2d(1, 16, 3, stride=2, padding=1),                       # 16x14x14\n"
        "    nn.ReLU(),                                                      # 16x14x14\n"
        "    nn.ConvTranspose2d(16, 1, (3, 5), stride=2, output_padding=1),  # 1x30x32\n"
        ")\n"
    )
