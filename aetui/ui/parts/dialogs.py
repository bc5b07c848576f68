"""A question with a few answers, and the one that leaving asks while something trains."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from aetui.ui.parts.key_footer import KeyFooter


class ChoiceScreen(ModalScreen[str | None]):
    """A question with a few answers; dismissed with the answer's id, or None for cancel."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Cancel", id="dialog.cancel", tooltip="back, nothing changes"),
    ]

    def __init__(self, question: str, answers: list[tuple[str, str]]) -> None:
        super().__init__()
        self._question = question
        self._answers = answers

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False, classes="question")
            yield OptionList(*(Option(text, id=name) for name, text in self._answers), markup=False)
        yield KeyFooter()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        name = event.option.id
        self.dismiss(None if name == "cancel" else name)


class QuitScreen(ChoiceScreen):
    """Go on without a screen, checkpoint and stop, or cancel."""

    def __init__(self, runs: list[str]) -> None:
        what = "A run is training." if len(runs) == 1 else f"{len(runs)} runs are training."
        answers = [
            ("go on", "Go on without a screen   come back with `aetui watch`"),
            ("stop", "Checkpoint and stop      go on later with `aetui resume`"),
            ("cancel", "Cancel"),
        ]
        super().__init__(f"{what} Leave how?", answers)
