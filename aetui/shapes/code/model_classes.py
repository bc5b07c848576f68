"""Model classes as layers: what their `forward` does to a batch, one class after the other."""

import ast
import re
from dataclasses import dataclass
from textwrap import dedent
from typing import cast

from aetui.shapes.code.interpreter import Interpreter
from aetui.shapes.code.values import ClassCode, Data, Instance, Unread, modules_in
from aetui.shapes.errors import LanguageError
from aetui.shapes.layers import Layer
from aetui.shapes.sizes import quote

MAX_BITS = 1000
"""Of a number; Python does not write one of more than some thousand digits."""
MODULES = ("Module", "Sequential", "LightningModule")
"""The last names of base classes that make a class a model."""
CALL = cast(ast.Call, ast.parse("model(data)", mode="eval").body)
MAKE = cast(ast.Call, ast.parse("Model()", mode="eval").body)


@dataclass(frozen=True)
class ReadCode:
    """The layers of code, as far as it could be followed: `problem` is where it could not."""

    layers: tuple[Layer, ...]
    notes: tuple[str, ...] = ()
    """What was left out or assumed."""
    problem: LanguageError | None = None


def holds_classes(text: str) -> bool:
    """Whether the text is code with classes or functions, or with names for numbers and layers."""
    return re.search(r"^[ \t]*(class|def) \w+|^\w+ *=[^=]", text, re.MULTILINE) is not None


def read_classes(text: str, name: str = "") -> ReadCode:
    """The layers of every model class in the code, or of the one that is named.

    Without a class, those of the modules that are assigned. Raises LanguageError for what is no code, or
    holds no model.
    """
    try:
        tree = ast.parse(dedent(text))
        if any(_has_too_many_digits(node) for node in ast.walk(tree)):
            raise ValueError
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f", from line {line} on" if line else ""
        raise LanguageError(
            f"this is not Python code that can be read{where}", "paste the whole class"
        ) from None
    interpreter = Interpreter()
    try:
        interpreter.run([node for node in tree.body if not isinstance(node, ast.Return)], interpreter.names)
        models = _models(tree, interpreter, name)
        return _read(models, interpreter) if models else _assigned(interpreter)
    except RecursionError:
        raise LanguageError("the code is nested too deep to be followed") from None


def _has_too_many_digits(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value.bit_length() > MAX_BITS
    )


def _models(tree: ast.Module, interpreter: Interpreter, name: str) -> list[ClassCode]:
    """The classes that are models of their own, not parts of others; the one that is named."""
    classes = {node.name: ClassCode(node) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    models = {key: one for key, one in classes.items() if _is_model(one, classes, interpreter)}
    if name:
        if name not in models:
            raise LanguageError(
                f"there is no model class {quote(name)}", f"there are {', '.join(models) or 'none'}"
            )
        return [models[name]]
    parts = {
        inner.id
        for key, one in models.items()
        for inner in ast.walk(one.node)
        if isinstance(inner, ast.Name) and inner.id != key
    }
    return [one for key, one in models.items() if key not in parts] or list(models.values())


def _is_model(one: ClassCode, classes: dict[str, ClassCode], interpreter: Interpreter) -> bool:
    bases = [ast.unparse(base).rpartition(".")[2] for base in one.node.bases]
    known = [classes[base] for base in bases if base in classes and classes[base] is not one]
    return (
        any(base in MODULES for base in bases)
        or interpreter.method(one, "forward") is not None
        or any(_is_model(base, {}, interpreter) for base in known)
    )


def _read(models: list[ClassCode], interpreter: Interpreter) -> ReadCode:
    layers: list[Layer] = []
    names = [one.node.name for one in models]
    if len(models) > 1:
        interpreter.notes.append(f"{', then '.join(names)}; `aetui conv --class NAME` reads one")
    for one in models:
        interpreter.newest = Data()
        try:
            layers += _way_through(one, interpreter).layers
        except LanguageError as error:
            return ReadCode((*layers, *interpreter.newest.layers), tuple(interpreter.notes), error)
    return ReadCode(tuple(layers), tuple(interpreter.notes))


def _way_through(one: ClassCode, interpreter: Interpreter) -> Data:
    """What the model does to a batch, made as the code makes it, else with its defaults."""
    made = [
        value
        for value in interpreter.names.values()
        if isinstance(value, Instance) and value.made_of.node is one.node
    ]
    model = made[-1] if made else interpreter.make(one, MAKE, {})
    if interpreter.method(one, "forward") is None:
        interpreter.notes.append(
            f"{one.node.name} has no forward: its layers in the order of their definition"
        )
    returned = interpreter.apply(model, CALL, {"data": Data()})
    return interpreter.way(returned, interpreter.method(one, "forward") or one.node)


def _assigned(interpreter: Interpreter) -> ReadCode:
    """The layers that have names, or stand on lines of their own, but for those that are parts of others."""
    found = [module for value in interpreter.names.values() for module in modules_in(value)]
    layers = tuple(layer for one in found if one not in interpreter.taken for layer in one.layers)
    unread = [(name, one.error) for name, one in interpreter.names.items() if isinstance(one, Unread)]
    if not layers:
        if unread:
            raise unread[0][1]
        raise LanguageError("there is no layer and no model class in this code", "paste the model's class")
    notes = [*interpreter.notes, *(f"{name} is left out: {error.message}" for name, error in unread)]
    return ReadCode(layers, tuple(notes))
