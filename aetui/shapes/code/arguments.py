"""The arguments of a constructor in PyTorch code, read from the syntax tree and made into a layer."""

import ast
from difflib import get_close_matches

from aetui.errors import UsageError
from aetui.shapes.code.signatures import CLASSES, Signature, Value
from aetui.shapes.errors import LanguageError
from aetui.shapes.layer_base import Axes, Declared, Layer, compact
from aetui.shapes.sizes import quote

MAX_VALUE = 10**15
"""Arithmetic in arguments (`32 * 7 * 7`) stops here; every layer's own bounds are far below."""
SWITCHES = ("bias", "ceil_mode", "affine", "elementwise_affine", "align_corners")
DECIMALS = ("p", "negative_slope", "alpha")
RENAMED = {
    "unflattened_size": "size",
    "elementwise_affine": "affine",
    "upscale_factor": "factor",
    "downscale_factor": "factor",
}
"""Arguments that the layers here call otherwise."""


def layer_of(call: ast.Call, name: str) -> Layer:
    """The layer that this class of torch.nn makes with these arguments. Raises `LanguageError`."""
    if name not in CLASSES:
        near = get_close_matches(name, CLASSES, n=1)
        known = [one for one in CLASSES if not (one.startswith("Lazy") or one.endswith(("1d", "3d")))]
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise LanguageError(f"{quote(name)} is not a layer that is known here", hint)
    try:
        return _layer(call, CLASSES[name])
    except UsageError as error:
        raise LanguageError(f"{quote(ast.unparse(call))}: {error.message}", error.hint) from None


def _layer(call: ast.Call, signature: Signature) -> Layer:
    given = _arguments(call, signature.arguments)
    for name in signature.required:
        if name not in given:
            raise UsageError(f"{name} is missing", f"it takes {', '.join(signature.arguments)}")
    for name, only in signature.fixed.items():
        value = given.pop(name, only)
        if value != only:
            raise UsageError(f"{name}={value!r} cannot be said in the layer language", f"leave {name} out")
    other = {name: given.pop(name, default) for name, default in signature.left_out.items()}
    left_out = tuple(
        f"{name}={value!r}" for name, value in other.items() if value != signature.left_out[name]
    )
    channels = _whole(signature.channels, given.pop(signature.channels)) if signature.channels else None
    fields: dict[str, object] = {}
    for name, value in given.items():
        # stride=None is a pooling's default; inplace changes neither sizes nor values
        if value is not None and name != "inplace":
            fields[RENAMED.get(name, name)] = _field(name, value, signature)
    return signature.make(**fields, declared=Declared(channels, signature.axes, left_out))


def _arguments(call: ast.Call, known: tuple[str, ...]) -> dict[str, Value]:
    takes = f"it takes {', '.join(known) or 'none'}"
    if len(call.args) > len(known):
        raise UsageError(f"{len(call.args)} arguments are too many", takes)
    given = {name: _value(node) for name, node in zip(known, call.args, strict=False)}
    for keyword in call.keywords:
        name = keyword.arg or "**"
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else takes
            raise UsageError(f"{name} is not an argument that is known here", hint)
        if name in given:
            raise UsageError(f"{name} is given twice", f"leave one {name} out")
        given[name] = _value(keyword.value)
    return given


def _field(name: str, value: Value, signature: Signature) -> object:
    if name in SWITCHES:
        if not isinstance(value, bool):
            raise UsageError(f"{name}={value!r} is neither True nor False", "write one of them")
        return value
    if name in DECIMALS:
        return _decimal(name, value)
    if name == "mode":
        return str(value)
    if name == "scale_factor":
        return tuple(_factor(item) for item in value) if isinstance(value, tuple) else _factor(value)
    if name == "padding" and isinstance(value, str):
        if value not in ("same", "valid"):
            raise UsageError(f"padding={value!r} is not known", "write a number, 'same' or 'valid'")
        return "same" if value == "same" else 0
    if isinstance(value, tuple):
        return _numbers(name, value, signature)
    return _whole(name, value)


def _numbers(name: str, value: tuple[object, ...], signature: Signature) -> Axes:
    numbers = tuple(_whole(name, item) for item in value)
    if name == "unflattened_size" or signature.axes is None:
        return numbers
    needed = max(signature.axes) * signature.numbers_an_axis
    if len(numbers) != needed:
        raise UsageError(f"{name}={value!r} has {len(value)} numbers", f"write one, or {needed}")
    return compact(numbers) if signature.numbers_an_axis == 1 else numbers


def _decimal(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{name}={value!r} is not a number", "write a number such as 0.1")
    return float(value)


def _factor(value: object) -> int | float:
    factor = _decimal("scale_factor", value)
    return int(factor) if factor.is_integer() else factor


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{name}={value!r} is not a whole number", "write the number itself, such as 16")
    return value


def _value(node: ast.expr) -> Value:
    """A literal, or sums and products of whole numbers."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str | None):
        return node.value
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = _value(node.operand)
        if isinstance(operand, int | float):
            return -operand
    if isinstance(node, ast.BinOp):
        return _arithmetic(node)
    raise UsageError(f"{quote(ast.unparse(node))} is not a number", "write the number itself, such as 16")


def _arithmetic(node: ast.BinOp) -> int:
    left, right = _whole("the left side", _value(node.left)), _whole("the right side", _value(node.right))
    if isinstance(node.op, ast.Mult):
        result = left * right
    elif isinstance(node.op, ast.Add):
        result = left + right
    elif isinstance(node.op, ast.Sub):
        result = left - right
    elif isinstance(node.op, ast.FloorDiv) and right:
        result = left // right
    else:
        raise UsageError(
            f"{quote(ast.unparse(node))} is not worked out", "write the number itself, such as 16"
        )
    if abs(result) > MAX_VALUE:
        raise UsageError(f"{quote(ast.unparse(node))} is too large", f"at most {MAX_VALUE:,}")
    return result
