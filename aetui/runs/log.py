"""events.jsonl: written by the process that trains, followed by every screen."""

import time
from pathlib import Path

from aetui.runs.events import Event, Warned, from_json, to_json
from aetui.runs.files import append_line
from aetui.runs.lines import LineFollower


class EventWriter:
    """Appends events, one line each. A failing disk costs lines, never the training."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failed = False

    def write(self, event: Event) -> Warned | None:
        """Append one event; returns a warning the first time that the disk refuses."""
        try:
            append_line(self._path, to_json(event, time.time()))
        except OSError as error:
            if self._failed:
                return None
            self._failed = True
            return Warned(f"The log cannot be written ({error.strerror}): {self._path}. Training goes on.")
        self._failed = False
        return None


class EventFollower:
    """The feed of every screen: the events of a run so far, then the new ones at each look."""

    def __init__(self, path: Path) -> None:
        self._lines = LineFollower(path)
        self.damaged = 0
        """Lines skipped because they hold no event."""

    def poll(self) -> list[tuple[Event, float]]:
        """Events added since the last look, each with its time in seconds since 1970."""
        found = []
        for line in self._lines.read():
            try:
                found.append(from_json(line))
            except ValueError:
                self.damaged += line.strip() != b""
        return found
