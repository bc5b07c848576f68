"""A model's code followed on its syntax tree. Nothing in it is run: only what is named here is worked out."""

import ast
import operator
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from aetui.errors import UsageError
from aetui.shapes.chain import MAX_LAYERS
from aetui.shapes.code.arguments import MAX_VALUE, layer_of
from aetui.shapes.code.functions import NOT_ARGUMENTS, WITHOUT_EFFECT, class_of, function_layer, reshaped
from aetui.shapes.code.signatures import CLASSES
from aetui.shapes.code.values import (
    Batch,
    ClassCode,
    Data,
    Function,
    Instance,
    Module,
    Shape,
    Unread,
    Value,
    modules_in,
)
from aetui.shapes.errors import LanguageError
from aetui.shapes.layers import Flatten
from aetui.shapes.sizes import quote

MAX_STEPS = 20_000
"""Expressions and statements that are followed; a model has hundreds."""
MAX_DEPTH = 30
MAX_ROUNDS = 100
"""Of a loop; one over epochs has nothing to do with layers."""
CONTAINERS = ("Sequential", "ModuleList", "ModuleDict", "ParameterList")
ALIASES = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional"}
"""What people call them, imported or not."""
ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
JOINING = ("cat", "concat", "stack", "hstack", "vstack", "add", "mul", "matmul", "bmm")
JOINS = "joins two ways of the data, which is not followed"
NOTHING = object()
"""What a function without `return` gives."""

Scope = dict[str, Value]
Made = TypeVar("Made")


class Interpreter:
    """Follows statements and expressions. `newest` is the data that went furthest so far."""

    def __init__(self) -> None:
        self.names: Scope = {}
        self.newest = Data()
        self.notes: list[str] = []
        self.taken: set[Module] = set()
        """Modules that became part of others."""
        self._aliases = dict(ALIASES)
        self._steps = 0
        self._depth = 0

    # ── statements ─────────────────────────────────────────────────────────

    def run(self, statements: Sequence[ast.stmt], scope: Scope) -> Value:
        """Follow statements to a `return`. Raises LanguageError where one cannot be followed."""
        for statement in statements:
            self._count(statement)
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
        try:
            found = self.value(value, scope)
        except LanguageError as error:
            found = Unread(error)
        for target in targets:
            self._bind(target, found, scope)

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

    # ── expressions ────────────────────────────────────────────────────────

    def known(self, node: ast.expr, scope: Scope) -> Value:
        """The value of an expression that is used. Raises LanguageError where it could not be read."""
        value = self.value(node, scope)
        if isinstance(value, Unread):
            raise value.error
        return value

    def _try(self, node: ast.expr, scope: Scope) -> Value:
        try:
            return self.value(node, scope)
        except LanguageError as error:
            return Unread(error)

    def value(self, node: ast.expr, scope: Scope) -> Value:
        """What an expression stands for. Raises LanguageError where it is not followed."""
        self._count(node)
        try:
            return self._value(node, scope)
        except (TypeError, ValueError, LookupError, ArithmeticError):  # as running it would raise
            raise self.refusal(node, "is not followed") from None

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
            return self._bounded(left * min(right, MAX_LAYERS), node)
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

    # ── calls ──────────────────────────────────────────────────────────────

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

    def _builtin(self, node: ast.Call, name: str, scope: Scope) -> Value:
        items = [self.known(argument, scope) for argument in node.args]
        if name == "len" and isinstance(items[0], Data):
            return Batch()
        sequences = [item for item in items if isinstance(item, list | tuple | dict | Module)]
        if name == "len" and sequences:
            first = sequences[0]
            return len(first.layers if isinstance(first, Module) else first)
        if name == "range" and items and all(isinstance(item, int) for item in items):
            return list(range(*items)[:1000])
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

    def _went(self, data: Data, module: Module) -> Data:
        if len(data.layers) + len(module.layers) > MAX_LAYERS:
            raise LanguageError(f"more than {MAX_LAYERS:,} layers", "fewer are computed")
        self.newest = Data(data.layers + module.layers)
        return self.newest

    def _bounded(self, items: list[Value], node: ast.AST) -> list[Value]:
        if len(items) > MAX_LAYERS:
            raise self.refusal(node, "is too long", f"at most {MAX_LAYERS:,} layers are computed")
        return items

    def _written(self, node: ast.Call, arguments: Sequence[ast.expr], scope: Scope) -> ast.Call:
        """The call with the values of its arguments written out."""
        values = self._items(arguments, scope)
        args = [self._literal(value, node) for value in values]
        keywords = [ast.keyword(k.arg, self._literal(self._try(k.value, scope), node)) for k in node.keywords]
        return ast.copy_location(ast.Call(node.func, args, keywords), node)

    def _literal(self, value: Value, node: ast.AST) -> ast.expr:
        self._count(node)
        if isinstance(value, Unread):
            raise value.error
        if isinstance(value, list | tuple):
            return ast.Tuple([self._literal(item, node) for item in value], ast.Load())
        if isinstance(value, bool | int | float | str | None):
            return ast.Constant(value)
        raise self.refusal(node, "is given what is no number")

    # ── names and mistakes ─────────────────────────────────────────────────

    def method(self, made_of: ClassCode, name: str) -> ast.FunctionDef | None:
        """A method of a class, or of its bases in the code."""
        for statement in made_of.node.body:
            if isinstance(statement, ast.FunctionDef) and statement.name == name:
                return statement
        for base in made_of.node.bases:
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
        written = ast.unparse(node).partition("\n")[0]
        return LanguageError(f"line {line}: {quote(written)} {why}", hint, line - 1)

    def _count(self, node: ast.AST) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise LanguageError("the code is too long to be followed", f"at most {MAX_STEPS:,} steps are")


def _as_read(target: ast.expr) -> ast.expr:
    """The target of `+=` as it is read."""
    read = ast.parse(ast.unparse(target), mode="eval").body
    return ast.copy_location(read, target)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
