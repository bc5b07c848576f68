"""Textual's driver, writing only the cells that change."""

import contextlib
import os
import select
import sys
import time
from collections import deque
from io import TextIOWrapper
from typing import Any

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.message import Message

from aetui.terminal.changed_cells import ChangedCells

RECENT_SECONDS = 10.0
MOST_CELLS = 4_000_000
"""Of a terminal."""
REPAINT_SECONDS = 60.0
"""What something else has written over the screen is painted over after so long, where a frame comes by."""


class QuietDriver(LinuxDriver):
    """Says less to the terminal: a frame of the monitor takes a fifth of the bytes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if sys.__stderr__ is not None:
            self._file = buffered(sys.__stderr__)
        self._cells = ChangedCells()
        self._size = os.terminal_size((0, 0))
        self._forgotten = 0.0
        self._began = time.monotonic()
        self._written: deque[tuple[float, int]] = deque()

    def write(self, data: str) -> None:
        """Write what is not on the screen yet. A terminal that was resized has moved what it shows."""
        now, size = time.monotonic(), self._size
        with contextlib.suppress(OSError):  # the line has dropped
            size = os.get_terminal_size(self.fileno)
        if size != self._size or now - self._forgotten > REPAINT_SECONDS:
            self._size, self._forgotten = size, now
            self._cells.forget()
        if reduced := self._cells.reduced(data):
            self._written.append((now, len(reduced.encode(errors="replace"))))
            self._forget_old(now)
            super().write(reduced)

    def process_message(self, message: Message) -> None:
        """Pass on what the terminal says, but no size that none has: each of its cells takes room."""
        if not isinstance(message, Resize) or message.size.area <= MOST_CELLS:
            super().process_message(message)

    @property
    def is_hung_up(self) -> bool:
        """Whether the terminal is gone. Not every process that had it is told so by SIGHUP."""
        poll = select.poll()
        poll.register(self.fileno, 0)
        return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a suspension; Textual would begin anew after any other SIGCONT, as `timeout` sends it.

        Then two threads read keys, and the terminal is left as the second beginning found it.
        """
        if self._must_signal_resume:
            super()._sigcont_application()
        else:
            self._cells.forget()  # a shell may have written over the screen
            self._app.call_later(self._app.refresh)

    @property
    def bytes_a_second(self) -> float:
        """To the terminal, on the mean of the last seconds."""
        now = time.monotonic()
        self._forget_old(now)
        return sum(count for _, count in self._written) / max(1.0, min(RECENT_SECONDS, now - self._began))

    def _forget_old(self, now: float) -> None:
        while self._written and self._written[0][0] < now - RECENT_SECONDS:
            self._written.popleft()


def buffered(file: TextIOWrapper) -> TextIOWrapper:
    """The same file with a buffer, which writes on where a signal has cut a write off.

    With PYTHONUNBUFFERED, as in many containers, stderr has none, and what was cut off of a frame was lost.
    """
    return open(file.fileno(), "w", encoding=file.encoding, errors=file.errors, closefd=False)
