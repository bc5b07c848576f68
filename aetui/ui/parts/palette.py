"""The command palette: every action of the screen below it, found by what it does; what the screen costs."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import psutil
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen

from aetui.text import format_bytes
from aetui.ui.driver import RECENT_SECONDS

TEXTUALS_OWN = ("Theme", "Screenshot")
"""Of Textual's commands those that no key of ours does."""


class Palette(CommandPalette):
    """Textual's, whose line takes ctrl+c for copying."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "escape", show=False, priority=True)]


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


def costs(bytes_a_second: float | None) -> str:
    """What this process takes, in lines: the line to the terminal, where that is known, processor, memory."""
    told = []
    if bytes_a_second is not None:
        rate = format_bytes(round(bytes_a_second))
        told.append(f"{rate} a second to the terminal, mean of {RECENT_SECONDS:.0f} s")
    process = psutil.Process()
    told.append(
        f"{time.process_time() / (time.time() - process.create_time()):.1%} of a core since the start"
    )
    told.append(f"{format_bytes(process.memory_info().rss)} of memory")
    return "\n".join(told)
