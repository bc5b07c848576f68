"""The shape calculator: a size and layers in one line, sizes and costs of every layer, windows drawn."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import ActiveBinding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets.input import Selection

from aetui.config.preset import Preset
from aetui.errors import AetuiError
from aetui.shapes.inverse import Solution
from aetui.shapes.layers import Conv, ConvTranspose
from aetui.text import safe_text
from aetui.ui.calculator.chain_history import ChainHistory
from aetui.ui.calculator.chain_line import ChainLine
from aetui.ui.calculator.chain_rows import totals_text, way_text
from aetui.ui.calculator.chain_table import ChainTable
from aetui.ui.calculator.editable_chain import Chain, read_line
from aetui.ui.calculator.inverse_screen import InverseScreen
from aetui.ui.calculator.keys import KEYS, shortened
from aetui.ui.calculator.preset_files import line_of_preset, write_preset
from aetui.ui.calculator.window_drawing import WindowDrawing
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.too_small import TooSmall

TITLE = "shape calculator: a size and layers"
ABANDONED = re.compile(r"^[0-9x]+ *,|, *,|, *$")
"""Room for a layer that was not written: a comma too many."""
WIDE = 120
"""Columns from which the footer has room for every key."""


class CalculatorScreen(Screen[str]):
    """The line, the table of its rows and the windows of the chosen row; dismissed with the line.

    The line is the chain: what is done in the table is written into it, and what is typed is read at once.
    """

    AUTO_FOCUS = ""
    CSS_PATH = "screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(
        self,
        runs_dir: Path,
        preset: Preset | None = None,
        line: str = "",
        history: ChainHistory | None = None,
    ) -> None:
        """With the `history` of the calculator that was left before, undo goes on where it was."""
        super().__init__()
        self._runs_dir = runs_dir
        self._preset = preset
        self._chain = read_line(line)
        self._history = history or ChainHistory()

    def compose(self) -> ComposeResult:
        yield TooSmall()
        line = ChainLine(self._chain.line)
        line.id = "line"
        yield line
        with Container(id="calculator"):
            yield ChainTable()
            yield WindowDrawing(self._runs_dir)
        yield KeyFooter()

    def on_mount(self) -> None:
        self._show(self._chain)
        line = self.query_one(ChainLine)
        # watched, not asked for by message: the answer stands in the same frame as the letter
        self.watch(line, "value", self._typed, init=False)
        self.watch(line, "selection", self._follow_cursor, init=False)
        self.watch(self.query_one(ChainTable), "row", self._show_windows, init=False)
        self.action_type()

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys, for footer and help; a narrow footer is short."""
        active = super().active_bindings
        if self.size.width >= WIDE or isinstance(self.focused, ChainLine):
            return active
        return {key: shortened(one) for key, one in active.items()}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the line the key that leads there is a letter. Until there is a focus no key but escape acts."""
        if self.focused is None:
            return action == "back"
        return action != "type" or not isinstance(self.focused, ChainLine)

    def on_resize(self) -> None:
        self.refresh_bindings()

    # ── what happened ──────────────────────────────────────────────────────

    def on_key(self, event: events.Key) -> None:
        """A letter that comes before there is a focus goes into the line."""
        line = self.query_one(ChainLine)
        if event.character and event.is_printable and self.focused is line:
            event.stop()
            line.replace(event.character, *line.selection)

    def _typed(self, value: str) -> None:
        if value != self._chain.line:
            self._history.keep_typed(self._chain.line, value)
            self.query_one(ChainLine).leaves_to_rows = True
            self._show(read_line(value))

    def on_chain_table_stepped(self, message: ChainTable.Stepped) -> None:
        table = self.query_one(ChainTable)
        if table.number is not None:
            stepped = self._chain.stepped(table.row, table.number, message.by)
            self._replace(stepped, ("stepped", table.row, table.number))

    def _follow_cursor(self) -> None:
        """While the line is edited, the row under its cursor is the chosen one."""
        if not self.query(ChainLine):
            return
        line = self.query_one(ChainLine)
        if line.has_focus and self.query(ChainTable):
            self.query_one(ChainTable).row = self._chain.row_at(line.cursor_position)

    def _replace(self, chain: Chain, kind: Hashable = None) -> None:
        """Show a chain changed in the table; the line follows. Changes of one kind are undone together."""
        if chain.line != self._chain.line:
            self._history.keep(self._chain.line, kind)
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
        self.query_one(ChainLine).leaves_to_rows = True
        if ABANDONED.search(self._chain.line):
            self._replace(self._chain.settled())
        self.set_focus(self.query_one(ChainTable))

    def action_type(self) -> None:
        """To the line: typing replaces it. The cursor is at its beginning, where the size stands."""
        self._edit_line(Selection(len(self._chain.line), 0))

    def action_undo(self) -> None:
        """The chain before the last change, at the first row that is another."""
        former = self._history.back()
        if former is None:
            self.notify("There is nothing to undo.")
            return
        chain, now = read_line(former), self._chain
        self._show(chain)
        row = chain.first_change(now)
        self.query_one(ChainLine).put_back(former, chain.rows[row].stop)
        self.query_one(ChainTable).row = row

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
        self.set_focus(line)
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
            self._complain(error.sentence)
        except OSError as error:
            self._complain(f"cannot write {error.filename or Path.cwd()}: {error.strerror}")
        else:
            title = "A new preset" if written.new else "This preset is here already"
            self.notify(written.sentence, title=title, markup=False, timeout=10)

    def _complain(self, sentence: str) -> None:
        said = safe_text(sentence[:1].upper() + sentence[1:])
        self.notify(said, severity="error", markup=False, timeout=10)

    def action_back(self) -> None:
        """Back to the screen below; the app keeps the line."""
        self.dismiss(self._chain.line)
