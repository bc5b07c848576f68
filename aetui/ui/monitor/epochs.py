"""A table of all epochs of a run, with every number that was recorded; it grows while the run trains."""

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import DataTable

from aetui.runs.epoch_table import epoch_table
from aetui.runs.history import History
from aetui.runs.report import epoch_numbers
from aetui.text import safe_text
from aetui.ui.parts.dialogs import Dialog
from aetui.ui.parts.key_footer import KeyFooter

MOST_ROWS = 2000
LOOK_SECONDS = 0.5


class EpochsTable(DataTable[Text]):
    """An epoch a row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Show", id="epochs.show", tooltip="read the chart there"),
    ]


class EpochsScreen(Dialog[int | None]):
    """The newest epochs, the last one below; dismissed with the one that is to be looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,t,q", "dismiss(None)", "Close", id="dialog.cancel", tooltip="back to the run"),
    ]

    def __init__(self, history: Callable[[], History], epoch: int | None) -> None:
        """`history` is that of the run as it stands; the cursor begins at `epoch`, or the last."""
        super().__init__()
        self._history = history
        self._epoch = epoch
        self._shown: list[tuple[str, ...]] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog epochs") as dialog:
            dialog.border_title = "epochs"
            yield EpochsTable(cursor_type="row", fixed_columns=1)
        yield KeyFooter()

    def on_mount(self) -> None:
        super().on_mount()
        self._look()
        self.set_interval(LOOK_SECONDS, self._look)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        self.dismiss(int(str(event.row_key.value)))

    def _look(self) -> None:
        """The table as the run stands now; the cursor on the last epoch stays on the last."""
        history = self._history()
        numbers = sorted(history.epochs)[-MOST_ROWS:]
        loss = history.started.loss if history.started else ""
        best = history.best.epoch if history.best else None
        epochs = [epoch_numbers(history.epochs[number], loss) for number in numbers]
        shown = epoch_table(epochs, None, history.tested_on)
        if shown == self._shown:
            return
        before, self._shown = self._shown, shown
        table = self.query_one(EpochsTable)
        at = table.cursor_row if before and table.cursor_row < len(before) - 2 else len(numbers) - 1
        if not before and self._epoch in numbers:
            at = numbers.index(self._epoch)
        table.clear(columns=True)
        for head in shown[0]:
            table.add_column(Text(safe_text(head), justify="right"))
        for row in shown[1:]:
            is_best = row[0] == str(best)
            cells = (f"★ {row[0]}" if is_best else row[0], *row[1:])
            style = "bold" if is_best else ""
            table.add_row(*(Text(cell, style, justify="right") for cell in cells), key=row[0])
        table.move_cursor(row=at)
