"""What of the vertical axis is to be shown: two numbers, or none for what the curves need."""

import math
import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from aetui.text import format_number, safe_text
from aetui.ui.charts.looks import MOST
from aetui.ui.parts.dialogs import Dialog
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.text_line import AnswerLine

Range = tuple[float, float]


class RangeScreen(Dialog[Range | tuple[()] | None]):
    """Dismissed with the range, with nothing in it for all, or with None where nothing changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel", tooltip="back, nothing changes"),
    ]

    def __init__(self, now: Range | None, *, log_scale: bool) -> None:
        super().__init__()
        self._now = " ".join(map(format_number, now)) if now else ""
        self._log_scale = log_scale

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Show the vertical axis from … to …", classes="question")
            yield AnswerLine(self._now, placeholder="0.01 0.05; nothing: what the curves need", compact=True)
            yield Static(id="wrong", markup=False)
        yield KeyFooter()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            self.dismiss(read_range(event.value, log_scale=self._log_scale))
        except ValueError as error:
            self.query_one("#wrong", Static).update(safe_text(str(error)))


def read_range(text: str, *, log_scale: bool) -> Range | tuple[()]:
    """Two numbers as a person types them, `0.01 0.05`; nothing for none. Raises ValueError with the why."""
    words = [word for word in re.split(r"\s*(?:,|;|…|\.\.+|\bto\b|\s)\s*", text.strip().rstrip("%")) if word]
    if not words:
        return ()
    try:
        low, high = map(float, words)
    except ValueError:
        raise ValueError("expected two numbers, such as 0.01 0.05") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError("expected the smaller number first, then the larger")
    if max(-low, high) > MOST:
        raise ValueError(f"expected numbers of at most {MOST:g}")
    if log_scale and low <= 0:
        raise ValueError("a log scale begins above 0")
    return low, high
