"""Calls of the code's own classes, functions and modules: they are entered."""

import ast
from abc import abstractmethod
from collections.abc import Sequence
from typing import cast

from aetui.shapes.code.context import Scope
from aetui.shapes.code.expressions import Expressions
from aetui.shapes.code.functions import WITHOUT_EFFECT
from aetui.shapes.code.values import ClassCode, Data, Function, Instance, Module, Unread, Value, modules_in

MAX_DEPTH = 30
ALIASES = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional"}
"""What people call them, imported or not."""
NOTHING = object()
"""What a function without `return` gives."""


class Calls(Expressions):
    """What is called, and what comes back."""

    def __init__(self) -> None:
        super().__init__()
        self._aliases = dict(ALIASES)
        self._depth = 0

    @abstractmethod
    def run(self, statements: Sequence[ast.stmt], scope: Scope) -> Value:
        """Follow statements to a `return`."""

    @abstractmethod
    def _known_call(self, node: ast.Call, dotted: str, scope: Scope) -> Value: ...

    @abstractmethod
    def _method(self, node: ast.Call, owner: Value, scope: Scope) -> Value: ...

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        dotted = self._dotted(node.func, scope)
        if dotted:
            return self._known_call(node, dotted, scope)
        if isinstance(node.func, ast.Attribute):
            if _is_super(node.func.value):
                return self._super(node, scope)
            owner = self.known(node.func.value, scope)
            if not isinstance(owner, Instance) or node.func.attr in WITHOUT_EFFECT:
                return self._method(node, owner, scope)
        called = self._try(node.func, scope)
        if isinstance(called, Unread):
            self._items(node.args, scope)  # what comes before it is still read
            raise called.error
        return self.apply(called, node, scope)

    def apply(self, called: Value, node: ast.Call, scope: Scope) -> Value:
        """Call a module, an object, a class or a function of the code."""
        if isinstance(called, ClassCode):
            return self.make(called, node, scope)
        if isinstance(called, Function):
            return self._enter(called, node, scope)
        if isinstance(called, Instance):
            return self._forward(called, node, scope)
        if isinstance(called, Module):
            (data,) = self._items(node.args, scope)[:1] or [None]
            if isinstance(data, Data):
                return self._went(data, called)
            if isinstance(data, Unread):
                raise data.error
        raise self.refusal(node, "is not followed")

    def _forward(self, called: Instance, node: ast.Call, scope: Scope) -> Value:
        if forward := self.method(called.made_of, "forward"):
            return self._enter(Function(forward, called), node, scope)
        whole = Module(tuple(x for m in modules_in(list(called.attributes.values())) for x in m.layers))
        return self.apply(whole, node, scope)

    def way(self, value: Value, node: ast.AST) -> Data:
        """The data that is returned; of several, the one that goes through all the others' layers."""
        if isinstance(value, Data):
            return value
        if isinstance(value, dict):
            value = list(value.values())
        found = [item for item in value if isinstance(item, Data)] if isinstance(value, list | tuple) else []
        if not found:
            raise self.refusal(node, "returns no data that is followed")
        longest = max(found, key=lambda item: len(item.layers))
        if any(item.layers != longest.layers[: len(item.layers)] for item in found):
            raise self.refusal(node, "returns ways of the data that part, of which none is the whole")
        return longest

    def make(self, made_of: ClassCode, node: ast.Call, scope: Scope) -> Value:
        """An object of a class of the code."""
        instance = Instance(made_of)
        if init := self.method(made_of, "__init__"):
            self._enter(Function(init, instance), node, scope)
        return instance

    def _enter(self, function: Function, node: ast.Call, scope: Scope) -> Value:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.refusal(node, "is called too deep inside itself")
        try:
            returned = self.run(function.node.body, self._arguments(function, node, scope))
        finally:
            self._depth -= 1
        return None if returned is NOTHING else returned

    def _arguments(self, function: Function, node: ast.Call, scope: Scope) -> Scope:
        taken = function.node.args
        names = [argument.arg for argument in (*taken.posonlyargs, *taken.args)]
        inside: Scope = {
            name: Unread(self.refusal(node, f"gives {name} no value", f"give it a default: {name}=32"))
            for name in (*names, *(argument.arg for argument in taken.kwonlyargs))
        }
        defaults = [*zip(names[::-1], taken.defaults[::-1], strict=False)]
        defaults += [(a.arg, d) for a, d in zip(taken.kwonlyargs, taken.kw_defaults, strict=True) if d]
        inside |= {name: self._try(default, self.names) for name, default in defaults}
        first = [] if function.owner is None else [function.owner]
        inside |= dict(zip(names, [*first, *self._items(node.args, scope)], strict=False))
        return inside | {k.arg: self._try(k.value, scope) for k in node.keywords if k.arg}

    def _super(self, node: ast.Call, scope: Scope) -> Value:
        """A method of the base class, which is in the code; `nn.Sequential` takes its layers."""
        owner = scope.get("self")
        if not isinstance(owner, Instance):
            raise self.refusal(node, "is not followed")
        for base in owner.made_of.node.bases:
            found = self._try(base, self.names)
            name = cast(ast.Attribute, node.func).attr
            method = self.method(found, name) if isinstance(found, ClassCode) else None
            if method:
                return self._enter(Function(method, owner), node, scope)
        modules = modules_in(self._items(node.args, scope))
        owner.attributes |= {str(number): module for number, module in enumerate(modules)}
        return None

    def method(self, made_of: ClassCode, name: str) -> ast.FunctionDef | None:
        """A method of a class, or of its bases in the code."""
        for statement in made_of.node.body:
            if isinstance(statement, ast.FunctionDef) and statement.name == name:
                return statement
        for base in made_of.node.bases:
            self._count()
            found = self.names.get(base.id) if isinstance(base, ast.Name) else None
            if isinstance(found, ClassCode) and found is not made_of and (method := self.method(found, name)):
                return method
        return None

    def _dotted(self, node: ast.expr, scope: Scope) -> str:
        """`torch.nn.Conv2d` for nn.Conv2d; "" for what begins with a name of the code."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in scope or node.id in self.names:
            return ""
        return ".".join([self._aliases.get(node.id, node.id), *parts])


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
