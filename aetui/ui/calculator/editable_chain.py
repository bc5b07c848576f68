"""The editable chain of the shape calculator: one line of text in, sizes or reasons row by row out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import islice

from aetui.errors import UsageError
from aetui.shapes.chain import MAX_LAYERS, ShapeError, TracedLayer, trace
from aetui.shapes.inverse import Solution
from aetui.shapes.language import FORMS, is_import, parse_chain
from aetui.shapes.layers import Conv, ConvTranspose, Layer
from aetui.shapes.pooling import Pool
from aetui.shapes.sizes import Size, format_size, parse_size
from aetui.shapes.written_sizes import misread

MAX_TEXT = 20_000
"""The longest line that is read, in characters."""

SIZE = re.compile(r"\s*(?:(\(?\d+(?: ?, ?\d+)+\)?|[^\s,;:A-Za-z_(][^\s,;:]*):?)?")
"""What stands before the layers: numbers between commas, or the first word, unless a letter begins it."""
NUMBER = re.compile(r"(?<![0-9.])[0-9]{1,15}(?:\.[0-9]{1,15})?(?![0-9.a-wyz])")
"""A number that can be counted up and down, as in k3x5; not the digit of Conv2d."""
DEFAULTS = {"s": "1", "p": "0", "op": "0", "d": "1", "g": "1"}
"""What the options of the layer language are when they are left out."""
FLAGS = ("psame", "ceil", "bias=false")


@dataclass(frozen=True)
class Row:
    """One row: the size that goes in, or a layer. `start` and `stop` are its place in the line.

    `text` is in the layer language; as it was typed where that cannot be read. A row without an output
    has a problem, or stands below one.
    """

    text: str
    start: int
    stop: int
    layer: Layer | None = None
    traced: TracedLayer | None = None
    output: Size | None = None
    problem: UsageError | None = None

    @property
    def spelled(self) -> str:
        """`text` with the options it leaves at their defaults, so that each can be changed."""
        return spelled(self.layer) if self.layer else self.text


@dataclass(frozen=True)
class Chain:
    """A line and its rows: the size first, then a row a layer. Editing makes a new chain.

    Rows are counted from 0, the size. Lines made by editing have one layer between two commas.
    """

    line: str
    rows: tuple[Row, ...]

    @property
    def traced(self) -> tuple[TracedLayer, ...]:
        """The layers that have results: all above the first problem."""
        return tuple(row.traced for row in self.rows if row.traced)

    @property
    def problem(self) -> UsageError | None:
        """What is wrong with the first row that cannot be."""
        return next((row.problem for row in self.rows if row.problem), None)

    def row_at(self, position: int) -> int:
        """The row that holds this place in the line."""
        before = [index for index, row in enumerate(self.rows) if row.start <= position]
        return before[-1] if before else 0

    def first_change(self, other: "Chain") -> int:
        """The first row that is another than in `other`, at most the last one."""
        pairs = zip(self.rows, other.rows, strict=False)
        same = next(
            (index for index, (row, its) in enumerate(pairs) if row.text != its.text), len(other.rows)
        )
        return min(same, len(self.rows) - 1)

    def settled(self) -> "Chain":
        """The same chain with its line written in the layer language."""
        return self._with(self._texts())

    def without(self, index: int) -> "Chain":
        """The chain without that layer."""
        texts = self._texts()
        return self._with(texts[:index] + texts[index + 1 :])

    def moved(self, index: int, by: int) -> "Chain":
        """The chain with that layer `by` places further down; itself where there is no such place."""
        if not (0 < index < len(self.rows) and 0 < index + by < len(self.rows)):
            return self
        texts = self._texts()
        texts.insert(index + by, texts.pop(index))
        return self._with(texts)

    def with_room(self, index: int) -> tuple[str, int]:
        """The line with room for a layer below that row, and the place where it is typed."""
        texts = self._texts()
        texts.insert(index + 1, "")
        return _join(texts), len(_join(texts[: index + 2]))

    def replaced(self, index: int, text: str) -> "Chain":
        """The chain with another text in that row."""
        texts = self._texts()
        layers = _read_piece(text) if index else ()
        texts[index] = layers[0].text if isinstance(layers, tuple) and len(layers) == 1 else text
        return self._with(texts)

    def numbers(self, index: int) -> list[tuple[int, int]]:
        """The places of the numbers in that row's `spelled` text."""
        return [match.span() for match in NUMBER.finditer(self.rows[index].spelled)]

    def stepped(self, index: int, number: int, by: int) -> "Chain":
        """The chain with that number of that row changed by `by` units of its last digit.

        The chain itself where the number would no longer be one that the layer can have.
        """
        text, (start, stop) = self.rows[index].spelled, self.numbers(index)[number]
        value = Decimal(text[start:stop])
        changed = value + by * Decimal((0, (1,), int(value.as_tuple().exponent)))
        if changed < 0:
            return self
        chain = self.replaced(index, f"{text[:start]}{changed:f}{text[stop:]}")
        return self if _readable(self.rows[index]) and not _readable(chain.rows[index]) else chain

    def solved(self, index: int, solution: Solution) -> "Chain":
        """The chain with the options of an answer of the inverse in that row; channels and groups stay."""
        layer = self.rows[index].layer
        assert isinstance(layer, Conv | ConvTranspose)
        options = replace(
            layer,
            kernel_size=solution.kernel,
            stride=solution.stride,
            padding=solution.padding,
            dilation=solution.dilation,
        )
        if isinstance(options, ConvTranspose):
            options = replace(options, output_padding=solution.output_padding)
        return self.replaced(index, options.text)

    def _texts(self) -> list[str]:
        return [row.text for row in self.rows]

    def _with(self, texts: Sequence[str]) -> "Chain":
        return read_line(_join(texts))


def read_line(line: str) -> Chain:
    """Read a size and the layers behind it, separated by commas, semicolons or line ends.

    Never raises: what cannot be read or computed is a row with a problem.
    """
    line = line[:MAX_TEXT]
    match = _size_of(line)
    first = _size_row(match[1] or "", max(0, match.start(1)), max(0, match.end(1)))
    rows: list[Row] = []
    for start, stop in _pieces(line, match.end()):
        rows += _layer_rows(line, start, stop)
    return Chain(line, (first, *_traced(first, rows[: MAX_LAYERS + 1])))


def one_line(pasted: str) -> str:
    """Pasted lines as one; comments and imports are left out. Layers on lines of their own get a comma."""
    joined, depth = "", 0
    for line in islice(pasted.splitlines(), MAX_TEXT):
        written = line.split("#", 1)[0].strip()
        if not written or is_import(written):
            continue
        joined += (" " if depth or not joined or joined.endswith((",", ";")) else ", ") + written
        depth += sum(map(written.count, "([{")) - sum(map(written.count, ")]}"))
    return joined.strip()


def chain_line(size: str, layers: Sequence[Layer]) -> str:
    """The line of a size and layers."""
    return _join([size, *(layer.text for layer in layers)])


def spelled(layer: Layer) -> str:
    """The layer's text with its default options written out: "conv 16 k3 s1 p0 d1 g1"."""
    words = layer.text.split()
    given = {match[1]: word for word in words[1:] if (match := re.match(r"([a-z]+)[0-9]", word))}
    defaults = {letter: letter + value for letter, value in DEFAULTS.items()}
    if isinstance(layer, Pool):
        defaults["s"] = f"s{given['k'][1:]}"
    if "psame" in words:
        defaults |= {"s": "", "p": ""}
    options = (letter for letter in FORMS[layer.kind].options if letter in given or letter in defaults)
    written = [given.get(letter) or defaults[letter] for letter in options]
    head = [word for word in words if word not in (*given.values(), *FLAGS)]
    return " ".join(filter(None, [*head, *written, *(word for word in words if word in FLAGS)]))


def _join(texts: Sequence[str]) -> str:
    size, *layers = texts
    if not layers:
        return size
    if not size and _size_of(layers[0])[1]:  # a comma keeps it from being read as the size
        size = ","
    return f"{size} {', '.join(layers)}".lstrip()


def _size_of(line: str) -> re.Match[str]:
    match = SIZE.match(line)
    assert match is not None
    return match


def _readable(row: Row) -> bool:
    return row.layer is not None or row.output is not None


def _size_row(text: str, start: int, stop: int) -> Row:
    if not text:
        missing = UsageError("the size is missing", "begin with one, for example 1x28x28")
        return Row("", start, stop, problem=missing)
    try:
        return Row(text, start, stop, output=parse_size(text))
    except UsageError as error:
        return Row(text, start, stop, problem=error)


def _pieces(line: str, position: int) -> Iterator[tuple[int, int]]:
    """Where each layer begins and ends: separators within brackets do not count."""
    start, depth = position, 0
    for match in re.compile(r"[,;\n(\[{)\]}]").finditer(line, position):
        if match[0] in "([{":
            depth += 1
        elif match[0] in ")]}":
            depth = max(0, depth - 1)
        elif not depth:
            yield start, match.start()
            start = match.end()
    yield start, len(line)


def _layer_rows(line: str, start: int, stop: int) -> list[Row]:
    """The rows of one piece; code such as nn.Sequential(...) holds several."""
    text = line[start:stop].strip()
    start += len(line[start:stop]) - len(line[start:stop].lstrip())
    stop = start + len(text)
    if not text:
        return []
    read = _read_piece(text)
    if isinstance(read, UsageError):
        return [Row(text, start, stop, problem=read)]
    return [Row(layer.text, start, stop, layer) for layer in read]


@lru_cache(maxsize=2048)
def _read_piece(text: str) -> tuple[Layer, ...] | UsageError:
    try:
        return parse_chain([text])
    except UsageError as error:
        return UsageError(error.message.removeprefix("line 1: "), error.hint)


def _traced(first: Row, rows: list[Row]) -> Iterator[Row]:
    """The rows with their results, down to the first that cannot be."""
    readable = next((index for index, row in enumerate(rows) if row.layer is None), len(rows))
    layers = [row.layer for row in rows[:readable] if row.layer]
    results: tuple[TracedLayer, ...] = ()
    misfit: ShapeError | None = None
    if first.output is not None:
        try:
            results = trace(first.output, layers)
        except ShapeError as error:
            misfit = error
            results = trace(first.output, layers[: error.index])
    for index, row in enumerate(rows):
        if index < len(results):
            yield replace(row, traced=results[index], output=results[index].output)
        elif misfit and index == misfit.index:
            before = results[-1].output if results else first.output
            whole = misread(first.output or (), layers)
            yield replace(row, problem=whole or _without_place(misfit, before))
        else:
            yield row


def _without_place(error: ShapeError, size: Size | None) -> UsageError:
    """The reason alone; which layer it is about is seen."""
    place, found, reason = error.message.partition(f" on {format_size(size or ())}: ")
    return UsageError(reason if found and place.startswith("layer ") else error.message, error.hint)
