"""The layer language: what it reads, what it writes, and what it says to a mistake."""

import contextlib
import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch_layers import random_layer, random_size

from aetui.errors import EXIT_USAGE, UsageError
from aetui.shapes.chain import MAX_LAYERS, ShapeError, trace
from aetui.shapes.language import LanguageError, parse_chain, parse_layer
from aetui.shapes.layers import AvgPool, Conv, ConvTranspose, Dropout, Linear, MaxPool, Unflatten, Upsample
from aetui.shapes.sizes import MAX_NUMBER, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("28", (1, 28)), ("1x784", (1, 784)), (" 1x28x28 ", (1, 28, 28)), ("1x16x32x32", (1, 16, 32, 32))],
)
def test_sizes(text, size):
    assert parse_size(text) == size


def test_features_are_one_number():
    assert format_size((784,)) == "784"
    assert format_size((1, 28, 28)) == "1x28x28"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "1x0x28",
        "-1x28",
        "1x28x",
        "28;28",
        "1x2x3x4x5",
        "1x9999999",
        "1x" + "9" * 5000,
        "1x１２",
        "1x99999x99999",
    ],
)
def test_sizes_that_cannot_be(text):
    with pytest.raises(UsageError) as caught:
        parse_size(text)
    assert "1x28x28" in caught.value.hint
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("conv 16 k3 s2 p1", Conv(16, 3, 2, 1)),
        ("conv 16 k3x5 s2x1 p1x2 d2 g4 bias=false", Conv(16, (3, 5), (2, 1), (1, 2), 2, 4, False)),
        ("conv k3 psame 16", Conv(16, 3, padding="same")),
        ("convt 16 k3 s2 p1 op1", ConvTranspose(16, 3, 2, 1, 1)),
        ("maxpool k2", MaxPool(2)),
        ("maxpool k3 s2 p1 ceil", MaxPool(3, 2, 1, True)),
        ("upsample x2", Upsample(2)),
        ("linear 128 bias=true", Linear(128)),
        ("unflatten 32x7x7", Unflatten((32, 7, 7))),
        ("dropout 0.1", Dropout(0.1)),
        ("  relu\t", parse_layer("relu")),
    ],
)
def test_layers(text, layer):
    assert parse_layer(text) == layer


def test_every_layer_is_read_as_it_is_written():
    rng = Random(10)
    for _ in range(2000):
        kind, fields = random_layer(rng, random_size(rng))
        try:
            layer = kind(**fields)
        except UsageError:
            continue
        read = parse_layer(layer.text)
        assert read.text == layer.text
        # a stride equal to the kernel is the default of a pooling, and is left out
        assert read == layer or kind is MaxPool or layer.kind == "avgpool"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("konv 16 k3", "'konv' is not a layer", "did you mean conv?"),
        ("Conv 16 k3", "'Conv' is not a layer", "did you mean conv?"),
        ("xyzzy", "'xyzzy' is not a layer", "layers are conv, convt, maxpool"),
        ("conv 16", "kernel size is missing", "conv 16 k3 s2 p1"),
        ("conv k3", "out channels is missing", "conv 16 k3 s2 p1"),
        ("conv 16 k3 psmae", "'psmae' is not an option of conv", "did you mean psame?"),
        ("conv 16 k3 bias=flase", "'bias=flase' is not an option of conv", "did you mean bias=false?"),
        ("conv 16 k3 k5", "kernel size is given twice", "conv 16 k3 s2 p1"),
        ("conv 16 k3 p1 psame", "padding is given twice", "conv 16 k3 s2 p1"),
        ("conv 16 k3 s2 psame", "same padding is only defined for stride 1", "write s1"),
        ("maxpool k2 g2", "'g2' is not an option of maxpool", "maxpool k2"),
        ("conv 16 k3 g2x2", "'2x2' is not one whole number", "16"),
        ("conv 16.5 k3", "'16.5' is not a whole number", "3"),
        ("conv 16 k0", "kernel 0 is too small", "at least 1"),
        ("conv -16 k3", "'-16' is not a whole number", "3"),
        ("conv 1000000000 k3", "channels 1,000,000,000 is too large", "at most 1,000,000"),
        ("linear " + "9" * 900, "is too large", "at most 1,000,000"),
        ("dropout 1.5", "dropout 1.5 is not a probability", "0 to 1"),
        ("leakyrelu 1e999", "leakyrelu inf is not a slope", "0.2"),
        ("unflatten 0x7", "every number must be at least 1", "1x28x28"),
        ("", "an empty line is not a layer", "conv 16"),
        ("relu " * 1000, "a line of 5,000 characters", "conv 16"),
        ("relu 3", "'3' is not an option of relu", "relu"),
    ],
)
def test_mistakes_are_named_with_what_to_do(text, message, hint):
    with pytest.raises(LanguageError) as caught:
        parse_layer(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == EXIT_USAGE
    assert len(caught.value.message) < 200


def test_chains_skip_blank_lines_and_comments():
    assert parse_chain(["# an encoder", "", "conv 16 k3 # first", "relu"]) == (
        Conv(16, 3),
        parse_layer("relu"),
    )


def test_the_line_of_a_mistake_is_named():
    with pytest.raises(LanguageError) as caught:
        parse_chain(["conv 16 k3", "", "rleu"])
    assert caught.value.index == 2
    assert caught.value.message.startswith("line 3: 'rleu'")


def test_a_million_layers_are_refused_at_once():
    def lines():
        for _ in range(MAX_LAYERS + 1):
            yield "relu"
        pytest.fail("the rest was read")

    with pytest.raises(LanguageError, match="more than 1,000 layers"):
        parse_chain(lines())
    with pytest.raises(ShapeError, match="1,000,000 layers are too many"):
        trace((1, 28), [parse_layer("relu")] * 1_000_000)


@pytest.mark.parametrize(
    ("size", "line", "message"),
    [
        ((1, 28, 28), f"upsample x{MAX_NUMBER}", "more than the bound of 1,000,000"),
        ((1000, 1000, 1000), "conv 1000000 k1", "numbers a sample are more than the bound of 1,000,000,000"),
        ((1000000,), "linear 1000000", "1,000,001,000,000 parameters"),
        ((0, 28, 28), "relu", "input size 0x28x28"),
    ],
)
def test_absurd_sizes_are_refused(size, line, message):
    with pytest.raises(ShapeError) as caught:
        trace(size, [parse_layer(line)])
    assert message in caught.value.message
    assert caught.value.hint


@given(
    st.text(max_size=80)
    | st.from_regex(r"(conv|convt|maxpool|linear|unflatten)( [a-z]{0,3}[0-9x.-]{0,6}){0,4}")
)
def test_any_text_is_a_layer_or_a_language_error(text):
    with contextlib.suppress(LanguageError):
        parse_chain([text])


def mended(text, hint):
    """The line with the options of the hint instead of its own: "use k5 or smaller" -> k5."""
    letters, number = re.match(r"use ([a-z]+)([0-9]+)", hint).groups()
    words = [word for word in text.split() if not re.fullmatch(letters + r"[0-9]+", word)]
    return " ".join([*words, letters + number])


def test_what_a_hint_proposes_fits():
    rng = Random(12)
    kinds = (Conv, ConvTranspose, MaxPool, AvgPool)
    tried = 0
    while tried < 300:
        size = (rng.choice((1, 2, 3, 4, 6)), rng.randint(1, 12))
        kind, fields = random_layer(rng, size)
        if kind not in kinds or any(isinstance(value, tuple) for value in fields.values()):
            continue
        try:
            text = kind(**fields).text
        except UsageError:
            continue
        for repair in range(5):
            try:
                trace(size, [parse_layer(text)])
            except ShapeError as error:
                text = mended(text, error.hint)
                tried += repair == 0
            else:
                break
        else:
            pytest.fail(f"{text} on {size} is not mended")


def test_an_import_is_left_out_and_never_a_layer_with_it():
    assert parse_chain(["import torch", "from torch import nn, optim  # both", "relu"]) == parse_chain(
        ["relu"]
    )
    assert parse_chain(["import torch; nn.ReLU()"]) == parse_chain(["relu"])
    for line in ("from relu", "import nn.ReLU()", "import torch relu("):
        with pytest.raises(LanguageError):
            parse_chain([line])
