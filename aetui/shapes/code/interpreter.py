"""A model's code followed on its syntax tree. Nothing in it is run: only what is named here is worked out."""

import ast
from collections.abc import Sequence
from typing import cast

from aetui.shapes.code.calls import NOTHING
from aetui.shapes.code.context import Scope
from aetui.shapes.code.expressions import MAX_ROUNDS
from aetui.shapes.code.functions import WITHOUT_EFFECT
from aetui.shapes.code.torch_calls import TorchCalls
from aetui.shapes.code.values import ClassCode, Data, Function, Module, Unread, Value


class Interpreter(TorchCalls):
    """Follows statements, and through them expressions and calls."""

    def run(self, statements: Sequence[ast.stmt], scope: Scope) -> Value:
        """Follow statements to a `return`. Raises LanguageError where one cannot be followed."""
        for statement in statements:
            self._count()
            returned = self._statement(statement, scope)
            if returned is not NOTHING:
                return returned
        return NOTHING

    def _statement(self, node: ast.stmt, scope: Scope) -> Value:
        match node:
            case ast.Return():
                return None if node.value is None else self.known(node.value, scope)
            case ast.Assign():
                self._assign(node.targets, node.value, scope)
            case ast.AnnAssign(value=ast.expr()):
                self._assign([node.target], cast(ast.expr, node.value), scope)
            case ast.AugAssign():
                joined = ast.BinOp(_as_read(node.target), node.op, node.value)
                self._assign([node.target], ast.copy_location(joined, node), scope)
            case ast.Expr():
                self._expression(node.value, scope)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.FunctionDef():
                scope[node.name] = Function(node)
            case ast.ClassDef():
                scope[node.name] = ClassCode(node)
            case ast.With():
                return self.run(node.body, scope)
            case ast.If():
                return self._if(node, scope)
            case ast.For():
                return self._for(node, scope)
            case ast.Pass() | ast.Assert() | ast.Global() | ast.AnnAssign() | ast.Delete():
                pass
            case _:
                self._pass_over(node, scope)
        return NOTHING

    def _assign(self, targets: Sequence[ast.expr], value: ast.expr, scope: Scope) -> None:
        """What cannot be read is a mistake only where it is used."""
        found = self._try(value, scope)
        for target in targets:
            self._bind(target, found, scope)

    def _expression(self, node: ast.expr, scope: Scope) -> None:
        """A call for its effect: a list grows, a constructor runs; others change no layer."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name.endswith("_") and not name.startswith("_") and name not in WITHOUT_EFFECT:
                owner = self._try(node.func.value, scope)
                if isinstance(owner, Data):
                    raise self.refusal(node, "changes its data in place, which is not followed")
        found = self._try(node, scope)
        if scope is self.names:  # a layer on a line of its own, outside of any class
            scope[f"line {node.lineno}"] = found

    def _if(self, node: ast.If, scope: Scope) -> Value:
        test = self._try(node.test, scope)
        if isinstance(test, bool | int | str | None | list | tuple):
            return self.run(node.body if test else node.orelse, scope)
        self._pass_over(node, scope)
        return NOTHING

    def _for(self, node: ast.For, scope: Scope) -> Value:
        items = self._try(node.iter, scope)
        if isinstance(items, Module):
            items = [Module((layer,)) for layer in items.layers]
        if not isinstance(items, list | tuple) or len(items) > MAX_ROUNDS:
            self._pass_over(node, scope)
            return NOTHING
        for item in items:
            self._bind(node.target, item, scope)
            returned = self.run(node.body, scope)
            if returned is not NOTHING:
                return returned
        return NOTHING

    def _pass_over(self, node: ast.stmt, scope: Scope) -> None:
        """A statement that depends on what is not known: what it assigns is not known either."""
        refusal = self.refusal(node, "is not followed")
        for inner in ast.walk(node):
            if isinstance(inner, ast.Return):
                raise refusal
            if isinstance(inner, ast.Name | ast.Attribute) and isinstance(inner.ctx, ast.Store):
                self._bind(inner, Unread(refusal), scope)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for name in node.names:
            self._aliases[name.asname or name.name] = prefix + name.name


def _as_read(target: ast.expr) -> ast.expr:
    """The target of `+=` as it is read."""
    read = ast.parse(ast.unparse(target), mode="eval").body
    return ast.copy_location(read, target)
