"""Questions: how to leave while something trains, whether to stop, which data to train on."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from aetui.text import safe_text
from aetui.ui.menu.preset_list import is_folder


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


class StopScreen(ChoiceScreen):
    """Whether to stop a run."""

    def __init__(self) -> None:
        answers = [("stop", "Checkpoint and stop   go on later with `aetui resume`"), ("cancel", "Cancel")]
        super().__init__("Stop this run?", answers)


class TwinScreen(ChoiceScreen):
    """The data could not be had: train on the generated set of the same size instead?"""

    def __init__(self, reason: str, twin: str) -> None:
        answers = [(twin, f"Train on generated {twin} instead"), ("cancel", "Not now")]
        super().__init__(safe_text(reason), answers)


class FolderScreen(ModalScreen[str | None]):
    """Which folder of images; dismissed with its path, or None for cancel."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel", tooltip="back, nothing changes"),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Train on which folder of images?", classes="question")
            yield Input(placeholder="~/images", compact=True)
            yield Static(
                "Either train/ and test/ are in it, or all images. Enter starts, esc cancels.", classes="note"
            )
            yield Static(classes="wrong", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        path = event.value.strip()
        if path and is_folder(path):
            self.dismiss(path)
        else:
            wrong = f"There is no folder {safe_text(path)}." if path else "Write the path of a folder."
            self.query_one(".wrong", Static).update(wrong)
