"""What the monitor asks: whether to stop, on generated data instead, to make room, to change a setting."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from aetui.text import format_bytes, safe_text
from aetui.ui.parts.dialogs import ChoiceScreen, Dialog
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.text_line import TextLine


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


class RoomScreen(ChoiceScreen):
    """The disk is full: delete checkpoints that the run can do without?

    It comes uncalled, so the answer under the cursor changes nothing.
    """

    def __init__(self, reason: str, removable: dict[str, int]) -> None:
        listed = ", ".join(f"{name} ({format_bytes(size)})" for name, size in removable.items())
        answers = [
            ("cancel", "Keep all   it goes on by itself once there is room"),
            ("make-room", safe_text(f"Delete {listed}")),
        ]
        super().__init__(safe_text(reason), answers)


class SteerScreen(Dialog[str | None]):
    """What may change while a run trains, as it is now, and a line for another value; dismissed with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel", tooltip="back, nothing changes"),
    ]

    def __init__(self, values: Mapping[str, str], mistake_in: Callable[[str], str]) -> None:
        """`mistake_in` says why a change `section.key=value` cannot be; empty where it can."""
        super().__init__()
        self._values = values
        self._mistake_in = mistake_in

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Change while it trains, from the next step on", classes="question")
            lines = [f"{key}={value}" for key, value in self._values.items()]
            yield Static("\n".join(map(safe_text, lines)) + "\n", markup=False)
            yield TextLine(
                f"{next(iter(self._values))}=", compact=True, max_length=150, select_on_focus=False
            )
            yield Static(id="wrong", markup=False)
        yield KeyFooter()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        change = event.value.strip()
        if wrong := self._mistake_in(change):
            self.query_one("#wrong", Static).update(safe_text(wrong))
        else:
            self.dismiss(change)
