"""Expressions of a model's code, but for calls: what they stand for, where that can be told."""

import ast
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import cast

from aetui.shapes.chain import MAX_LAYERS
from aetui.shapes.code.arguments import MAX_VALUE
from aetui.shapes.code.context import Context, Scope, TooLong
from aetui.shapes.code.functions import JOINS
from aetui.shapes.code.values import Batch, ClassCode, Data, Function, Instance, Module, Shape, Unread, Value
from aetui.shapes.errors import LanguageError
from aetui.shapes.sizes import quote

MAX_ROUNDS = 100
"""Of a loop; one over epochs has nothing to do with layers."""
ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


class Expressions(Context, ABC):
    """Names, numbers, lists, arithmetic."""

    @abstractmethod
    def _call(self, node: ast.Call, scope: Scope) -> Value: ...

    @abstractmethod
    def method(self, made_of: ClassCode, name: str) -> ast.FunctionDef | None:
        """A method of a class, or of its bases in the code."""

    def value(self, node: ast.expr, scope: Scope) -> Value:
        """What an expression stands for. Raises LanguageError where it is not followed."""
        self._count()
        try:
            return self._value(node, scope)
        except (TypeError, ValueError, LookupError, ArithmeticError):  # as running it would raise
            raise self.refusal(node, "is not followed") from None

    def known(self, node: ast.expr, scope: Scope) -> Value:
        """The value of an expression that is used. Raises LanguageError where it could not be read."""
        value = self.value(node, scope)
        if isinstance(value, Unread):
            raise value.error
        return value

    def _try(self, node: ast.expr, scope: Scope) -> Value:
        try:
            return self.value(node, scope)
        except TooLong:
            raise
        except LanguageError as error:
            return Unread(error)

    def _value(self, node: ast.expr, scope: Scope) -> Value:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self._name(node, scope)
            case ast.Attribute():
                return self._attribute(node, scope)
            case ast.List() | ast.Tuple():
                return self._items(node.elts, scope)
            case ast.Dict() if all(node.keys):
                keys = [self.known(cast(ast.expr, key), scope) for key in node.keys]
                return dict(zip(keys, self._items(node.values, scope), strict=True))
            case ast.ListComp(generators=[one]) | ast.GeneratorExp(generators=[one]):
                return self._comprehension(node.elt, one, scope)
            case ast.BinOp():
                return self._arithmetic(node, scope)
            case ast.UnaryOp(op=ast.USub()):
                return -self._number(node.operand, scope)
            case ast.UnaryOp(op=ast.Not()):
                return not self._number(node.operand, scope)
            case ast.Compare(ops=[ast.Is() | ast.IsNot() as test], comparators=[right]):
                same = self.known(node.left, scope) is self.known(right, scope)
                return same is isinstance(test, ast.Is)
            case ast.Compare(ops=[ast.Eq() | ast.NotEq() as test], comparators=[right]):
                same = self._number(node.left, scope) == self._number(right, scope)
                return same is isinstance(test, ast.Eq)
            case ast.IfExp():
                return self.known(node.body if self._number(node.test, scope) else node.orelse, scope)
            case ast.Subscript():
                return self._subscript(node, scope)
            case ast.Call():
                return self._call(node, scope)
        raise self.refusal(node, "is not followed")

    def _items(self, nodes: Sequence[ast.expr], scope: Scope) -> list[Value]:
        found: list[Value] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                many = self.known(node.value, scope)
                if isinstance(many, Module):
                    self.taken.add(many)
                    many = [Module((layer,)) for layer in many.layers]
                if not isinstance(many, list | tuple):
                    raise self.refusal(node, "is not followed")
                found += many
            else:
                found.append(self.value(node, scope))
        return found

    def _comprehension(self, item: ast.expr, one: ast.comprehension, scope: Scope) -> list[Value]:
        items = self.known(one.iter, scope)
        if not isinstance(items, list | tuple) or len(items) > MAX_ROUNDS or one.ifs:
            raise self.refusal(item, "is made for what is not known")
        found = []
        for value in items:
            inside = dict(scope)
            self._bind(one.target, value, inside)
            found.append(self.value(item, inside))
        return found

    def _bind(self, target: ast.expr, value: Value, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            scope[target.id] = value
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value, scope)
            if isinstance(owner, Instance):
                owner.attributes[target.attr] = value
        elif isinstance(target, ast.Tuple | ast.List):
            parts = value if isinstance(value, tuple | list) and len(value) == len(target.elts) else None
            for number, part in enumerate(target.elts):
                missing = (
                    value if isinstance(value, Unread) else Unread(self.refusal(target, "is not followed"))
                )
                self._bind(part, parts[number] if parts else missing, scope)

    def _name(self, node: ast.Name, scope: Scope) -> Value:
        for names in (scope, self.names):
            if node.id in names:
                return names[node.id]
        raise self.refusal(node, "has no value here", f"give it one: {node.id} = 32")

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Value:
        owner = self.known(node.value, scope)
        if isinstance(owner, Instance):
            return self._of_instance(owner, node)
        if isinstance(owner, Data) and node.attr == "shape":
            return Shape()
        raise self.refusal(node, "is not followed")

    def _of_instance(self, owner: Instance, node: ast.Attribute) -> Value:
        if node.attr in owner.attributes:
            return owner.attributes[node.attr]
        if method := self.method(owner.made_of, node.attr):
            return Function(method, owner)
        raise self.refusal(node, "is not set in __init__")

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        owner, index = self.known(node.value, scope), self.known(node.slice, scope)
        if isinstance(owner, Shape):
            return Batch() if index == 0 else Unread(self.refusal(node, "is not known here"))
        if isinstance(owner, Module) and isinstance(index, int):
            owner = [Module((layer,)) for layer in owner.layers]
        try:
            return owner[index]
        except (TypeError, KeyError, IndexError):
            raise self.refusal(node, "is not followed") from None

    def _number(self, node: ast.expr, scope: Scope) -> Value:
        value = self.known(node, scope)
        if isinstance(value, bool | int | float | str | None):
            return value
        raise self.refusal(node, "is not followed")

    def _arithmetic(self, node: ast.BinOp, scope: Scope) -> Value:
        left, right = self.known(node.left, scope), self.known(node.right, scope)
        sides = (left, right)
        if any(isinstance(side, Data) for side in sides):
            if any(isinstance(side, int | float) for side in sides):
                self.notes.append(
                    f"line {node.lineno}: {quote(ast.unparse(node))} changes no size and is left out"
                )
                return left if isinstance(left, Data) else right
            raise self.refusal(node, JOINS)
        if isinstance(node.op, ast.Add) and all(isinstance(side, list) for side in sides):
            return self._bounded(left + right, node)
        if isinstance(node.op, ast.Mult) and isinstance(left, list) and isinstance(right, int):
            return self._bounded(left * min(right, MAX_LAYERS + 1), node)
        whole = all(isinstance(side, int) and abs(side) <= MAX_VALUE for side in sides)
        small = not isinstance(node.op, ast.Pow) or (isinstance(right, int) and 0 <= right <= 20)
        if (
            whole
            and small
            and type(node.op) in ARITHMETIC
            and (right or not isinstance(node.op, ast.FloorDiv | ast.Mod))
        ):
            return ARITHMETIC[type(node.op)](left, right)
        raise self.refusal(node, "is not worked out", "write the number itself, such as 16")
