"""What happened, newest last."""

import time
from collections import deque

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from aetui.runs.history import MOST_NOTES, Note
from aetui.text import safe_text
from aetui.ui.monitor.panels import ScrollPanel


class LogPanel(ScrollPanel):
    """The run's log, its newest line in sight unless you have scrolled up."""

    BORDER_TITLE = "log"

    def __init__(self) -> None:
        super().__init__(id="log", classes="panel")
        self._lines = LogLines()

    def compose(self) -> ComposeResult:
        yield self._lines

    def on_mount(self) -> None:
        self.anchor()

    def add(self, note: Note) -> None:
        """Show one more line."""
        self._lines.add(note)


class LogLines(Widget):
    """The newest notes, wrapped to the width there is."""

    DEFAULT_CSS = """
    LogLines { width: 1fr; height: auto; min-height: 100%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[Content] = deque(maxlen=MOST_NOTES)

    def add(self, note: Note) -> None:
        """One more; the oldest of too many goes."""
        clock = time.strftime("%H:%M:%S ", time.localtime(note.time))
        self._lines.append(Content.assemble((clock, "dim"), safe_text(note.text)))
        self.refresh(layout=True)

    def render(self) -> Content:
        return Content("\n").join(self._lines)
