"""The monitor's head: what runs, how it stands, how far it is, how fast, how long still."""

from rich.table import Table
from rich.text import Text
from textual.widget import Widget

from aetui.runs import states
from aetui.runs.history import History
from aetui.text import format_count, format_duration, safe_text
from aetui.ui.states import state_text


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

    def render(self) -> Table:
        grid = Table.grid(expand=True)
        grid.add_column(no_wrap=True, ratio=1)
        grid.add_column(no_wrap=True, justify="right")
        name = Text(safe_text(self._preset), "bold")
        name.append(f"  {safe_text(self._run)}", "dim")
        state = state_text(self._state)
        if self._silent_seconds:
            state.append(f", silent for {format_duration(self._silent_seconds)}", "yellow")
        grid.add_row(name, state)
        grid.add_row(self._progress(), self._pace())
        return grid

    def _progress(self) -> Text:
        history = self._history
        if history.started is None or history.activity not in ("", "testing"):
            waits = history.activity or history.reason or "starting"
            return Text(safe_text(waits) + (" …" if self._state in states.LIVE else ""), "italic")
        started = history.started
        epoch = min(started.epochs, 1 + (history.newest.epoch if history.newest else 0))
        epoch = started.epochs if history.progress >= 1 else epoch
        text = Text(f"epoch {epoch:>{len(str(started.epochs))}}/{started.epochs}  ")
        text.append_text(_bar(history.progress, max(8, min(60, self.size.width - 58))))
        return text.append(f" {history.progress:4.0%}")

    def _pace(self) -> Text:
        history = self._history
        if history.started is None or history.latest is None:
            return Text("")
        if self._state not in states.LIVE:
            return Text(f"trained for {format_duration(history.latest.seconds)}")
        speed = format_count(history.images_per_second)
        left = format_duration(history.remaining_seconds)
        return Text(f"{speed:>6} images/s  {left:>9} left")


def _bar(share: float, width: int) -> Text:
    done = round(share * width * 2)
    text = Text("━" * (done // 2), "green")
    text.append("╸" * (done % 2), "green")
    return text.append("━" * (width - done // 2 - done % 2), "bright_black")
