"""PyTorch code as a chain of layers and back. Code is parsed into a syntax tree and never executed."""

import ast
from collections.abc import Sequence
from textwrap import dedent

from aetui.shapes.chain import MAX_LAYERS, trace
from aetui.shapes.code.arguments import layer_of
from aetui.shapes.errors import LanguageError
from aetui.shapes.layers import Layer
from aetui.shapes.sizes import Size, format_size, quote

MAX_TEXT = 200_000
"""The longest code that is read, in characters."""

PYTORCH_IMPORT = "from torch import nn\n\n"

EXAMPLE = "write for example nn.Conv2d(1, 16, 3, stride=2, padding=1)"


def read_pytorch(text: str) -> tuple[Layer, ...]:
    """Read layers from code: constructors of torch.nn, nn.Sequential around them, assignments, imports.

    Raises `LanguageError` for everything else. Nothing is executed: arguments are numbers, words, tuples, and
    sums and products of whole numbers.
    """
    if len(text) > MAX_TEXT:
        raise LanguageError(f"{len(text):,} characters are too much code", f"at most {MAX_TEXT:,} are read")
    try:
        chain = [layer for statement in ast.parse(dedent(text)).body for layer in _statement(statement)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise LanguageError(f"{quote(text)} is not Python code that can be read", EXAMPLE) from None
    if len(chain) > MAX_LAYERS:
        raise LanguageError(f"{len(chain):,} layers are too many", f"at most {MAX_LAYERS:,} are computed")
    return tuple(chain)


def pytorch_code(size: Size, layers: Sequence[Layer], name: str = "model") -> str:
    """The chain as the statement `name = nn.Sequential(...)`, every layer with its output size.

    It runs as printed behind `PYTORCH_IMPORT`. Raises `ShapeError`.
    """
    rows = [(f"    {row.layer.torch(row.input)},", format_size(row.output)) for row in trace(size, layers)]
    width = max((len(code) for code, _ in rows), default=0)
    body = "".join(f"{code:<{width}}  # {output}\n" for code, output in rows)
    return f"{name} = nn.Sequential(  # {format_size(size)}\n{body})\n"


def _statement(statement: ast.stmt) -> list[Layer]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return []
    if isinstance(statement, ast.Expr | ast.Assign):
        return _layers(statement.value)
    raise LanguageError(f"{quote(ast.unparse(statement))} is not a layer", EXAMPLE)


def _layers(node: ast.expr) -> list[Layer]:
    if isinstance(node, ast.Tuple | ast.List):
        return [layer for item in node.elts for layer in _layers(item)]
    if not isinstance(node, ast.Call):
        raise LanguageError(f"{quote(ast.unparse(node))} is not a layer", EXAMPLE)
    prefix, _, name = ast.unparse(node.func).rpartition(".")
    if prefix not in ("", "nn", "torch.nn"):
        raise LanguageError(f"{quote(ast.unparse(node))} is not a layer of torch.nn", EXAMPLE)
    if name == "Sequential" and not node.keywords:
        return [layer for item in node.args for layer in _layers(item)]
    return [layer_of(node, name)]
