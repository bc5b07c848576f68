"""The inverse question: which kernel, stride and padding lead from one size to another."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from aetui.errors import UsageError
from aetui.shapes.inverse import Solution, solve_conv, solve_conv_transpose, usual_bounds
from aetui.shapes.sizes import MAX_NUMBER, Size, format_size, quote, whole_number
from aetui.text import safe_text
from aetui.ui.parts.dialogs import Dialog
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.text_line import TextLine

MOST_ANSWERS = 100
"""Answers that are listed; the best come first."""


class InverseScreen(Dialog[Solution | None]):
    """Two sizes and the ranked answers; dismissed with the one chosen."""

    CSS_PATH = "inverse_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="inverse.cancel", tooltip="back, nothing changes"),
        Binding("down", "app.focus_next", "Answers", id="inverse.next", tooltip="on to the answers"),
    ]

    def __init__(self, kind: str, inputs: Size, outputs: Size, transposed: bool) -> None:
        super().__init__()
        self._kind, self._transposed = kind, transposed
        self._sizes = format_size(inputs), format_size(outputs)
        self._answers: list[Solution] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = f"Which {self._kind} leads from one size to the other?"
            with Horizontal(id="sizes"):
                yield Static("from", classes="word")
                yield TextLine(self._sizes[0], id="from", compact=True, max_length=40)
                yield Static("to", classes="word")
                yield TextLine(self._sizes[1], id="to", compact=True, max_length=40)
            yield Static(id="count", markup=False)
            yield OptionList(id="answers", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#to").focus()

    def on_input_changed(self) -> None:
        try:
            self._answers = self._solve()
            count = len(self._answers)
            more = f", the best {MOST_ANSWERS}" if count > MOST_ANSWERS else ""
            said = f"{count:,} answers{more}; fewest wasted pixels first" if count else "no answer in bounds"
        except UsageError as error:
            self._answers, said = [], error.sentence
        self.query_one("#count", Static).update(safe_text(said))
        answers = self.query_one(OptionList)
        answers.clear_options()
        answers.add_options(Option(_line(answer)) for answer in self._answers[:MOST_ANSWERS])

    def on_input_submitted(self) -> None:
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._answers[event.option_index])

    def _solve(self) -> list[Solution]:
        inputs, outputs = (_axes(self.query_one(name, Input).value) for name in ("#from", "#to"))
        solve = solve_conv_transpose if self._transposed else solve_conv
        bounds = usual_bounds(inputs, outputs) if inputs and outputs else None
        return solve(inputs, outputs, bounds) if bounds else []


def _axes(text: str) -> Sequence[int]:
    words = text.strip().split("x")
    if not all(word.isascii() and word.isdigit() for word in words) or len(words) > 3:
        raise UsageError(f"{quote(text)} is not a size", "write one number an axis, for example 28x28")
    numbers = [whole_number(word) for word in words]
    if not all(1 <= number <= MAX_NUMBER for number in numbers):
        raise UsageError(f"{quote(text)} is out of bounds", f"write numbers from 1 to {MAX_NUMBER:,}")
    return numbers


def _line(answer: Solution) -> Text:
    text = Text(f"{answer.text:<24}")
    return text.append(f"{answer.wasted} wasted" if answer.wasted else "nothing wasted", "dim")
