"""Where every screen gets its run from: the run folder, whoever trains."""

import time

from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.event_log import EventFollower, left_out
from aetui.runs.events import ActivityChanged, RunStarted, StateChanged, Warned
from aetui.runs.folder import RunFolder, find_state
from aetui.runs.history import History
from aetui.ui.trainer import Trainer

LIVENESS_SECONDS = 1.0
"""How often a run that says it is at work is checked for a living process."""

MOVES = (RunStarted, StateChanged, ActivityChanged)
"""Events that are seen at once."""
SILENT_SECONDS = 10.0
"""A run that trains says something every few seconds."""


class Feed:
    """A run's history, brought up to date by `poll`. `trainer` is known for a run that this app started."""

    def __init__(self, folder: RunFolder, trainer: Trainer | None = None) -> None:
        self.folder = folder
        self.history = History()
        self.state = states.STARTING
        """As the events tell it, or `interrupted` when no process lives that could go on."""
        self._trainer = trainer
        self._follower = EventFollower(folder.events)
        self._checked = float("-inf")

    @property
    def silent_seconds(self) -> float:
        """How long a run at work has been unusually silent (a full disk, SIGSTOP); otherwise 0."""
        if self.state not in states.LIVE or not self.history.last_time:
            return 0.0
        silent = time.time() - self.history.last_time
        return silent if silent > SILENT_SECONDS else 0.0

    @property
    def reason(self) -> str:
        """Why the run is in its state; for a process that died without a word, the last it printed."""
        if self.state != states.INTERRUPTED:
            return self.history.reason
        try:
            lines = self.folder.log.read_text(errors="backslashreplace").strip().splitlines()
        except OSError:
            lines = []
        return f"the process that trained is gone{': ' + lines[-1] if lines else ''}"

    def poll(self) -> tuple[bool, bool]:
        """Take in what is new. Returns whether anything is, and whether it should be seen at once."""
        damaged = self._follower.damaged
        events = self._follower.poll()
        for event, at in events:
            self.history.apply(event, at)
        lost = self._follower.damaged - damaged
        if lost:
            self.history.apply(Warned(left_out(lost)), self.history.last_time)
        before, self.state = self.state, self._find_state(bool(events))
        moved = self.state != before or any(isinstance(event, MOVES) for event, _ in events)
        return bool(events or lost) or moved, moved

    def _find_state(self, fresh: bool) -> str:
        reported = self.history.state
        if reported not in states.LIVE or fresh:
            return reported
        now = time.monotonic()
        if now - self._checked < LIVENESS_SECONDS:
            return self.state
        self._checked = now
        return reported if self._process_lives() else states.INTERRUPTED

    def _process_lives(self) -> bool:
        if self._trainer is not None and self._trainer.alive:
            return True
        try:
            return find_state(self.folder.read_meta()) != states.INTERRUPTED
        except AetuiError:
            return True  # meta.json is just being looked for elsewhere; the next look tells
