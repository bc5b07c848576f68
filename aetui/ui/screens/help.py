"""Every key of a screen and what it does, read from its bindings."""

from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from aetui.text import safe_text


class HelpScreen(ModalScreen[None]):
    """The keys of the screen below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "Close", id="help.close", tooltip="back to the screen"),
    ]

    def __init__(self, below: Screen[Any], images: str) -> None:
        """`images` says how pictures are drawn, and why."""
        super().__init__()
        self._images = images
        active = below.active_bindings.values()
        screens_first = sorted(active, key=lambda each: each.node is below.focused)
        self._bindings_below = {each.binding.id: each.binding for each in screens_first}

    def compose(self) -> ComposeResult:
        table = Table.grid(padding=(0, 2))
        for binding in self._bindings_below.values():
            if binding.tooltip:
                keys = self.app.get_key_display(binding)
                table.add_row(keys, binding.description, binding.tooltip, Text(binding.id or "", "dim"))
        with VerticalScroll(classes="dialog help") as dialog:
            dialog.border_title = "Keys"
            yield Static(table)
            yield Static(f"\n{safe_text(f'Pictures are drawn as {self._images}.')}", markup=False)
