"""One batch of questions to a terminal, and what comes back: patient, bounded, and nothing left behind.

The batch begins with a status report (DSR), which every terminal answers within a few bytes, and ends with a
request for the primary device attributes (DA1). Terminals answer in order: once DA1 is answered, every
question before it was answered or passed over. Sources: xterm's ctlseqs (DSR, DA1, XTVERSION, `CSI 16 t`,
DECRQM), kitty's page on its graphics protocol, contour's page on synchronised output (mode 2026).
"""

import os
import select
import signal
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from aetui.errors import EXIT_SIGNAL
from aetui.terminal.answers import DEVICE_ATTRIBUTES, STATUS_OK

_KITTY_GRAPHICS = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_START = b"\x1b[5n\x1b7"
_QUESTIONS = b"\x1b[>q\x1b[16t\x1b[?2026$p"
_END = b"\x1b8\x1b[K\x1b[c"
"""Restoring the cursor and erasing removes what a terminal printed of a question that it does not know."""

_NOTICE = b"\x1b7asking the terminal what it can show ..."
_ERASE_NOTICE = b"\x1b8\x1b[K"


@dataclass(frozen=True)
class Patience:
    """How long to wait for answers, in seconds, and for how many bytes."""

    silence: float = 2.0
    """Without a byte from a terminal that answered nothing yet."""
    answering: float = 15.0
    """Without a byte from one that answered the status report: a slow line carries a question in seconds."""
    total: float = 60.0
    notice: float = 1.0
    """Before a word on the screen says what is waited for."""
    max_bytes: int = 65536


def ask(
    path: str, patience: Patience, *, kitty: bool, meanwhile: Callable[[], object] = lambda: None
) -> bytes:
    """Ask the terminal at `path` everything, `kitty` graphics too if wanted; returns what came back.

    `meanwhile` is done while the answers are on their way.
    Its modes are as before afterwards, and no answer is left to be read. Raises OSError or termios.error
    where there is no terminal to ask.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        with _signals_unwind(), _no_echo(descriptor):
            os.write(descriptor, _START + _QUESTIONS + _KITTY_GRAPHICS * kitty + _END)
            asked = time.monotonic()
            meanwhile()
            return _collect(descriptor, patience, asked)
    finally:
        os.close(descriptor)


def _collect(descriptor: int, patience: Patience, asked: float) -> bytes:
    """Read until DA1 is answered or patience, counted from the moment `asked`, ends."""
    received = bytearray()
    received_at = asked
    notice_at = asked + patience.notice
    while not DEVICE_ATTRIBUTES.search(received) and len(received) < patience.max_bytes:
        silence = patience.answering if STATUS_OK in received else patience.silence
        end = min(received_at + silence, asked + patience.total)
        wait = max(0.0, min(end, notice_at) - time.monotonic())
        if select.select([descriptor], [], [], wait)[0]:
            data = os.read(descriptor, patience.max_bytes - len(received))
            if not data:
                break  # hung up
            received += data
            if b"\x1b" in received:  # else somebody types ahead
                received_at = time.monotonic()
        elif time.monotonic() >= end:
            break
        else:
            os.write(descriptor, _NOTICE)
            notice_at = float("inf")
    if notice_at == float("inf"):
        os.write(descriptor, _ERASE_NOTICE)
    return bytes(received)


@contextmanager
def _no_echo(descriptor: int) -> Iterator[None]:
    """No echo and no line editing; input that nobody has read is thrown away before and after."""
    before = termios.tcgetattr(descriptor)
    modes = termios.tcgetattr(descriptor)
    modes[3] &= ~(termios.ICANON | termios.ECHO)
    modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
    try:
        termios.tcsetattr(descriptor, termios.TCSANOW, modes)
        termios.tcflush(descriptor, termios.TCIFLUSH)
        yield
    finally:
        termios.tcflush(descriptor, termios.TCIFLUSH)
        termios.tcsetattr(descriptor, termios.TCSANOW, before)


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """SIGTERM and SIGHUP, where they would end the process at once, end it through `finally`."""
    ends = [
        number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL
    ]
    if threading.current_thread() is not threading.main_thread():
        ends = []
    try:
        for number in ends:
            signal.signal(number, _leave)
        yield
    finally:
        for number in ends:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(EXIT_SIGNAL + number)
