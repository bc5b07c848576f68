"""A terminal that answers as a script says, on a real pseudo-terminal."""

import os
import pty
import queue
import select
import termios
import threading
import time
import tty
from collections.abc import Mapping

KITTY_QUESTION = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
XTERM = {
    b"\x1b[5n": b"\x1b[0n",
    b"\x1b[>q": b"\x1bP>|XTerm(379)\x1b\\",
    b"\x1b[16t": b"\x1b[6;13;6t",
    b"\x1b[?2026$p": b"\x1b[?2026;0$y",
    b"\x1b[c": b"\x1b[?63;1;2;4;6;9;15;22c",
}
KITTY = {
    **XTERM,
    b"\x1b[>q": b"\x1bP>|kitty(0.26.5)\x1b\\",
    b"\x1b[16t": b"\x1b[6;20;10t",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    KITTY_QUESTION: b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b[c": b"\x1b[?62;c",
}


class FakeTerminal:
    """Answers each question of `answers` in the order they come.

    `late`: every answer is this many seconds late; `apart`: a byte takes this long to pass, either way.
    """

    def __init__(self, answers: Mapping[bytes, bytes], *, late: float = 0, apart: float = 0) -> None:
        self._main, self.side = pty.openpty()
        self.path = os.ttyname(self.side)
        self.modes_before = termios.tcgetattr(self.side)
        self.received = b""
        self._news = threading.Condition()
        self._answers, self._late, self._apart = answers, late, apart
        self._line: queue.Queue[tuple[float, bytes]] = queue.Queue()
        self._ends, self._end = os.pipe()
        self._threads = [threading.Thread(target=work) for work in (self._listen, self._speak)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> "FakeTerminal":
        return self

    def __exit__(self, *_: object) -> None:
        self._line.put((0, b""))
        os.close(self._end)
        for thread in self._threads:
            thread.join()
        for descriptor in (self._main, self.side, self._ends):
            os.close(descriptor)

    @property
    def modes(self) -> list:
        return termios.tcgetattr(self.side)

    def left_over(self) -> bytes:
        """What the next program would read as keys."""
        tty.setraw(self.side, termios.TCSANOW)
        return os.read(self.side, 4096) if select.select([self.side], [], [], 0)[0] else b""

    def wait_to_hear(self, ending: bytes) -> bytes:
        """Everything received, up to this ending."""
        with self._news:
            assert self._news.wait_for(lambda: self.received.endswith(ending), 30), self.received
        return self.received

    def _listen(self) -> None:
        while self._ends not in select.select([self._main, self._ends], [], [])[0]:
            for byte in os.read(self._main, 4096):
                time.sleep(self._apart)
                with self._news:
                    self.received += bytes([byte])
                    self._news.notify()
                self._answer()

    def _answer(self) -> None:
        for question, answer in self._answers.items():
            if self.received.endswith(question):
                pieces = [bytes([byte]) for byte in answer] if self._apart else [answer] if answer else []
                for piece in pieces:
                    self._line.put((time.monotonic() + self._late, piece))

    def _speak(self) -> None:
        while True:
            due, piece = self._line.get()
            if not piece:
                return
            time.sleep(max(0, due - time.monotonic()) + self._apart)
            os.write(self._main, piece)
