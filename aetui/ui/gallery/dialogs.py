"""What the gallery asks: which label, which image."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.widgets import Input, OptionList, Static

from aetui.shapes.sizes import quote, whole_number
from aetui.text import safe_text
from aetui.ui.parts.dialogs import ChoiceScreen, Dialog
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.text_line import TextLine

ALL = "all"


class Labels(OptionList):
    """Names that are found by typing."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Letters are no keys of the dialog."""
        return character is not None and character.isprintable()


class LabelScreen(ChoiceScreen):
    """Images of which label; dismissed with ALL or the class index as text, or None for cancel."""

    LIST = Labels

    def __init__(self, classes: Sequence[str]) -> None:
        labels = [(str(index), safe_text(name)) for index, name in enumerate(classes)]
        super().__init__("Images of which label? Type how it begins.", [(ALL, "all labels"), *labels])
        self._typed = ""

    def on_key(self, event: Key) -> None:
        """Typed letters go to the first label that begins with them, or else with the last of them."""
        if event.character is None or not event.is_printable:
            return
        letter = event.character.lower()
        for typed in (self._typed + letter, letter):
            if self._find(typed):
                self._typed = typed
                event.stop()  # before it is taken for a key of the dialog
                return

    def _find(self, typed: str) -> bool:
        """Choose the first label that begins so, if there is one."""
        labels = self.query_one(OptionList)
        for index, option in enumerate(labels.options):
            if str(option.prompt).lower().startswith(typed):
                labels.highlighted = index
                return True
        return False


class JumpScreen(Dialog[int | None]):
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
            yield TextLine(compact=True, max_length=40)
            yield Static(id="wrong", markup=False)
        yield KeyFooter()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        digits = event.value.strip().removeprefix("#").replace(",", "")
        index = whole_number(digits) if digits.isascii() and digits.isdigit() else self._count
        if index < self._count:
            self.dismiss(index)
        else:
            wrong = f"There is no image {quote(event.value)}: write a number from 0 to {self._count - 1:,}."
            self.query_one("#wrong", Static).update(safe_text(wrong))
