"""A real terminal for tests: a program on a pseudo-terminal and what a user would see of it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

AETUI = (sys.executable, "-m", "aetui")
RESTORED = b"\x1b[?1049l"
"""Leaves the alternate screen."""


def epoch_at_least(number: int) -> Callable[[str], bool]:
    """The monitor's progress has come to this epoch."""

    def seen(screen: str) -> bool:
        epoch = re.search(r"epoch +(\d+)/", screen)
        return epoch is not None and int(epoch[1]) >= number

    return seen


class Terminal:
    """A program, by default aetui, on a pty of `columns` x `rows`; what it shows is kept by pyte.

    Where the pty is not `controlling`, the kernel does not tell the program that it is gone.
    """

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        columns: int = 80,
        rows: int = 24,
        seconds: float = 60,
        program: Sequence[str] = AETUI,
        more: Mapping[str, str] | None = None,
        controlling: bool = True,
    ) -> None:
        self._main, self._side = pty.openpty()
        fcntl.ioctl(self._side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.modes_before = termios.tcgetattr(self._side)
        self.received = b""
        self.deadline = time.monotonic() + seconds
        self._screen = pyte.Screen(columns, rows)
        self._screen.write_process_input = lambda data: os.write(self._main, data.encode())  # its answers
        self._stream = pyte.ByteStream(self._screen)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(more or {})}
        self.process = subprocess.Popen(
            [*program, *arguments], cwd=cwd, env=environment,
            stdin=self._side, stdout=self._side, stderr=self._side, start_new_session=True,
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if controlling else None,
        )  # fmt: skip

    @property
    def text(self) -> str:
        """The screen as lines of text."""
        return "\n".join(self._screen.display)

    @property
    def modes(self) -> list[object]:
        """The terminal's modes as termios tells them."""
        return termios.tcgetattr(self._side)

    def press(self, keys: str) -> None:
        os.write(self._main, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """As somebody drags the window's corner; the kernel tells the program."""
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    def wait_for(self, seen: str | Callable[[str], bool]) -> str:
        """Read until the screen shows a text or fulfils a condition; returns the screen."""
        test = (lambda text: seen in text) if isinstance(seen, str) else seen
        while not test(self.text):
            self._read_some(f"{seen!r} did not appear")
        return self.text

    def wait_for_exit(self) -> int:
        """Read until the program ends; returns its exit code."""
        while self.process.poll() is None:
            self._read_some("the program did not end")
        while self._readable(0):
            self._take()
        return self.process.returncode

    def follow(self, seconds: float) -> int:
        """Take in what the program writes within this time, as soon as it does: how many bytes.

        Nothing that came before is kept but the screen.
        """
        self.received = b""
        if self._readable(seconds):
            self._take()
        return len(self.received)

    def read(self, seconds: float) -> bytes:
        """The bytes that come within this time, as soon as any do; the screen does not follow them."""
        return os.read(self._main, 65536) if self._readable(seconds) else b""

    def draw(self, data: bytes) -> None:
        """Let the screen follow what was read."""
        self._stream.feed(data)

    def hang_up(self) -> None:
        """Close the terminal as a dropped line does."""
        os.close(self._side)
        os.close(self._main)

    def kill(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def _read_some(self, complaint: str) -> None:
        if time.monotonic() > self.deadline:
            raise AssertionError(f"{complaint}; the screen was:\n{self.text}")
        if self._readable(0.2):
            self._take()

    def _readable(self, seconds: float) -> bool:
        return bool(select.select([self._main], [], [], seconds)[0])

    def _take(self) -> None:
        data = os.read(self._main, 65536)
        self.received += data
        self.draw(data)
