"""What all of the interpreter's parts share: the names, the data on its way, the limits, the mistakes."""

import ast
from collections.abc import Callable
from typing import TypeVar

from aetui.errors import UsageError
from aetui.shapes.chain import MAX_LAYERS
from aetui.shapes.code.values import Data, Module, Value
from aetui.shapes.errors import LanguageError
from aetui.shapes.sizes import quote

MAX_STEPS = 20_000
"""Expressions and statements that are followed, or shown in mistakes; a model has hundreds."""

Scope = dict[str, Value]
Made = TypeVar("Made")


class TooLong(LanguageError):
    """The whole code takes too long: nothing more of it is followed."""


class Context:
    """The names of the code so far. `newest` is the data that went furthest."""

    def __init__(self) -> None:
        self.names: Scope = {}
        self.newest = Data()
        self.notes: list[str] = []
        self.taken: set[Module] = set()
        """Modules that became part of others."""
        self._steps = 0

    def _went(self, data: Data, module: Module) -> Data:
        if len(data.layers) + len(module.layers) > MAX_LAYERS:
            raise LanguageError(f"more than {MAX_LAYERS:,} layers", "fewer are computed")
        self.newest = Data(data.layers + module.layers)
        return self.newest

    def _bounded(self, items: list[Value], node: ast.AST) -> list[Value]:
        if len(items) > MAX_LAYERS:
            raise self.refusal(node, "is too long", f"at most {MAX_LAYERS:,} layers are computed")
        return items

    def _located(self, node: ast.AST, make: Callable[[], Made]) -> Made:
        """What `make` gives; its mistake with the line."""
        try:
            return make()
        except UsageError as error:
            line = getattr(node, "lineno", 1)
            raise LanguageError(f"line {line}: {error.message}", error.hint, line - 1) from None

    def refusal(self, node: ast.AST, why: str, hint: str = "") -> LanguageError:
        """The mistake of a place in the code."""
        line = getattr(node, "lineno", 1)
        self._count(sum(1 for _ in ast.walk(node)))
        written = ast.unparse(node).partition("\n")[0]
        return LanguageError(f"line {line}: {quote(written)} {why}", hint, line - 1)

    def _count(self, steps: int = 1) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise TooLong("the code is too long to be followed", f"at most {MAX_STEPS:,} steps are")
