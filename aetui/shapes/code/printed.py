"""What `print(model)` shows, as layers: a line a module, parts indented, in the order of definition."""

import ast
import re
from collections.abc import Iterator

from aetui.shapes.chain import MAX_LAYERS
from aetui.shapes.code.arguments import layer_of
from aetui.shapes.code.model_classes import ReadCode
from aetui.shapes.code.signatures import CLASSES
from aetui.shapes.errors import LanguageError
from aetui.shapes.layers import Layer
from aetui.shapes.sizes import quote

LINE = re.compile(r"\(([^()]*)\): (?:(\d{1,4}) x )?(.*)")
"""`(0): ReLU()`, `(encoder): Sequential(`, and `(0-2): 3 x Linear(...)` of equal ones."""
UNQUOTED = re.compile(r"\b(padding|padding_mode|mode|approximate)=([a-z]+)\b")
"""Words that torch prints without their quotes."""
UNKNOWN_INPUT = re.compile(r"^(Lazy\w+)\((?:in_features=)?0, ")
"""The input that a lazy module does not know yet."""
LOSS = re.compile(r"\w+Loss\(")
IN_ORDER = ("Sequential", "ModuleList", "ModuleDict", "DataParallel", "OptimizedModule")


def is_printed(text: str) -> bool:
    """Whether the text is what `print(model)` shows."""
    return any(LINE.fullmatch(line.strip()) for line in text.splitlines())


def read_printed(text: str) -> ReadCode:
    """The layers of a printout, as far as they are known; what runs in which order it does not tell."""
    notes: list[str] = []
    layers: list[Layer] = []
    lines = enumerate(text.splitlines(), 1)
    try:
        _read_block(lines, layers, notes)
    except LanguageError as error:
        return ReadCode(tuple(layers), tuple(notes), error)
    except RecursionError:
        raise LanguageError("the printout is nested too deep to be followed") from None
    return ReadCode(tuple(layers), tuple(notes))


def _read_block(lines: Iterator[tuple[int, str]], layers: list[Layer], notes: list[str]) -> None:
    """Add the layers up to the bracket that closes the block."""
    for number, line in lines:
        written = line.strip()
        if written == ")":
            return
        found = LINE.fullmatch(written)
        times, module = (int(found[2] or 1), found[3]) if found else (1, written)
        before = len(layers)
        if module.endswith("(") and module[:-1].isidentifier():
            if module[:-1] not in IN_ORDER:
                notes.append(f"{module[:-1]}: its layers in the order of their definition")
            _read_block(lines, layers, notes)
        elif LOSS.match(module):
            notes.append(f"{module} is left out")
        elif module.endswith(")"):
            layers.append(_layer(number, module))
        elif module:
            raise LanguageError(f"line {number}: {quote(module)} is not a layer", "", number - 1)
        if len(layers[before:]) * times > MAX_LAYERS:
            raise LanguageError(
                f"line {number}: more than {MAX_LAYERS:,} layers", "fewer are computed", number - 1
            )
        layers += layers[before:] * (times - 1)


def _layer(number: int, module: str) -> Layer:
    try:
        written = UNQUOTED.sub(r"\1='\2'", UNKNOWN_INPUT.sub(r"\1(", module))
        call = ast.parse(written, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in CLASSES:
        unknown = f"line {number}: {quote(module)} is not a layer that is known here"
        raise LanguageError(unknown, "", number - 1)
    try:
        return layer_of(call, call.func.id)
    except LanguageError as error:
        raise LanguageError(f"line {number}: {error.message}", error.hint, number - 1) from None
