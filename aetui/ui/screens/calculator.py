"""The shape calculator: a size and layers in one line, sizes and costs of every layer, windows drawn."""

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets.input import Selection

from aetui.config.preset import Preset
from aetui.errors import AetuiError
from aetui.shapes.inverse import Solution
from aetui.shapes.layers import Conv, ConvTranspose
from aetui.text import safe_text
from aetui.ui.chain_editor import Chain, read_line
from aetui.ui.chain_preset import line_of_preset, write_preset
from aetui.ui.screens.inverse import InverseScreen
from aetui.ui.widgets.chain_line import ChainLine
from aetui.ui.widgets.chain_lines import totals_text, way_text
from aetui.ui.widgets.chain_table import ChainTable
from aetui.ui.widgets.too_small import TooSmall
from aetui.ui.widgets.window_drawing import WindowDrawing

TITLE = "shape calculator: a size and layers"


class CalculatorScreen(Screen[str]):
    """The line, the table of its rows and the windows of the chosen row; dismissed with the line.

    The line is the chain: what is done in the table is written into it, and what is typed is read at once.
    """

    AUTO_FOCUS = ""
    CSS_PATH = "calculator.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "inverse", "Inverse", id="calculator.inverse", tooltip="options that lead to a size"),
        Binding(
            "t,ctrl+t",
            "take",
            "Take",
            id="calculator.take",
            key_display="t",
            tooltip="take the model of the preset chosen in the menu; ctrl+t while typing",
        ),
        Binding(
            "f",
            "field",
            "Field",
            id="calculator.field",
            tooltip="the receptive field on a test image, or the windows again",
        ),
        Binding(
            "u", "use", "Use", id="calculator.use", tooltip="use as preset: write a new preset file here"
        ),
        Binding(
            "escape,k",
            "back",
            "Back",
            id="calculator.back",
            key_display="esc",
            tooltip="back; the chain stays",
        ),
    ]

    def __init__(self, runs_dir: Path, preset: Preset | None = None, line: str = "") -> None:
        super().__init__()
        self._runs_dir = runs_dir
        self._preset = preset
        self._chain = read_line(line)

    def compose(self) -> ComposeResult:
        yield TooSmall()
        line = ChainLine(self._chain.line)
        line.id = "line"
        yield line
        with Container(id="calculator"):
            yield ChainTable()
            yield WindowDrawing(self._runs_dir)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self._show(self._chain)
        line = self.query_one(ChainLine)
        # watched, not asked for by message: the answer stands in the same frame as the letter
        self.watch(line, "value", self._typed, init=False)
        self.watch(line, "selection", self._follow_cursor, init=False)
        self.watch(self.query_one(ChainTable), "row", self._show_windows, init=False)
        (self.query_one(ChainTable) if self._chain.line else line).focus()

    # ── what happened ──────────────────────────────────────────────────────

    def _typed(self, value: str) -> None:
        if value != self._chain.line:
            self._show(read_line(value))

    def on_chain_table_stepped(self, message: ChainTable.Stepped) -> None:
        table = self.query_one(ChainTable)
        if table.number is not None:
            self._replace(self._chain.stepped(table.row, table.number, message.by))

    def _follow_cursor(self) -> None:
        """While the line is edited, the row under its cursor is the chosen one."""
        if not self.query(ChainLine):
            return
        line = self.query_one(ChainLine)
        if line.has_focus and self.query(ChainTable):
            self.query_one(ChainTable).row = self._chain.row_at(line.cursor_position)

    def _replace(self, chain: Chain) -> None:
        """Show a chain changed in the table; the line follows."""
        self._show(chain)
        self.query_one(ChainLine).value = chain.line

    def _show(self, chain: Chain) -> None:
        self._chain = chain
        self.query_one(ChainTable).show(chain)
        line = self.query_one(ChainLine)
        line.border_title, line.border_subtitle = way_text(chain) or TITLE, totals_text(chain)
        self._show_windows()

    def _show_windows(self) -> None:
        if not self.query(ChainTable):  # the screen is being taken down
            return
        row = self._chain.rows[self.query_one(ChainTable).row]
        shown = row if self._chain.line.strip() else None
        self.query_one(WindowDrawing).show(shown, self._chain.rows[0].output)

    # ── what the user wants ────────────────────────────────────────────────

    def action_rows(self) -> None:
        """From the line to the table."""
        self.query_one(ChainTable).focus()

    def action_edit(self) -> None:
        """Select the row in the line; typing replaces it."""
        self._replace(self._chain.settled())
        row = self._chain.rows[self.query_one(ChainTable).row]
        self._edit_line(Selection(row.start, row.stop))

    def action_add(self) -> None:
        """Make room for a layer below the row, in the line."""
        line, cursor = self._chain.with_room(self.query_one(ChainTable).row)
        self._replace(read_line(line))
        self._edit_line(Selection.cursor(cursor))

    def _edit_line(self, selection: Selection) -> None:
        line = self.query_one(ChainLine)
        line.focus()
        line.selection = selection

    def action_delete(self) -> None:
        """Delete the row; the size stays."""
        if row := self.query_one(ChainTable).row:
            self._replace(self._chain.without(row))

    def action_move(self, by: int) -> None:
        """Move the row."""
        table = self.query_one(ChainTable)
        moved = self._chain.moved(table.row, by)
        if moved is not self._chain:
            self._replace(moved)
            table.row += by

    def action_inverse(self) -> None:
        """Ask which options lead from the row's input to a size."""
        index = self.query_one(ChainTable).row
        row = self._chain.rows[index]
        if not isinstance(row.layer, Conv | ConvTranspose):
            self.notify("The inverse finds the options of a conv or a convt: choose such a row.")
            return
        above = self._chain.rows[index - 1].output or ()
        inputs, outputs = above[1:], (row.output or ())[1:]
        transposed = isinstance(row.layer, ConvTranspose)
        self.app.push_screen(InverseScreen(row.layer.kind, inputs, outputs, transposed), self._solved)

    def _solved(self, solution: Solution | None) -> None:
        if solution is not None:
            self._replace(self._chain.solved(self.query_one(ChainTable).row, solution))

    def action_field(self) -> None:
        """The receptive field on a test image, or the windows again."""
        self.query_one(WindowDrawing).switch()

    def action_take(self) -> None:
        """Take the model of the chosen preset."""
        line = line_of_preset(self._preset) if self._preset else ""
        if self._preset is None:
            self.notify("Choose a preset in the menu first; its model is taken here.")
        elif not line:
            self.notify("A vision transformer has no layers in this language; the menu shows its parts.")
        else:
            self._replace(read_line(line))
            self.query_one(ChainTable).row = 0
            self.action_rows()

    def action_use(self) -> None:
        """Write the chain as a new preset file into the working folder."""
        try:
            written = write_preset(self._chain, Path.cwd())
        except AetuiError as error:
            self.notify(safe_text(error.sentence), severity="error", markup=False, timeout=10)
        except OSError as error:
            text = f"{error.filename or Path.cwd()}: {error.strerror}"
            self.notify(safe_text(text), severity="error", markup=False, timeout=10)
        else:
            text = (
                f"{written.path}\n{f'To add: {written.to_add}.' if written.to_add else 'It trains as it is.'}"
            )
            self.notify(text, title="A new preset", markup=False, timeout=10)

    def action_back(self) -> None:
        """Back to the screen below; the app keeps the line."""
        self.dismiss(self._chain.line)
