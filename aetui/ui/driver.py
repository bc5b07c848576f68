"""Textual's driver, writing only the cells that change."""

import contextlib
import os
import time
from typing import Any

from textual.drivers.linux_driver import LinuxDriver

from aetui.terminal.changed_cells import ChangedCells

REPAINT_SECONDS = 60.0
"""What something else has written over the screen is painted over after so long, where a frame comes by."""


class QuietDriver(LinuxDriver):
    """Says less to the terminal: a frame of the monitor takes a fifth of the bytes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._cells = ChangedCells()
        self._size = os.terminal_size((0, 0))
        self._forgotten = 0.0

    def write(self, data: str) -> None:
        """Write what is not on the screen yet. A terminal that was resized has moved what it shows."""
        now, size = time.monotonic(), self._size
        with contextlib.suppress(OSError):  # the line has dropped
            size = os.get_terminal_size(self.fileno)
        if size != self._size or now - self._forgotten > REPAINT_SECONDS:
            self._size, self._forgotten = size, now
            self._cells.forget()
        if reduced := self._cells.reduced(data):
            super().write(reduced)
