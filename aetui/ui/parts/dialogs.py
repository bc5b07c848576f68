"""What stands in the middle of a screen: a question with a few answers, and the one that leaving asks."""

from contextlib import ExitStack
from typing import ClassVar, TypeVar

from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.css.styles import RulesMap
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from aetui.text import safe_text
from aetui.ui.parts.key_footer import KeyFooter

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """Stands once all of it is there, on the lines that the screen below has drawn already.

    Textual's own is drawn three times while it is put together, each time with the screen below made anew
    from its pieces of text.
    """

    DEFAULT_CSS = "Dialog { align: center middle; background: transparent; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "dismiss(None)", "Cancel", show=False),
    ]

    def on_mount(self) -> None:
        unfinished = ExitStack()
        unfinished.enter_context(self.app.batch_update())
        self.call_after_refresh(unfinished.close)

    def render(self) -> RenderResult:  # type: ignore[override]
        below = super().render()
        return _Below(below.screen) if isinstance(below, BackgroundScreen) else below


class _Below(Visual):
    """A screen as it is on the terminal."""

    def __init__(self, screen: Screen[object]) -> None:
        self._screen = screen

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        return self._screen._compositor.render_strips()[:height]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._screen.size.height


class ChoiceScreen(Dialog[str | None]):
    """A question with a few answers; dismissed with the answer's id, or None for cancel."""

    LIST: ClassVar[type[OptionList]] = OptionList

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Cancel", id="dialog.cancel", tooltip="back, nothing changes"),
    ]

    def __init__(self, question: str, answers: list[tuple[str, str]]) -> None:
        super().__init__()
        self._question = question
        self._answers = answers

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe_text(self._question), markup=False, classes="question")
            answers = (Option(safe_text(text), id=name) for name, text in self._answers)
            yield self.LIST(*answers, markup=False)
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
