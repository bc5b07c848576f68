"""How `aetui conv SIZE --to SIZE` finds and prints the layers that lead there."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from aetui.cli.conv_flags import FLAGS
from aetui.cli.conv_output import print_chain
from aetui.cli.table import print_table
from aetui.errors import EXIT_DONE, AetuiError, UsageError
from aetui.shapes.inverse import Bounds, Solution, solve_conv, solve_conv_transpose, usual_bounds
from aetui.shapes.layer_base import check_range, count
from aetui.shapes.layers import Layer
from aetui.shapes.sizes import Size, format_size, parse_size, whole_number
from aetui.text import format_count

SHOWN = 15
"""Answers in the table without --all."""

OPTIONS = {"kernel": "k", "stride": "s", "padding": "p", "dilation": "d", "output_padding": "op"}
"""The options that are looked for: their names in `Bounds`, and in the layer language."""


def print_answers(options: argparse.Namespace, size: Size) -> int:
    """Print the layers from `size` to `options.to`, best first.

    Raises `UsageError` for sizes that do not pair up, `AetuiError` when no layer within the bounds does it.
    """
    size, target = _paired(options.size, options.to)
    if len(size) != len(target):
        inputs, outputs = (count(len(one) - 1, "axis", "axes") for one in (size, target))
        message = f"{format_size(size)} has {inputs} and {format_size(target)} has {outputs}"
        raise UsageError(message, "write both as channels x axes, for example 1x28x28 --to 16x14x14")
    bounds = _fix(usual_bounds(size[1:], target[1:]), options)
    answers = _solve(size, target, bounds, options.transposed)
    if options.form == "json":
        print(json.dumps([_as_dict(size, *answer) for answer in answers], indent=1))
    if not answers:
        raise _nothing(size, target, bounds, options.transposed)
    if options.form in ("torch", "preset"):
        print_chain(options.form, size, [answers[0][1]], False, options.batch)
    elif options.form is None:
        _print_table(size, answers, len(answers) if options.all else SHOWN)
    return EXIT_DONE


def _paired(size_text: str, target_text: str) -> tuple[Size, Size]:
    """Both sizes; where one leaves its channels out, or says one number for every axis, the other tells."""
    size, target = parse_size(size_text), parse_size(target_text)
    if len(size) > len(target) or (len(size) == len(target) and "x" not in target_text and "x" in size_text):
        return size, _completed(target_text, target, size)
    return (_completed(size_text, size, target) if len(target) > len(size) else size), target


def _completed(text: str, size: Size, like: Size) -> Size:
    """The size with the channels, and the number of axes, of the other."""
    numbers = size if "x" in text else size[1:]
    if len(numbers) == len(like) - 1:
        whole = (like[0], *numbers)
    elif len(numbers) == 1:
        whole = (like[0], *numbers * (len(like) - 1))
    else:
        return size
    print(f"aetui: {text} is taken for {format_size(whole)}", file=sys.stderr)
    return whole


def _fix(bounds: Bounds, options: argparse.Namespace) -> Bounds:
    """The bounds with the numbers that are given. Raises `UsageError` for those that cannot be."""
    fixed = {}
    for name in OPTIONS:
        text = getattr(options, name)
        if text is None:
            continue
        if not text.isdigit():
            message = f"{FLAGS[name]} {text} does not go with --to"
            raise UsageError(message, "write one number, it holds for every axis")
        check_range(name.replace("_", " "), whole_number(text), 0 if name.endswith("padding") else 1)
        fixed[name] = [whole_number(text)]
    return replace(bounds, **fixed)


def _solve(size: Size, target: Size, bounds: Bounds, transposed: bool) -> list[tuple[Solution, Layer]]:
    if transposed:
        found = solve_conv_transpose(size[1:], target[1:], bounds)
        return [(one, one.conv_transpose(target[0])) for one in found]
    return [(one, one.conv(target[0])) for one in solve_conv(size[1:], target[1:], bounds)]


def _nothing(size: Size, target: Size, bounds: Bounds, transposed: bool) -> AetuiError:
    """What was tried, and the nearest thing that works: other numbers, or the other kind of convolution."""
    kind = "transposed convolution" if transposed else "convolution"
    letters = OPTIONS if transposed else {name: OPTIONS[name] for name in list(OPTIONS)[:-1]}
    tried = ", ".join(f"{letter} {_ranges(getattr(bounds, name))}" for name, letter in letters.items())
    message = f"no {kind} leads from {format_size(size)} to {format_size(target)} with {tried}"
    usual = usual_bounds(size[1:], target[1:])
    for near, other in ((bounds, not transposed), (usual, transposed), (usual, not transposed)):
        if answers := _solve(size, target, near, other):
            return AetuiError(message, f"{answers[0][1].text} does")
    hint = "try other sizes, or fix an option outside these with -k, -s, -p or -d"
    if len(size) > 2:
        hint = f"one number holds for every axis; ask for one alone: {size[1]} --to {target[1]}"
    return AetuiError(message, hint)


def _ranges(numbers: Sequence[int]) -> str:
    """[1, 2, 3, 15] -> "1-3 15"."""
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))


def _as_dict(size: Size, solution: Solution, layer: Layer) -> dict[str, str | int]:
    numbers = {name: getattr(solution, name) for name in (*OPTIONS, "wasted")}
    return {"layer": layer.text, "torch": str(layer.torch(size)), **numbers}


def _print_table(size: Size, answers: Sequence[tuple[Solution, Layer]], shown: int) -> None:
    rows = [
        (
            layer.text,
            format_count(layer.parameters(size)),
            format_count(layer.macs(size)),
            solution.wasted or "",
            layer.torch(size),
        )
        for solution, layer in answers[:shown]
    ]
    print_table(("layer", "parameters", "MACs", "wasted", "PyTorch"), rows, "no layers")
    if len(answers) > shown:
        print(f"the best {shown} of {len(answers)}; --all shows the others", file=sys.stderr)
