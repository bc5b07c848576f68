"""What the names in a model's code stand for while it is read."""

import ast
from dataclasses import dataclass, field
from typing import Any

from aetui.shapes.errors import LanguageError
from aetui.shapes.layers import Layer

MAX_PARTS = 10_000
"""Of lists within lists."""

Value = Any
"""One of the classes here, a number, a word, None, or a tuple, list or dict of values."""


@dataclass(frozen=True, eq=False)
class Module:
    """Something that is called with data: layers in a row."""

    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Data:
    """A batch on its way: the layers it went through since it came in."""

    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Shape:
    """`x.shape`: the batch, then what is not followed here."""


@dataclass(frozen=True)
class Batch:
    """`x.size(0)`."""


@dataclass(frozen=True)
class Unread:
    """What could not be read; that is a mistake only where it is used."""

    error: LanguageError


@dataclass(frozen=True, eq=False)
class ClassCode:
    """A class of the code that is read."""

    node: ast.ClassDef


@dataclass(eq=False)
class Instance:
    """An object of such a class, with what was assigned to `self`."""

    made_of: ClassCode
    attributes: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Function:
    """A function of the code, and the object whose method it is."""

    node: ast.FunctionDef
    owner: Instance | None = None


def modules_in(value: Value) -> list[Module]:
    """The modules of a value that is one, or holds some, in order. Raises LanguageError for too many."""
    found: list[Module] = []
    waiting = [value]
    for _ in range(MAX_PARTS):
        if not waiting:
            return found
        part = waiting.pop()
        if isinstance(part, Module):
            found.append(part)
        elif isinstance(part, dict | tuple | list):
            waiting += reversed(list(part.values()) if isinstance(part, dict) else part)
    raise LanguageError("the lists hold too many parts", f"at most {MAX_PARTS:,} are followed")
