"""Calls of what is outside of the code: torch's classes and functions, and a few of Python's own."""

import ast
from collections.abc import Sequence
from typing import cast

from aetui.shapes.chain import MAX_LAYERS
from aetui.shapes.code.arguments import layer_of
from aetui.shapes.code.calls import Calls
from aetui.shapes.code.context import Scope
from aetui.shapes.code.functions import (
    JOINING,
    JOINS,
    NOT_ARGUMENTS,
    WITHOUT_EFFECT,
    class_of,
    function_layer,
    reshaped,
)
from aetui.shapes.code.signatures import CLASSES
from aetui.shapes.code.values import Batch, Data, Instance, Module, Shape, Unread, Value
from aetui.shapes.layers import Flatten

CONTAINERS = ("Sequential", "ModuleList", "ModuleDict", "ParameterList")


class TorchCalls(Calls):
    """What torch makes of data and of arguments."""

    def _known_call(self, node: ast.Call, dotted: str, scope: Scope) -> Value:
        """A call of something outside of the code: torch, and the few of Python's own that models use."""
        room, _, name = dotted.rpartition(".")
        if room in ("", "torch.nn", "torch.nn.modules") and name in CONTAINERS:
            return self._container(node, name, scope)
        if room in ("", "torch.nn") and name in CLASSES:
            return Module(
                (self._located(node, lambda: layer_of(self._written(node, node.args, scope), name)),)
            )
        if dotted.endswith("OrderedDict") or dotted in ("list", "tuple", "dict"):
            (items,) = self._items(node.args, scope) or [[]]
            return [item[1] if dotted.endswith("Dict") else item for item in items]
        if dotted in ("range", "len", "enumerate", "zip", "int"):
            return self._builtin(node, dotted, scope)
        if room in ("torch", "torch.nn.functional") and node.args:
            data = self.known(node.args[0], scope)
            if isinstance(data, Data):
                return self._function(node, name, data, node.args[1:], scope)
            if name in JOINING:
                raise self.refusal(node, JOINS)
        if room == "torch.nn":
            self._located(node, lambda: layer_of(node, name))
        raise self.refusal(node, "is not followed")

    def _container(self, node: ast.Call, name: str, scope: Scope) -> Value:
        items = self._items(node.args, scope)
        if len(items) == 1 and isinstance(items[0], list | tuple | dict):
            items = list(items[0].values()) if isinstance(items[0], dict) else list(items[0])
        for item in items:
            if isinstance(item, Unread):
                raise item.error
        if name != "Sequential":
            return items
        layers: list[Module] = []
        for item in items:
            if isinstance(item, Instance):
                gone = self._forward_of(item, node)
                layers.append(Module(gone.layers))
            elif isinstance(item, Module):
                self.taken.add(item)
                layers.append(item)
            else:
                raise self.refusal(node, "holds what is no layer")
        return Module(tuple(self._bounded([layer for module in layers for layer in module.layers], node)))

    def _forward_of(self, instance: Instance, node: ast.Call) -> Data:
        """What an object of the code does to data, by itself."""
        newest = self.newest
        call = ast.copy_location(ast.Call(node.func, [ast.copy_location(ast.Name("data"), node)], []), node)
        gone = self.way(self._forward(instance, call, {"data": Data()}), node)
        self.newest = newest
        return gone

    def _builtin(self, node: ast.Call, name: str, scope: Scope) -> Value:
        items = [self.known(argument, scope) for argument in node.args]
        if name == "len" and isinstance(items[0], Data):
            return Batch()
        sequences = [item for item in items if isinstance(item, list | tuple | dict | Module)]
        if name == "len" and sequences:
            first = sequences[0]
            return len(first.layers if isinstance(first, Module) else first)
        if name == "range" and items and all(isinstance(item, int) for item in items):
            return self._bounded(list(range(*items)[: MAX_LAYERS + 1]), node)
        if name == "enumerate" and len(sequences) == 1:
            first = sequences[0]
            listed = [Module((x,)) for x in first.layers] if isinstance(first, Module) else list(first)
            return [(number, item) for number, item in enumerate(listed)]
        if name == "zip" and len(sequences) == len(items):
            return list(zip(*sequences, strict=False))
        if name == "int" and isinstance(items[0], int | float):
            return int(items[0])
        raise self.refusal(node, "is not followed")

    def _method(self, node: ast.Call, owner: Value, scope: Scope) -> Value:
        """A method of data, of a list, or of a module."""
        name = cast(ast.Attribute, node.func).attr
        if name in WITHOUT_EFFECT:
            return owner
        if isinstance(owner, Data):
            return self._function(node, name, owner, node.args, scope)
        items = self._items(node.args, scope)
        if isinstance(owner, list) and name in ("append", "extend", "insert") and items:
            more = items[-1] if name == "extend" and isinstance(items[-1], list) else [items[-1]]
            owner[:] = self._bounded(owner + more, node)
            return None
        if isinstance(owner, dict) and name in ("items", "values", "keys"):
            return [*getattr(owner, name)()]
        if isinstance(owner, Module) and name == "forward":
            return self.apply(owner, node, scope)
        raise self.refusal(node, "is not followed")

    def _function(
        self, node: ast.Call, name: str, data: Data, arguments: Sequence[ast.expr], scope: Scope
    ) -> Value:
        """What a function of torch, or a method of a tensor, does to data."""
        if name == "size":
            return Batch() if arguments and self.known(arguments[0], scope) == 0 else Shape()
        if name == "flatten":
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            start = keywords.get("start_dim", arguments[0] if arguments else ast.Constant(0))
            if self.known(start, scope) != 1 or len(arguments) > 1:
                raise self.refusal(node, "mixes the samples of a batch", "flatten from axis 1")
            return self._went(data, Module((Flatten(),)))
        if name in ("view", "reshape"):
            sizes = [self._try(argument, scope) for argument in arguments]
            sizes = list(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], list | tuple) else sizes
            return self._went(data, Module(self._located(node, lambda: reshaped(sizes, data.layers))))
        if name == "pad" or class_of(name):
            kept = [keyword for keyword in node.keywords if keyword.arg not in NOT_ARGUMENTS]
            said = ast.copy_location(ast.Call(node.func, [], kept), node)
            call = self._written(said, arguments[:1] if name.startswith("dropout") else arguments, scope)
            return self._went(data, Module((self._located(node, lambda: function_layer(call, name)),)))
        raise self.refusal(node, JOINS if name in JOINING else "is not followed")

    def _written(self, node: ast.Call, arguments: Sequence[ast.expr], scope: Scope) -> ast.Call:
        """The call with the values of its arguments written out."""
        values = self._items(arguments, scope)
        args = [self._literal(value, node) for value in values]
        keywords = [ast.keyword(k.arg, self._literal(self._try(k.value, scope), node)) for k in node.keywords]
        return ast.copy_location(ast.Call(node.func, args, keywords), node)

    def _literal(self, value: Value, node: ast.AST) -> ast.expr:
        self._count()
        if isinstance(value, Unread):
            raise value.error
        if isinstance(value, list | tuple):
            return ast.Tuple([self._literal(item, node) for item in value], ast.Load())
        if isinstance(value, bool | int | float | str | None):
            return ast.Constant(value)
        raise self.refusal(node, "is given what is no number")
