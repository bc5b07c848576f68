"""events.jsonl: written by the process that trains, followed by every screen."""

import contextlib
import time
from functools import partial
from pathlib import Path

from aetui.devices.machine import MachineSampled
from aetui.files import append_line, show_life
from aetui.runs.event_lines import from_json, to_json
from aetui.runs.events import CheckpointSaved, EpochFinished, Event, StateChanged, StepsTrained, Warned
from aetui.runs.lines import LineFollower
from aetui.runs.ranks import RanksSampled
from aetui.runs.reserve import Reserve
from aetui.text import plural

MOST_KEPT = 1000
"""Events kept in memory while the disk refuses them."""


LASTING = (EpochFinished, CheckpointSaved, StateChanged)
"""Once these are written the log outlives the machine: a checkpoint does not know the epochs before it."""


class EventWriter:
    """Appends events, one line each. While the disk refuses, what matters is kept and written later.

    A full disk is told of with the room of the reserve.
    """

    def __init__(self, path: Path, reserve: Reserve | None = None) -> None:
        self._path = path
        self._reserve = reserve or Reserve(path.with_name("reserve"))
        self._kept: list[str] = []
        self._dropped = 0

    @property
    def lacking(self) -> int:
        """How many events the disk has refused and still lacks."""
        return len(self._kept) + self._dropped

    def write(self, event: Event) -> Warned | None:
        """Append one event, after those kept; returns a warning the first time that the disk refuses."""
        line = to_json(event, time.time())
        passing = isinstance(event, StepsTrained | MachineSampled | RanksSampled)
        if passing and self._reserve.used:  # the room that is left is for what matters
            with contextlib.suppress(OSError):
                show_life(self._path)  # or the run would count as ended on other machines
            return None
        try:
            if passing:
                self._append(line)
            else:
                self._reserve.write(partial(self._append, line, lasting=isinstance(event, LASTING)))
        except OSError as error:
            first = not self._kept
            if first or not passing:
                self._keep(line)
            return Warned(self._complaint(error)) if first else None
        return None

    def _keep(self, line: str) -> None:
        self._kept.append(line)
        if len(self._kept) > MOST_KEPT:
            del self._kept[0]
            self._dropped += 1

    def _append(self, line: str, *, lasting: bool = False) -> None:
        if self._dropped:
            lost = f"{plural(self._dropped, 'event')} before this could not be written and are lost"
            append_line(self._path, to_json(Warned(lost), time.time()))
            self._dropped = 0
        while self._kept:
            append_line(self._path, self._kept[0])
            del self._kept[0]
        append_line(self._path, line, lasting=lasting)

    def _complaint(self, error: OSError) -> str:
        return f"the log cannot be written ({error.strerror}): {self._path}; training goes on"


def left_out(damaged: int, first: int) -> str:
    """What to say of so many damaged lines, the first of which is line `first`."""
    where = f"line {first}" if damaged == 1 else f"the first is line {first}"
    return f"{plural(damaged, 'damaged line')} of events.jsonl left out ({where})"


LOOK_SECONDS = 0.05
"""What a look takes, after which a screen wants to be drawn and keys answered."""


SOME_LINES = 200
"""Looked at between two looks at the clock."""
STEPS = b'{"event": "StepsTrained"'
PASSING = (STEPS, b'{"event": "MachineSampled"', b'{"event": "RanksSampled"')
"""How lines begin that are nearly all of a long log, and are shown by the monitor alone."""
LIVE_LINES = 500
"""At the end of the log: they are all taken, as the newest are wanted."""
STEPS_BYTES = 1_000_000
"""Of a log in which every line of steps is read; of one n times as large every n-th."""


class EventFollower:
    """The feed of every screen: the events of a run so far, then the new ones at each look.

    Of the past of a long log only some of the steps and no looks at the machine are taken: as many as a chart
    has points for.
    """

    def __init__(self, path: Path) -> None:
        self._lines = LineFollower(path)
        self.damaged = 0
        """Lines skipped because they hold no event."""
        self.first_damaged = 0
        """The number of the first of them, counted from 1."""
        self._read = 0
        self._waiting: list[tuple[int, bytes]] = []
        """Lines that were read and not looked at yet, with their numbers; the next is the last."""

    def poll(self) -> list[tuple[Event, float]]:
        """Events added since the last look, each with its time in seconds since 1970.

        Empty: no more now, or, while `behind`, nothing but damage in what was looked at.
        Raises OSError where the file cannot be read; it may still come.
        """
        found: list[tuple[Event, float]] = []
        end = time.monotonic() + LOOK_SECONDS
        while time.monotonic() < end:
            if not self._waiting:
                if found or not (lines := self._lines.read()):
                    break
                self._waiting = self._chosen(lines)[::-1]
            for number, line in self._next():
                try:
                    found.append(from_json(line))
                except ValueError:
                    self._pass_over(number, line)
        return found

    @property
    def behind(self) -> bool:
        """Whether there was more at the last look than it had time for."""
        return bool(self._waiting) or self._lines.behind

    def _next(self) -> list[tuple[int, bytes]]:
        """Some of the waiting lines, in their order."""
        some = self._waiting[: -SOME_LINES - 1 : -1]
        del self._waiting[-SOME_LINES:]
        return some

    def _chosen(self, lines: list[bytes]) -> list[tuple[int, bytes]]:
        """The lines with their numbers, without those of a long past that nobody needs."""
        every = max(1, self._lines.size // STEPS_BYTES)
        numbered = list(enumerate(lines, self._read + 1))
        self._read += len(lines)
        newest = len(numbered) if self._lines.behind else max(0, len(numbered) - LIVE_LINES)
        past = [
            (number, line)
            for number, line in numbered[:newest]
            if not (line.startswith(PASSING) and line.endswith(b"}"))
            or (number % every == 0 and line.startswith(STEPS))
        ]
        return past + numbered[newest:]

    def _pass_over(self, number: int, line: bytes) -> None:
        if line.strip():
            self.damaged += 1
            self.first_damaged = self.first_damaged or number
