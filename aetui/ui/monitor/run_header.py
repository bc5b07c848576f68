"""The monitor's head: what runs, how it stands, how far it is, how fast, how long still."""

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.widget import Widget

from aetui.runs import states
from aetui.runs.history import History
from aetui.text import format_count, format_duration, safe_text
from aetui.ui.parts.state_marks import state_text

ACTIVITY_CELLS, SPEED_CELLS = len("probing the features …"), len("28.1k images/s")
LEFT_CELLS = len("  23 h 59 m left")
WIDE_ENOUGH = 76
"""Columns from which the longest activity fits beside bar and time left."""


class RunHeader(Widget):
    """Two lines at the top of the monitor."""

    def __init__(self, run: str, preset: str) -> None:
        super().__init__()
        self._run = run
        self._preset = preset
        self._history = History()
        self._state = states.STARTING
        self._silent_seconds = 0.0

    def show(self, history: History, state: str, silent_seconds: float) -> None:
        """Draw anew; `state` is the history's, or `interrupted`."""
        self._history, self._state, self._silent_seconds = history, state, silent_seconds
        self.refresh()

    def render(self) -> Group:
        name = Text(safe_text(self._preset), "bold")
        name.append(f"  {safe_text(self._run)}", "dim")
        state = Text("  ").append_text(state_text(self._state))
        if self._silent_seconds:
            state.append(f", silent for {format_duration(self._silent_seconds)}", "yellow")
        return Group(_line(name, state), _line(*progress_line(self._history, self._state, self.size.width)))


def _line(left: Text, right: Text) -> Table:
    """One line of two parts; where there is too little room, the left one is cut."""
    grid = Table.grid(expand=True)
    grid.add_column(no_wrap=True, ratio=1)
    grid.add_column(no_wrap=True, justify="right")
    grid.add_row(left, right)
    return grid


def progress_line(history: History, state: str, width: int) -> tuple[Text, Text]:
    """Epoch, bar and share; on the right the speed, or what is done instead of steps, and the time left."""
    if state == states.WAITING:
        return Text("waits in the queue for its turn", "italic"), Text()
    if history.started is None or state == states.STARTING:
        waits = history.activity or history.reason or "starting"
        return Text(safe_text(waits) + (" …" if state in states.LIVE else ""), "italic"), Text()
    cells = ACTIVITY_CELLS if width >= WIDE_ENOUGH else SPEED_CELLS
    pace = _pace(history, cells) if state in states.LIVE else Text(_trained_for(history))
    return _progress(history, width - cells - LEFT_CELLS - 1), pace


def remaining_seconds(history: History) -> float | None:
    """Time left for training, tests and probes, as many an epoch as so far; None before it is known."""
    left, newest = history.remaining_seconds, history.newest
    if left is None or history.started is None or newest is None or not newest.epoch:
        return left
    probed = sum(probe.seconds for probe in history.probes if probe.epoch)
    return left + probed / newest.epoch * (history.started.epochs - newest.epoch)


def _progress(history: History, width: int) -> Text:
    assert history.started is not None
    epochs = history.started.epochs
    epoch = min(epochs, 1 + (history.newest.epoch if history.newest else 0))
    epoch = epochs if history.progress >= 1 else epoch
    text = Text(f"epoch {epoch:>{len(str(epochs))}}/{epochs}  ")
    text.append_text(_bar(history.progress, max(8, min(60, width - len(text) - len(" 100%")))))
    return text.append(f" {history.progress:4.0%}")


def _pace(history: History, cells: int) -> Text:
    """The speed, or an activity of some length in its place, in so many cells; then the time left."""
    if history.activity not in ("", "testing"):
        text = Text(safe_text(f"{history.activity} …"), "italic")
        text.truncate(cells, overflow="ellipsis")
    else:
        text = Text(f"{format_count(history.images_per_second)} images/s" if history.latest else "")
    text.pad_left(cells - text.cell_len)
    left = f"{format_duration(remaining_seconds(history)):>9} left" if history.latest else ""
    return text.append(f"  {left:14}")


def _trained_for(history: History) -> str:
    if history.latest is None:
        return ""
    probed = sum(probe.seconds for probe in history.probes)
    probes = f" (+ probes {format_duration(probed)})" if probed else ""
    return f"trained for {format_duration(history.latest.seconds)}{probes}"


def _bar(share: float, width: int) -> Text:
    done = round(share * width * 2)
    text = Text("━" * (done // 2), "green")
    text.append("╸" * (done % 2), "green")
    return text.append("━" * (width - done // 2 - done % 2), "bright_black")
