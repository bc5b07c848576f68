"""`aetui conv`: what layers do to a size, and which layer leads from one size to another."""

import argparse
import re
import sys
from typing import TYPE_CHECKING

from aetui.cli.conv_flags import FLAGS
from aetui.cli.options import Verbs, add_verb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aetui.shapes.code.model_classes import ReadCode
    from aetui.shapes.layers import Layer
    from aetui.shapes.sizes import Size

USAGE = """aetui conv SIZE LAYER... [--mirror] [--batch N] [--json | --torch | --preset]
       aetui conv SIZE - [--class NAME] < FILE
       aetui conv SIZE -k N [-s N] [-p N] [-d N] [--transposed [--output-padding N]] [-o N] [--groups N]
       aetui conv SIZE --to SIZE [--all] [any of -k -s -p -d --transposed --output-padding]"""

EXAMPLES = """\
sizes:
  28 is one channel and one axis, 1x784 the same with channels written, 1x28x28 one channel
  and two axes, 1x16x32x32 three axes. The batch is no part of a size.

examples:
  aetui conv 1x28x28 'conv 16 k3 s2 p1' relu 'conv 32 k3 s2 p1' flatten 'linear 64'
  aetui conv 3x64x48 'nn.Conv2d(3, 16, (3, 5), stride=2)' 'maxpool k2' --batch 64
  aetui conv 1x28x28 - < model.py                 a model class, an nn.Sequential, what
                                                  print(model) shows, or a layer a line
  aetui conv 1x28x28 'conv 16 k3 s2 p1' --mirror --torch
  aetui conv 28 -k 3 -s 2 -p 1                    one layer
  aetui conv 1x28x20 -k 3x5 -s 2x1 -p 1x2 -o 16   a number an axis
  aetui conv 14 -k 3 -s 2 -p 1 --transposed --output-padding 1
  aetui conv 28 --to 14                           which layers do that
  aetui conv 8x7x7 --to 4x14x14 --transposed -k 4

the table:
  MACs are multiply-accumulates for one sample. The receptive field is counted in positions of
  the first input. Unused are the last rows and columns of the padded input that no window
  reaches. Memory is that of the outputs for a batch, as float32, all kept as in training.
  With --to, wasted are the positions of the input that no window covers; of a transposed
  convolution those of the output that hold nothing but the bias.

exit codes: 0 done; 1 no layer within the bounds leads --to that size; 2 what cannot be.
"""

MAX_BYTES = 1_000_000
"""The most that is read from stdin."""


def add(verbs: Verbs) -> None:
    sentence = "sizes, parameters and receptive field of layers; which layer leads to a size"
    parser = add_verb(verbs, "conv", run, sentence)
    parser.usage, parser.epilog = USAGE, EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("size", metavar="SIZE", help="the input, for example 1x28x28")
    layers = parser.add_argument(
        "layers", metavar="LAYER", nargs="+", default=[], help="a layer in quotes; - reads them from stdin"
    )
    layers.required = False  # with "*" argparse takes no layer that stands behind an option
    named = "of the model classes on stdin, the one to read"
    parser.add_argument("--class", dest="class_name", default="", metavar="NAME", help=named)
    parser.add_argument("--mirror", action="store_true", help="add the decoder that returns to SIZE")
    parser.add_argument("--batch", type=_count, default=1, metavar="N", help="samples in memory (default: 1)")
    forms = parser.add_mutually_exclusive_group()
    for form, sentence in (
        ("json", "print JSON for programs"),
        ("torch", "print PyTorch code that runs"),
        ("preset", "print lines for a preset file"),
    ):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, help=sentence)
    _add_single(parser.add_argument_group("one layer"))
    inverse = parser.add_argument_group("which layer")
    inverse.add_argument("--to", metavar="SIZE", help="the output: rank the layers that lead to it")
    everything = "every answer, not the best 15 (--json has every one, --torch and --preset the best)"
    inverse.add_argument("--all", action="store_true", help=everything)


def _add_single(group: argparse._ArgumentGroup) -> None:
    def option(*flags: str, sentence: str) -> None:
        group.add_argument(*flags, type=_numbers, metavar="N", help=sentence)

    option("-k", "--kernel", sentence="kernel, for example 3, or one an axis: 3x5")
    option("-s", "--stride", sentence="stride (default: 1)")
    option("-p", "--padding", sentence="padding on both sides (default: 0); same keeps the size")
    option("-d", "--dilation", sentence="dilation (default: 1)")
    option("--output-padding", sentence="rows added at one end of a transposed convolution (default: 0)")
    group.add_argument("--transposed", action="store_true", help="a transposed convolution")
    option("-o", "--out", sentence="output channels (default: as many as the input has)")
    option("--groups", sentence="groups of channels (default: 1)")


def run(options: argparse.Namespace) -> int:
    from aetui.errors import UsageError
    from aetui.shapes.sizes import parse_size

    size = parse_size(options.size)
    for message, hint in _contradictions(options):
        raise UsageError(message, hint)
    alone = options.size.strip().isdigit() and (options.to or "1").strip().isdigit()
    if alone and options.form is None:
        print(f"aetui: {size[1]} is one axis; an image would be 1x{size[1]}x{size[1]}", file=sys.stderr)
    if options.to is not None:
        from aetui.cli.conv_inverse import print_answers

        return print_answers(options, size)
    from aetui.cli.conv_output import print_chain

    if not options.layers:
        print_chain(options.form, size, (_single_layer(options, size),), options.mirror, options.batch)
        return 0
    code = _read_layers(options.layers, options.class_name)
    for note in (*code.notes, *_left_out(code.layers)):
        print(f"aetui: {note}", file=sys.stderr)
    if code.layers:
        size = _as_meant(size, code.layers)
        print_chain(options.form, size, code.layers, options.mirror, options.batch)
    if code.problem:
        raise code.problem
    if not code.layers:
        raise UsageError("The code applies no layer", "what its forward is given comes back as it is")
    return 0


def _as_meant(size: "Size", layers: "Sequence[Layer]") -> "Size":
    """The size without a batch in front. Raises UsageError for channels that stand last."""
    from aetui.shapes.written_sizes import has_batch, misread

    if has_batch(size, layers):
        print(f"aetui: {size[0]} is taken for the batch, which is no part of a size", file=sys.stderr)
        size = size[1:]
    if error := misread(size, layers):
        raise error
    return size


def _left_out(layers: "Sequence[Layer]") -> "Iterator[str]":
    """What the code says and the layer language does not."""
    for layer in layers:
        for argument in layer.declared.left_out if layer.declared else ():
            yield f"{layer.kind}: {argument} changes no size and is left out"


def _contradictions(options: argparse.Namespace) -> "Iterator[tuple[str, str]]":
    """What is said twice or not at all, each with a hint."""
    given = [flag for name, flag in FLAGS.items() if getattr(options, name)]
    inverse = options.to is not None
    if options.layers and given:
        hint = "write the numbers inside the layer, for example 'conv 16 k3 s2 p1'"
        yield f"layers and {', '.join(given)} do not go together", hint
    if options.layers and inverse:
        yield "--to looks for one layer, but layers are given", "leave one out"
    if options.mirror and inverse:
        yield "--mirror does not go with --to", "choose a layer, then mirror it"
    if inverse and (options.out or options.groups):
        flag = "--out" if options.out else "--groups"
        yield f"{flag} does not go with --to", "channels stand in the sizes: 1x28x28 --to 16x14x14"
    if options.all and not inverse:
        yield "--all is for the answers to --to", "add --to SIZE, or leave it out"
    if options.output_padding and not options.transposed:
        yield "--output-padding is for transposed convolutions", "add --transposed, or leave it out"
    if given and not (options.kernel or inverse):
        yield "-k is missing", "a kernel has no default, add -k 3"
    if not (options.layers or given or inverse):
        example = "'conv 16 k3 s2 p1', or -k 3, or --to SIZE; aetui conv --help has examples"
        yield "no layer is given", f"add layers such as {example}"


def _read_layers(arguments: list[str], class_name: str) -> "ReadCode":
    """The layers given as arguments, or on stdin with `-`. Raises `UsageError`."""
    from aetui.errors import UsageError
    from aetui.shapes.code.model_classes import ReadCode
    from aetui.shapes.language import LanguageError, parse_chain, read_code

    if "-" in arguments and len(arguments) > 1:
        raise UsageError("- reads every layer from stdin, but layers are given too", "leave one out")
    texts = [_stdin_text()] if arguments == ["-"] else arguments
    if (code := read_code("\n".join(texts), class_name)) is not None:
        return code
    try:
        layers = parse_chain(line for text in texts for line in text.splitlines())
    except LanguageError as error:
        if any(re.fullmatch(r"([kspdgx]|op)?[0-9x]+", argument) for argument in arguments):
            raise UsageError(error.message, "quote every layer, for example 'conv 16 k3 s2 p1'") from None
        raise
    if not layers:
        raise UsageError("there is no layer to read", "write for example 'conv 16 k3 s2 p1'")
    return ReadCode(layers)


def _stdin_text() -> str:
    from aetui.errors import UsageError

    read = b"" if sys.stdin is None else sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(read) > MAX_BYTES:
        raise UsageError(f"more than {MAX_BYTES:,} bytes on stdin are too much", "split the chain")
    return read.decode("utf-8-sig", errors="replace")


def _single_layer(options: argparse.Namespace, size: "Size") -> "Layer":
    """The layer that -k and its kin say."""
    from aetui.shapes.language import parse_layer

    letters = ("stride", "s"), ("padding", "p"), ("output_padding", "op"), ("dilation", "d"), ("groups", "g")
    words = ["convt" if options.transposed else "conv", options.out or str(size[0]), f"k{options.kernel}"]
    words += [f"{letter}{getattr(options, name)}" for name, letter in letters if getattr(options, name)]
    return parse_layer(" ".join(words))


def _numbers(text: str) -> str:
    """The text of a number, or of one an axis; the layer language reads it."""
    if not re.fullmatch(r"[0-9]+(x[0-9]+)*|same", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0, or one an axis such as 3x5")
    return text


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 999,999,999")
    return int(text)
