"""The figures that answer "is it going well"."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from aetui.runs.events import RunStarted
from aetui.runs.history import History
from aetui.text import format_count, format_duration, format_number, safe_text


class NumbersPanel(Widget):
    """Loss now and best, with what the run is made of."""

    BORDER_TITLE = "run"

    history: reactive[History | None] = reactive(None, always_update=True)
    """The run's story so far; set it again to draw anew."""

    def render(self) -> Table | Text:
        history = self.history
        if history is None or history.started is None:
            return Text("losses and sizes come when training starts", "dim italic")
        started = history.started
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(no_wrap=True)
        for name, value in _figures(history, started):
            grid.add_row(name, Text(safe_text(value)))
        return grid


def _figures(history: History, started: RunStarted) -> Iterator[tuple[str, str]]:
    newest, best = history.newest, history.best
    if newest and newest.train_loss is not None:
        yield "train loss", f"{format_number(newest.train_loss)}  epoch {newest.epoch}"
    if newest:
        yield "test loss", f"{format_number(newest.test_loss)}  {_trend(history)}"
    if newest and newest.test_accuracy is not None:
        yield "accuracy", f"{newest.test_accuracy:.1%} on test images"
    if best:
        yield "best", f"{format_number(best.test_loss)}  epoch {best.epoch}"
    if history.floor is not None:
        yield "floor", f"{format_number(history.floor)}  neighbours, no learning"
    if history.probes:
        probe = history.probes[-1]
        accuracies = f"linear {probe.linear_accuracy:.1%}, kNN {probe.knn_accuracy:.1%}"
        yield "probe", f"{accuracies}  epoch {probe.epoch}"
    sets = f"{format_count(started.train_images)} + {format_count(started.test_images)} test"
    yield "data", f"{started.data}, {sets}"
    yield "parameters", format_count(started.parameters)
    if newest and newest.epoch:
        yield "an epoch", f"{format_duration(newest.seconds)} + {format_duration(newest.test_seconds)} test"


def _trend(history: History) -> str:
    """How the test loss moved in the last epoch, in per cent."""
    numbers = sorted(history.epochs)[-2:]
    if len(numbers) < 2 or not history.epochs[numbers[0]].test_loss:
        return ""
    before, now = (history.epochs[number].test_loss for number in numbers)
    change = (now - before) / before
    return f"{'▼' if change < 0 else '▲'} {abs(change):.1%} in an epoch"
