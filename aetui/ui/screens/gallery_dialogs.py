"""What the gallery asks: which label, which image."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from aetui.shapes.sizes import quote, whole_number
from aetui.text import safe_text
from aetui.ui.screens.dialogs import ChoiceScreen

ALL = "all"


class LabelScreen(ChoiceScreen):
    """Images of which label; dismissed with ALL or the class index as text, or None for cancel."""

    def __init__(self, classes: Sequence[str]) -> None:
        labels = [(str(index), safe_text(name)) for index, name in enumerate(classes)]
        super().__init__("Images of which label?", [(ALL, "all labels"), *labels])


class JumpScreen(ModalScreen[int | None]):
    """Which image of a set; dismissed with its index, or None for cancel."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="jump.cancel", tooltip="back, nothing changes"),
    ]

    def __init__(self, split: str, count: int) -> None:
        super().__init__()
        self._split, self._count = split, count

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            question = f"Which {self._split} image? 0 to {self._count - 1:,}, among all labels"
            yield Static(question, markup=False, classes="question")
            yield Input(compact=True, max_length=40)
            yield Static(id="wrong", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        digits = event.value.strip().removeprefix("#").replace(",", "")
        index = whole_number(digits) if digits.isascii() and digits.isdigit() else self._count
        if index < self._count:
            self.dismiss(index)
        else:
            wrong = f"There is no image {quote(event.value)}: write a number from 0 to {self._count - 1:,}."
            self.query_one("#wrong", Static).update(safe_text(wrong))
