"""The layer language: one line a layer, `kind [out] option...`."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from aetui.errors import UsageError
from aetui.shapes import layers
from aetui.shapes.chain import MAX_LAYERS
from aetui.shapes.code.model_classes import ReadCode, holds_classes, read_classes
from aetui.shapes.code.printed import is_printed, read_printed
from aetui.shapes.errors import LanguageError
from aetui.shapes.layer_base import Axes
from aetui.shapes.layers import Layer
from aetui.shapes.pytorch import MAX_TEXT, read_pytorch
from aetui.shapes.resizing import MODES
from aetui.shapes.sizes import parse_size, quote, whole_number

MAX_LINE = 1_000
"""The longest line that is read, in characters."""

__all__ = ["LanguageError", "parse_chain", "parse_layer"]

Value = int | float | str | tuple[float, ...] | tuple[Axes, Axes]


@dataclass(frozen=True)
class Form:
    """How one kind of layer is written: its first word, the options it takes, and those it must have."""

    make: Callable[..., Layer]
    example: str
    first: str = ""
    read_first: Callable[[str], Value] = str
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


def _axes(text: str) -> int | tuple[int, ...]:
    if not re.fullmatch(r"[0-9]+(x[0-9]+)*", text):
        raise UsageError(
            f"{quote(text)} is not a whole number", "write a number such as 3, or one an axis: 3x5"
        )
    numbers = tuple(whole_number(part) for part in text.split("x"))
    return numbers[0] if len(numbers) == 1 else numbers


def _whole(text: str) -> int:
    number = _axes(text)
    if isinstance(number, tuple):
        raise UsageError(f"{quote(text)} is not one whole number", "write a number such as 16")
    return number


def _axis(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]", text):
        raise UsageError(f"{quote(text)} is not an axis", "write 1 for the channels, or -1 for the last axis")
    return int(text)


def _scale(text: str) -> float | tuple[float, ...]:
    factors = tuple(int(part) if part.isdigit() else _decimal(part) for part in text.split("x"))
    return factors[0] if len(factors) == 1 else factors


def _ends(text: str) -> tuple[Axes, Axes]:
    """What is added before and after: 1, a number an axis 1x2, or another number at each end 0+1x2."""
    if not re.fullmatch(r"[0-9]+(\+[0-9]+)?(x[0-9]+(\+[0-9]+)?)*", text):
        raise UsageError(f"{quote(text)} is not a padding", "write 1, 1x2 for two axes, or 0+1 for the ends")
    ends = [[whole_number(part) for part in axis.split("+")] for axis in text.split("x")]
    before, after = tuple(end[0] for end in ends), tuple(end[-1] for end in ends)
    return (before, after) if len(ends) > 1 else (before[0], after[0])


def _decimal(text: str) -> float:
    if not re.fullmatch(r"-?[0-9]*\.?[0-9]+(e-?[0-9]+)?", text):
        raise UsageError(f"{quote(text)} is not a number", "write a number such as 0.1")
    return float(text)


NAMES = {
    "k": "kernel_size",
    "s": "stride",
    "p": "padding",
    "d": "dilation",
    "op": "output_padding",
    "g": "groups",
    "x": "scale_factor",
}
"""The letters of the language before a number, and what PyTorch calls them."""

WORDS: dict[str, tuple[str, Value]] = {
    "psame": ("padding", "same"),
    "ceil": ("ceil_mode", True),
    "bias=false": ("bias", False),
    "bias=true": ("bias", True),
    "affine=false": ("affine", False),
    "affine=true": ("affine", True),
    "channels": ("per_channel", True),
    "align": ("align_corners", True),
    **{mode: ("mode", mode) for mode in MODES},
}
"""Words that stand alone, and what PyTorch calls what they say."""

BIAS = ("bias=false", "bias=true")
AFFINE = ("affine=false", "affine=true")


def _pad(example: str, make: Callable[..., Layer]) -> Form:
    return Form(lambda ends: make(*ends), example, "ends", _ends, required=("ends",))


FORMS = {
    "conv": Form(
        layers.Conv,
        "conv 16 k3 s2 p1",
        "out_channels",
        _whole,
        ("k", "s", "p", "psame", "d", "g", *BIAS),
        ("out_channels", "kernel_size"),
    ),
    "convt": Form(
        layers.ConvTranspose,
        "convt 16 k3 s2 p1 op1",
        "out_channels",
        _whole,
        ("k", "s", "p", "op", "d", "g", *BIAS),
        ("out_channels", "kernel_size"),
    ),
    "maxpool": Form(
        layers.MaxPool, "maxpool k2", options=("k", "s", "p", "d", "ceil"), required=("kernel_size",)
    ),
    "avgpool": Form(
        layers.AvgPool, "avgpool k3 s2 p1", options=("k", "s", "p", "ceil"), required=("kernel_size",)
    ),
    "adaptiveavgpool": Form(
        layers.AdaptiveAvgPool, "adaptiveavgpool 1", "output_size", _axes, required=("output_size",)
    ),
    "adaptivemaxpool": Form(
        layers.AdaptiveMaxPool, "adaptivemaxpool 1", "output_size", _axes, required=("output_size",)
    ),
    "upsample": Form(layers.Upsample, "upsample x2", "size", _axes, ("x", *MODES, "align")),
    "pixelshuffle": Form(layers.PixelShuffle, "pixelshuffle 2", "factor", _whole, required=("factor",)),
    "pixelunshuffle": Form(layers.PixelUnshuffle, "pixelunshuffle 2", "factor", _whole, required=("factor",)),
    "zeropad": _pad("zeropad 1", layers.ZeroPad),
    "reflectionpad": _pad("reflectionpad 1", layers.ReflectionPad),
    "replicationpad": _pad("replicationpad 1", layers.ReplicationPad),
    "circularpad": _pad("circularpad 1", layers.CircularPad),
    "flatten": Form(layers.Flatten, "flatten"),
    "linear": Form(layers.Linear, "linear 128", "out_features", _whole, BIAS, ("out_features",)),
    "unflatten": Form(layers.Unflatten, "unflatten 32x7x7", "size", parse_size, required=("size",)),
    "batchnorm": Form(layers.BatchNorm, "batchnorm", options=AFFINE),
    "instancenorm": Form(layers.InstanceNorm, "instancenorm", options=AFFINE),
    "groupnorm": Form(layers.GroupNorm, "groupnorm 4", "num_groups", _whole, AFFINE, ("num_groups",)),
    "layernorm": Form(layers.LayerNorm, "layernorm", "normalized_shape", _axes, (*AFFINE, *BIAS)),
    "dropout": Form(layers.Dropout, "dropout 0.1", "p", _decimal),
    "dropout2d": Form(layers.Dropout2d, "dropout2d 0.1", "p", _decimal),
    "relu": Form(layers.ReLU, "relu"),
    "relu6": Form(layers.ReLU6, "relu6"),
    "leakyrelu": Form(layers.LeakyReLU, "leakyrelu 0.2", "negative_slope", _decimal),
    "prelu": Form(layers.PReLU, "prelu", options=("channels",)),
    "elu": Form(layers.ELU, "elu", "alpha", _decimal),
    "selu": Form(layers.SELU, "selu"),
    "gelu": Form(layers.GELU, "gelu"),
    "silu": Form(layers.SiLU, "silu"),
    "mish": Form(layers.Mish, "mish"),
    "hardswish": Form(layers.Hardswish, "hardswish"),
    "softplus": Form(layers.Softplus, "softplus"),
    "tanh": Form(layers.Tanh, "tanh"),
    "sigmoid": Form(layers.Sigmoid, "sigmoid"),
    "softmax": Form(layers.Softmax, "softmax", "dim", _axis),
    "logsoftmax": Form(layers.LogSoftmax, "logsoftmax", "dim", _axis),
    "identity": Form(layers.Identity, "identity"),
}


def parse_layer(text: str) -> Layer:
    """Read one layer: "conv 16 k3 s2 p1" or "nn.Conv2d(1, 16, 3, stride=2, padding=1)".

    Raises `LanguageError`.
    """
    if "(" in text:
        read = read_pytorch(text)
        if len(read) != 1:
            raise LanguageError(f"{quote(text)} is {len(read)} layers", "write one layer")
        return read[0]
    words = text[:MAX_LINE].split()
    if len(text) > MAX_LINE or not words:
        problem = f"a line of {len(text):,} characters" if words else "an empty line"
        raise LanguageError(f"{problem} is not a layer", "write a layer such as conv 16 k3 s2 p1")
    form = FORMS.get(words[0])
    if form is None:
        near = get_close_matches(words[0].lower(), FORMS, n=1)
        known = f"did you mean {near[0]}?" if near else f"layers are {', '.join(FORMS)}"
        raise LanguageError(f"{quote(words[0])} is not a layer", known)
    try:
        return _make(form, words)
    except UsageError as error:
        raise LanguageError(f"{quote(' '.join(words))}: {error.message}", error.hint) from None


def is_import(line: str) -> bool:
    """Whether a line of code only imports, and so can be left out."""
    return re.fullmatch(r"(from [\w.]+ )?import [\w., ]+", line.strip()) is not None


def read_code(text: str, class_name: str = "") -> ReadCode | None:
    """What a model's code or printout holds; None for a text that is neither. Raises `LanguageError`."""
    if len(text) > MAX_TEXT:
        raise LanguageError(f"{len(text):,} characters are too much code", f"at most {MAX_TEXT:,} are read")
    text = "\n".join(text.splitlines())  # a terminal pastes lines that end in \r
    if is_printed(text):
        return read_printed(text)
    return read_classes(text, class_name) if holds_classes(text) or class_name else None


def parse_chain(lines: Iterable[str]) -> tuple[Layer, ...]:
    """Read a chain, one layer a line, or PyTorch code such as an nn.Sequential over several lines.

    Blank lines, comments after # and imports are skipped. Raises `LanguageError` with the line's index.
    """
    chain: list[Layer] = []
    for index, statement in _statements(lines):
        try:
            chain += read_pytorch(statement) if "(" in statement else (parse_layer(statement),)
        except LanguageError as error:
            raise LanguageError(f"line {index + 1}: {error.message}", error.hint, index) from None
        if len(chain) > MAX_LAYERS:
            raise LanguageError(f"more than {MAX_LAYERS:,} layers", "split the chain", index)
    return tuple(chain)


def _statements(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """(index of its first line, text) of every layer; lines are joined until their brackets close."""
    parts: list[str] = []
    start = depth = 0
    for index, line in enumerate(lines):
        written = line.split("#", 1)[0].strip()
        if not written or (not depth and is_import(written)):
            continue
        if not depth:
            start, parts = index, []
        parts.append(written)
        depth += sum(written.count(bracket) for bracket in "([{")
        depth -= sum(written.count(bracket) for bracket in ")]}")
        if depth <= 0:
            depth = 0
            yield start, "\n".join(parts)
    if depth:
        yield start, "\n".join(parts)


def _make(form: Form, words: list[str]) -> Layer:
    fields: dict[str, Value] = {}
    for word in words[1:]:
        name, value = _read_word(form, word)
        if name in fields:
            raise UsageError(f"{name.replace('_', ' ')} is given twice", f"for example {form.example}")
        fields[name] = value
    for name in form.required:
        if name not in fields:
            raise UsageError(f"{name.replace('_', ' ')} is missing", f"for example {form.example}")
    return form.make(**fields)


def _read_word(form: Form, word: str) -> tuple[str, Value]:
    if word in WORDS and word in form.options:
        return WORDS[word]
    option = re.fullmatch(r"([a-z]+)([0-9].*)", word)
    if option and option[1] in form.options:
        read = {"g": _whole, "x": _scale}.get(option[1], _axes)
        return NAMES[option[1]], read(option[2])
    if form.first and re.match(r"-?[0-9.]", word):
        return form.first, form.read_first(word)
    near = get_close_matches(word, form.options, n=1)
    raise UsageError(
        f"{quote(word)} is not an option of {form.example.split()[0]}",
        f"did you mean {near[0]}?" if near else f"for example {form.example}",
    )
