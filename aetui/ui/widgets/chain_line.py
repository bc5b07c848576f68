"""The one line of the shape calculator."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from aetui.text import safe_text
from aetui.ui.chain_editor import MAX_TEXT, one_line


class ChainLine(Input):
    """A size and layers as text. Pasted code of many lines becomes one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter,down", "screen.rows", "Rows", id="line.rows", key_display="⏎", tooltip="on to the rows"
        ),
    ]

    virtual_size = Reactive(Size(0, 0))
    """As every widget's, but a longer text lays out no screen: that would cost a frame a key."""

    def __init__(self, value: str) -> None:
        example = "1x28x28 conv 16 k3 s2 p1, relu, conv 32 k3 s2 p1"
        super().__init__(value, placeholder=example, max_length=MAX_TEXT, select_on_focus=False)

    def validate_value(self, value: str) -> str:
        """Control characters are made visible, wherever they come from."""
        return safe_text(value)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        text = one_line(event.text[: 2 * MAX_TEXT])
        if len(self.value) + len(text) > MAX_TEXT:
            self.notify(f"That is too long: at most {MAX_TEXT:,} characters are read.", severity="warning")
        else:
            self.replace(text, *self.selection)
