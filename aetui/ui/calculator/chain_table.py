"""The table of the shape calculator: a row a layer, numbers that can be counted up and down."""

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from aetui.ui.calculator.chain_rows import Columns, Line, chain_lines, head_line
from aetui.ui.calculator.editable_chain import Chain, read_line


class ChainTable(Widget, can_focus=True):
    """The rows of a chain. It shows and chooses; the screen changes the chain."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "screen.edit",
            "Edit",
            id="chain.edit",
            key_display="⏎",
            tooltip="edit the row in the line",
        ),
        Binding("a", "screen.add", "Add", id="chain.add", tooltip="a new layer below the row"),
        Binding(
            "d,delete,backspace",
            "screen.delete",
            "Del",
            id="chain.delete",
            key_display="d",
            tooltip="delete the row; ⌫ too",
        ),
        Binding(
            "J,shift+down",
            "screen.move(1)",
            "Move down",
            id="chain.down",
            key_display="J",
            tooltip="move the row down; shift+↓ too",
            show=False,
        ),
        Binding(
            "K,shift+up",
            "screen.move(-1)",
            "Move up",
            id="chain.up",
            key_display="K",
            tooltip="move the row up; shift+↑ too",
            show=False,
        ),
        Binding(
            "right",
            "choose_number(1)",
            "Value",
            id="chain.number",
            tooltip="choose a number; up and down change it",
        ),
        Binding(
            "left",
            "choose_number(-1)",
            "Value before",
            id="chain.number_before",
            tooltip="the number before",
            show=False,
        ),
        Binding(
            "escape",
            "leave_number",
            "Row",
            id="chain.row",
            tooltip="from its numbers back to the row",
            show=False,
        ),
        Binding(
            "up",
            "up(1)",
            "Row above",
            id="chain.previous",
            tooltip="the row above; on a number: one more",
            show=False,
        ),
        Binding(
            "down",
            "up(-1)",
            "Row below",
            id="chain.next",
            tooltip="the row below; on a number: one less",
            show=False,
        ),
        Binding("home", "jump(0)", "First", id="chain.first", tooltip="the first row", show=False),
        Binding("end", "jump(-1)", "Last", id="chain.last", tooltip="the last row", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"chain-table--chosen", "chain-table--focused"}
    DEFAULT_CSS = """
    ChainTable { height: 1fr; }
    ChainTable > .chain-table--chosen { background: $foreground 10%; }
    ChainTable > .chain-table--focused { background: $primary 35%; }
    """

    row: reactive[int] = reactive(0)
    """The chosen row; 0 is the size."""
    number: reactive[int | None] = reactive[int | None](None)
    """The chosen number of the chosen row, None for the whole row."""

    class Stepped(Message):
        """The chosen number should change by this many units."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self) -> None:
        super().__init__()
        self._chain = read_line("")
        self._lines: list[Line] = []
        self._top = 0

    def show(self, chain: Chain) -> None:
        """Show another chain; only lines that differ are drawn again."""
        self._chain = chain
        self.row = min(self.row, len(chain.rows) - 1)
        if self.number is not None:
            count = len(chain.numbers(self.row))
            self.number = min(self.number, count - 1) if count else None
        self._update()

    def render_line(self, y: int) -> Strip:
        """The head, or one of the lines below it. They scroll without a new layout, which would be slow."""
        index, width, style = y - 1 + self._top, self.size.width, self.rich_style
        text = Text("")
        if y == 0:
            text = self._head()
        elif index < len(self._lines):
            text = self._lines[index].text
            if self._lines[index].chosen:
                name = "focused" if self.has_focus else "chosen"
                style = self.get_component_rich_style(f"chain-table--{name}")
        strip = Strip(text.render(self.app.console)).crop(0, width).adjust_cell_length(width)
        return strip.apply_style(style)

    def _head(self) -> Text:
        if not self._chain.line.strip():
            return Text("")
        size, below = self._chain.rows[0].output, len(self._lines) - self._top - self._shown
        hidden = (f"  ↑{self._top}" if self._top else "") + (f"  ↓{below}" if below > 0 else "")
        return head_line(Columns.fit(self.size.width, len(size) - 1 if size else 2), hidden)

    @property
    def _shown(self) -> int:
        """How many lines there is room for."""
        return max(1, self.size.height - 1)

    def _update(self) -> None:
        """Draw the lines that differ from what is shown, and keep the chosen row in sight."""
        before, top = self._lines, self._top
        self._lines = chain_lines(self._chain, self.size.width, self.row, self.number)
        places = [index for index, line in enumerate(self._lines) if line.row == self.row]
        self._top = min(self._top, places[0], max(0, len(self._lines) - self._shown))
        self._top = max(self._top, min(places[0], places[-1] + 1 - self._shown))
        for y in range(self._shown):
            old, new = y + top, y + self._top
            if before[old : old + 1] != self._lines[new : new + 1]:
                self.refresh(Region(0, y + 1, self.size.width, 1))
        self.refresh(Region(0, 0, self.size.width, 1))

    def on_resize(self) -> None:
        self._update()
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.number = None
        self.refresh()

    def watch_row(self) -> None:
        self.number = None
        self._update()

    def watch_number(self) -> None:
        self._update()

    def validate_row(self, row: int) -> int:
        return max(0, min(row, len(self._chain.rows) - 1))

    # ── what the user wants ────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leaving a number is possible on one only; elsewhere the key goes on to the screen."""
        return self.number is not None if action == "leave_number" else True

    def action_up(self, by: int) -> None:
        """On a number, change it; else choose another row."""
        if self.number is None:
            self.row -= by
        else:
            self.post_message(self.Stepped(by))

    def action_jump(self, row: int) -> None:
        """Choose a row, counted from the end where it is negative."""
        self.row = row % len(self._chain.rows)

    def action_choose_number(self, by: int) -> None:
        """Choose the next number of the row; before the first one lies the row itself."""
        number = (-1 if self.number is None else self.number) + by
        count = len(self._chain.numbers(self.row))
        self.number = None if number < 0 or not count else min(number, count - 1)

    def action_leave_number(self) -> None:
        """Back to the row."""
        self.number = None
