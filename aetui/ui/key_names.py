"""The names of the actions that keys.toml can give other keys."""

from collections.abc import Iterator

from textual.binding import Binding
from textual.dom import DOMNode


def action_names() -> frozenset[str]:
    """The ids of the bindings of every screen and widget of aetui; `app.py` imports them all."""
    return frozenset(
        binding.id
        for node in _subclasses(DOMNode)
        if node.__module__.startswith("aetui.")
        for binding in vars(node).get("BINDINGS", ())
        if isinstance(binding, Binding) and binding.id
    )


def _subclasses(node: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for each in node.__subclasses__():
        yield each
        yield from _subclasses(each)
