"""What happened, newest last."""

import time
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.widgets import RichLog

from aetui.runs.history import Note
from aetui.text import safe_text
from aetui.ui.widgets.panels import SCROLL_KEYS


class LogPanel(RichLog, inherit_bindings=False):
    """The run's log: lines are added as they come and kept while you scroll."""

    BINDINGS: ClassVar[list[BindingType]] = SCROLL_KEYS
    BORDER_TITLE = "log"

    def __init__(self) -> None:
        super().__init__(max_lines=500, wrap=True, min_width=0, id="log", classes="panel")
        self.can_focus = True

    def add(self, note: Note) -> None:
        """Show one more line."""
        clock = time.strftime("%H:%M:%S ", time.localtime(note.time))
        self.write(Text.assemble((clock, "dim"), safe_text(note.text)))
