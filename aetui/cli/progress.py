"""What a run without a screen says: a progress line for people on stderr, or events on stdout."""

import shutil
import sys
import time

from aetui.runs import states
from aetui.runs.event_lines import to_json
from aetui.runs.events import ActivityChanged, Emit, EpochFinished, Event, RunStarted, StepsTrained
from aetui.runs.folder import RunFolder
from aetui.runs.history import History, describe
from aetui.text import format_count, format_duration, format_number, safe_text


def listener(folder: RunFolder, *, as_json: bool) -> Emit:
    """Where the training sends its events: JSON lines on stdout, or talk on stderr."""
    if as_json:
        return lambda event: print(to_json(event, time.time()), flush=True)
    return ProgressLine(folder).show


class ProgressLine:
    """Lines for what happened, and below them on a terminal one line that is drawn over."""

    def __init__(self, folder: RunFolder) -> None:
        self._history = History()
        self._on_terminal = sys.stderr.isatty()
        self._write(f"run {safe_text(folder.path)}\n")

    def show(self, event: Event) -> None:
        """Take in an event and say what is worth saying."""
        self._history.apply(event, time.time())
        clear = "\r\x1b[K" if self._on_terminal else ""
        if text := describe(event):
            self._write(f"{clear}{safe_text(text)}\n")
        if self._on_terminal and isinstance(
            event, (StepsTrained, EpochFinished, ActivityChanged, RunStarted)
        ):
            width = shutil.get_terminal_size().columns - 1
            self._write(clear + safe_text(self._line())[:width])

    def _line(self) -> str:
        history = self._history
        if history.activity and history.state in (states.STARTING, states.RUNNING):
            return f"{history.activity} …"
        if history.started is None or history.latest is None or history.state not in states.LIVE:
            return ""
        latest, epochs = history.latest, history.started.epochs
        return (
            f"epoch {latest.epoch}/{epochs}  {history.progress:4.0%}  "
            f"train {format_number(latest.epoch_train_loss)}  "
            f"{format_count(history.images_per_second)} images/s  "
            f"{format_duration(history.remaining_seconds)} left"
        )

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            self._on_terminal = False  # nobody is there to read; training goes on
