"""Where every screen gets its run from: the run folder, whoever trains."""

import time

from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.event_log import EventFollower, left_out
from aetui.runs.events import ActivityChanged, Event, RunStarted, StateChanged, Warned
from aetui.runs.folder import RunFolder
from aetui.runs.history import History
from aetui.runs.lines import last_line
from aetui.runs.liveness import find_state
from aetui.runs.trainer import Trainer

LIVENESS_SECONDS = 1.0
"""How often a run that says it is at work is checked for a living process."""

MOVES = (RunStarted, StateChanged, ActivityChanged)
"""Events that are seen at once."""
SILENT_SECONDS = 15.0
"""A run that trains says something every few seconds."""


class Feed:
    """A run's history, brought up to date by `poll`. `trainer` is known for a run that this app started."""

    def __init__(self, folder: RunFolder, trainer: Trainer | None = None) -> None:
        self.folder = folder
        self.history = History()
        self.state = states.STARTING
        """As the events tell it, or `interrupted` when no process lives that could go on, or `waiting`."""
        self._trainer = trainer
        self._follower = EventFollower(folder.events)
        self._checked = float("-inf")
        self._unreadable = ""

    @property
    def silent_seconds(self) -> float:
        """How long a run at work has been unusually silent (a dead disk, SIGSTOP); otherwise 0."""
        if self.state not in states.LIVE - {states.PAUSED} or not self.history.last_time:
            return 0.0
        silent = time.time() - self.history.last_time
        return silent if silent > SILENT_SECONDS else 0.0

    @property
    def reason(self) -> str:
        """Why the run is in its state; for a process that died without a word, the last it printed."""
        if self.state == states.WAITING:
            return "it waits in the queue for its turn; space starts it now"
        if self.state != states.INTERRUPTED or self.history.state == states.INTERRUPTED:
            return self.history.reason  # a lost rank is told of by rank 0
        if not self.folder.path.is_dir():
            return f"its folder is gone: {self.folder.path}"
        last = last_line(self.folder.log)
        return f"the process that trained is gone{': ' + last if last else ''}"

    @property
    def behind(self) -> bool:
        """Whether there is more to read right now, as of a long run that was just opened."""
        return self._follower.behind

    def poll(self) -> tuple[bool, bool]:
        """Take in what is new. Returns whether anything is, and whether it should be seen at once."""
        damaged = self._follower.damaged
        events = self._read_events()
        for event, at in events:
            self.history.apply(event, at)
        lost = self._follower.damaged - damaged
        if lost:
            self._warn(left_out(self._follower.damaged, self._follower.first_damaged))
        before, self.state = self.state, self._find_state(bool(events))
        moved = self.state != before or any(isinstance(event, MOVES) for event, _ in events)
        return bool(events or lost) or moved, moved

    def _read_events(self) -> list[tuple[Event, float]]:
        """What is new; that the log cannot be read is said once."""
        try:
            events = self._follower.poll()
        except OSError as error:
            why = f"the log cannot be read: {self.folder.events}: {error.strerror}"
            if why != self._unreadable:
                self._unreadable = why
                self._warn(why)
            return []
        self._unreadable = ""
        return events

    def _warn(self, message: str) -> None:
        self.history.apply(Warned(message), self.history.last_time)

    def _find_state(self, fresh: bool) -> str:
        reported = self.history.state
        if reported not in states.LIVE or fresh:
            return reported
        now = time.monotonic()
        if now - self._checked < LIVENESS_SECONDS:
            return self.state
        self._checked = now
        if self._trainer is not None and self._trainer.alive:
            return reported
        found = self._state_in_meta(reported)
        return found if found in (states.INTERRUPTED, states.WAITING) else reported

    def _state_in_meta(self, reported: str) -> str:
        try:
            return find_state(self.folder, self.folder.read_meta())
        except AetuiError:  # what cannot be read now tells at the next look
            return reported if self.folder.path.is_dir() else states.INTERRUPTED
