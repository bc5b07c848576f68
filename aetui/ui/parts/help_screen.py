"""Every key of a screen and what it does, read from its bindings."""

from itertools import groupby
from typing import Any, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from aetui.text import safe_text
from aetui.ui.parts.dialogs import Dialog
from aetui.ui.parts.key_footer import KeyFooter

GROUPS = {
    "menu": "Choose and start",
    "run": "Steer the training",
    "chart": "Look at the chart",
    "pictures": "Look at the pictures",
    "panel": "Panels",
    "line": "The line",
    "chain": "The layers",
    "calculator": "The calculator",
    "window": "The windows",
    "gallery": "Images",
    "values": "Values",
    "app": "Go elsewhere",
}
"""By the first word of the keys' ids, in the order of the help."""


class HelpScreen(Dialog[None]):
    """The keys of the screen below."""

    CSS_PATH = "help_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "Close", id="help.close", tooltip="back to the screen"),
    ]

    def __init__(self, below: Screen[Any], images: str) -> None:
        """`images` says how pictures are drawn, and why."""
        super().__init__()
        self._images = images
        self._bindings_below: dict[str, Binding] = {}
        for each in below.active_bindings.values():
            self._bindings_below.setdefault(each.binding.id or each.binding.key, each.binding)

    def compose(self) -> ComposeResult:
        bindings = sorted((one for one in self._bindings_below.values() if one.tooltip), key=_place)
        keys = {id(one): self.app.get_key_display(one) for one in bindings}
        widths = max(map(cell_len, keys.values())) + 2, max(cell_len(one.tooltip) for one in bindings) + 2
        lines = Text()
        for group, members in groupby(bindings, _group):
            lines.append(f"{' ' * widths[0]}{GROUPS.get(group, group.capitalize())}\n", "bold")
            for binding in members:
                lines.append(set_cell_size(keys[id(binding)], widths[0]))
                lines.append(set_cell_size(binding.tooltip, widths[1]))
                lines.append(f"{binding.id or ''}\n", "dim")
        lines.rstrip()
        with VerticalScroll(classes="dialog help") as dialog:
            dialog.border_title = "Keys"
            yield Static(lines, id="keys")
            yield Static(f"\n{safe_text(f'Pictures are drawn as {self._images}.')}", markup=False)
        yield KeyFooter()


def _group(binding: Binding) -> str:
    """What the key is about: the first word of its id."""
    first, _, last = (binding.id or "app").partition(".")
    return "app" if last == "back" else first


def _place(binding: Binding) -> tuple[int, str, bool]:
    """Where the key stands in the help: in its group, those of the footer first.

    A group that GROUPS does not know comes before the last.
    """
    group = _group(binding)
    place = list(GROUPS).index(group) if group in GROUPS else len(GROUPS) - 2
    return place, group, not binding.show
