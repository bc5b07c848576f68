"""The command palette: every action of the screen below it, found by what it does."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import App, SystemCommand
from textual.screen import Screen

TEXTUALS_OWN = ("Theme", "Screenshot")
"""Of Textual's commands those that no key of ours does."""


def screen_commands(app: App[Any], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """The actions of a screen's keys, named by their tooltips, with the key beside them."""
    listed: set[str | None] = {None}
    for active in screen.active_bindings.values():
        binding = active.binding
        if active.enabled and binding.tooltip and binding.id not in listed:
            listed.add(binding.id)
            title = binding.tooltip[0].upper() + binding.tooltip[1:]
            act = partial(app.run_action, binding.action, active.node)
            yield SystemCommand(title, f"key {app.get_key_display(binding)}", act)
