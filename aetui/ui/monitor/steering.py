"""Changing a setting while a run trains: what may change, as it is now, and a line for another value."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from aetui.config.fields import value_of
from aetui.config.notes import STEERABLE
from aetui.config.reading import read_preset
from aetui.config.steering import OF_IMAGES, steer, steered
from aetui.errors import AetuiError
from aetui.runs.control import LONGEST_SET, SET
from aetui.text import safe_text
from aetui.ui.parts.dialogs import Dialog
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.mixin import ScreenMixin
from aetui.ui.parts.text_line import AnswerLine
from aetui.ui.run_feed import Feed


def values_now(config: Path) -> dict[str, str]:
    """What may change of the run with this config.toml, with all changes so far. Raises PresetError."""
    now = steered(read_preset(config, linked=False))
    values = [(key, value_of(now, key)) for key in STEERABLE]
    return {key: value for key, value in values if key not in OF_IMAGES or value not in ("", "0")}


def mistake_in(config: Path, change: str) -> str:
    """Why that run cannot take the change `section.key=value`; empty where it can."""
    if len(SET + change) > LONGEST_SET or not change.isprintable():
        return "expected section.key=value"
    try:
        steer(steered(read_preset(config, linked=False)), change)
    except AetuiError as error:
        return error.sentence
    return ""


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
            begun = f"{next(iter(self._values))}="
            yield AnswerLine(begun, compact=True, max_length=150, select_on_focus=False)
            yield Static(id="wrong", markup=False)
        yield KeyFooter()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        change = event.value.strip()
        if wrong := self._mistake_in(change):
            self.query_one("#wrong", Static).update(safe_text(wrong))
        else:
            self.dismiss(change)


class WithSteering(ScreenMixin):
    """A screen of a run whose settings may be changed while it trains."""

    feed: Feed

    @abstractmethod
    def action_ask(self, command: str) -> bool:
        """Send a command to the process that trains; whether it was sent."""

    def action_steer(self) -> None:
        """Another learning rate, number of epochs, noise or masks, from the next step on."""
        config = self.feed.folder.config
        try:
            values = values_now(config)
        except AetuiError as error:
            self.notify(safe_text(error.sentence), severity="error", markup=False)
        else:
            self.app.push_screen(SteerScreen(values, partial(mistake_in, config)), self._steer)

    def _steer(self, change: str | None) -> None:
        if change is not None and self.action_ask(f"{SET}{change}"):
            self.notify(safe_text(f"{change} from the next step on."), markup=False)
