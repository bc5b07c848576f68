"""Whether the training thread still moves: a hung disk, network or GPU holds it without an error."""

import faulthandler
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

from aetui.files import append_line, open_to_append
from aetui.runs import states
from aetui.runs.events import ActivityChanged, Warned
from aetui.text import format_duration
from aetui.training.session import Session

STALL_SECONDS = 60.0
"""Least time without a sign of life that counts as a stall."""
FIRST_SECONDS = 600.0
"""The same before the first step, which may compile the model."""
PATIENCE = 20
"""So many times the longest pause between two signs so far is no stall yet."""
SAY_SECONDS = 10.0
"""How often it is said how long a stall lasts."""
END_SECONDS = 10.0
"""How long a stalled thread may take for a stop."""
WRITE_SECONDS = 5.0
"""How long the stacks may take to be written before the warning goes out without them."""
AT_WORK = (states.STARTING, states.RUNNING, states.DETACHED)
ASLEEP_SECONDS = 5.0
"""A watchdog that was not asked for so long was stopped itself, and the training with it."""


class Watchdog:
    """Watches a session from the supervisor's thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._moved_at = self._looked_at = time.monotonic()
        self._beats = 0
        self._longest = 0.0
        self._told_at = float("-inf")
        self._stalled = False
        self._stop_at: float | None = None

    def look(self) -> None:
        """Say where the training thread hangs, if it does, and end the process where a stop was requested."""
        seconds = self._stalled_seconds()
        if not seconds:
            if self._stalled:
                self._session.emit(ActivityChanged(""))
            self._stalled, self._stop_at = False, None
            return
        if not self._stalled:
            self._warn(seconds)
        self._stalled = True
        if time.monotonic() - self._told_at > SAY_SECONDS:
            self._told_at = time.monotonic()
            self._session.emit(ActivityChanged(f"no step for {format_duration(seconds)}"))
        self._end_if_wanted()

    def _stalled_seconds(self) -> float:
        """How long nothing has moved, if that is too long; otherwise 0."""
        now, beats = time.monotonic(), self._session.control.beats
        slept, self._looked_at = now - self._looked_at > ASLEEP_SECONDS, now
        if beats != self._beats and self._session.begun:
            self._longest = max(self._longest, now - self._moved_at)
        if slept or beats != self._beats or self._session.state not in AT_WORK:
            self._beats, self._moved_at = beats, now
        still = now - self._moved_at
        least = max(STALL_SECONDS, PATIENCE * self._longest) if self._session.begun else FIRST_SECONDS
        return still if still > least else 0.0

    def _warn(self, seconds: float) -> None:
        log = self._session.folder.log
        writing = threading.Thread(target=write_stacks, args=[log], daemon=True)
        writing.start()
        writing.join(WRITE_SECONDS)  # the disk of the log may be what hangs
        where = f"training hangs at {where_is(self._session.thread)}, the stacks are in {log}"
        ends = "a stop ends it without a last checkpoint"
        self._session.emit(Warned(f"no step for {format_duration(seconds)}: {where}; {ends}"))

    def _end_if_wanted(self) -> None:
        if self._session.control.stopping:
            self._stop_at = self._stop_at or time.monotonic()
            if time.monotonic() - self._stop_at > END_SECONDS:
                where = where_is(self._session.thread)
                self._session.abandon(f"training hung at {where} and was ended without a last checkpoint")


def where_is(thread: threading.Thread) -> str:
    """The line that a thread is at: `loop.py:43 in train`."""
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None:
        return "nowhere"
    last = traceback.extract_stack(frame)[-1]
    return f"{Path(last.filename).name}:{last.lineno} in {last.name}"


def write_stacks(log: Path) -> None:
    """Write the stack of every thread to a log, if it can be written."""
    with suppress(OSError):
        append_line(log, time.strftime("%Y-%m-%d %H:%M:%S: no step is made; where the threads are:"))
        with open_to_append(log) as file:
            faulthandler.dump_traceback(file)
