"""A run in the menu: its line in the list, and what became of it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aetui.runs import states
from aetui.runs.history import History
from aetui.runs.listing import RunSummary, in_short
from aetui.runs.quality import compared
from aetui.text import format_duration, format_number, safe_text
from aetui.ui.parts.state_marks import state_mark, state_text


def begun(run: RunSummary) -> datetime | None:
    """When the run was started, in the time zone of here; None where its meta.json does not tell."""
    try:
        return datetime.fromisoformat(run.started).astimezone()
    except (ValueError, OverflowError):
        return None


def day_words(day: date | None, today: date) -> str:
    """`today`, `yesterday`, `on 20 Nov`, `on 20 Nov 2025`."""
    if day is None:
        return "of an unknown day"
    if day in (today, today - timedelta(days=1)):
        return "today" if day == today else "yesterday"
    return f"on {day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")


def clock(run: RunSummary) -> str:
    """The time of day at which the run was started."""
    start = begun(run)
    return f"{start:%H:%M}" if start else "–"


def run_line(run: RunSummary, with_seconds: bool) -> RenderableType:
    """Mark, name and time of day on one line of whatever width; a name too long for it is cut."""
    start = begun(run)
    grid = Table.grid(expand=True)
    grid.add_column(width=2)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    grid.add_column(no_wrap=True, justify="right")
    time = f" {start:%H:%M:%S}" if start and with_seconds else f" {clock(run)}"
    changes = in_short(run.changes)
    name = Text(safe_text(run.title)).append(f" {safe_text(changes)}" if changes else "", "dim")
    grid.add_row(state_mark(run.state), name, Text(time, "dim"))
    return grid


def run_card(run: RunSummary, history: History, today: date) -> RenderableType:
    """How the run stands and why, what it reached, where, and what can be done with it."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    for name, value in _facts(run, history, today):
        facts.add_row(name, Text(safe_text(value)))
    head: list[RenderableType] = [Text(safe_text(run.run), "bold"), Text(), state_text(run.state)]
    head.append(Text(_hint(run, history), "dim italic"))
    if reason := _reason(run, history):
        head.append(Text(safe_text(reason[:1].upper() + reason[1:])))
    return Group(*head, Text(), facts)


def _reason(run: RunSummary, history: History) -> str:
    if run.state == states.INTERRUPTED:
        return "The process that trained is gone: it was killed, or the machine went down."
    return history.reason if history.state == run.state else ""


def _facts(run: RunSummary, history: History, today: date) -> Iterator[tuple[str, str]]:
    start, newest, best = begun(run), history.newest, history.best
    day = start.date() if start else None
    yield "started", f"{day_words(day, today).removeprefix('on ')}, {clock(run)}"
    trained = f", trained for {format_duration(newest.total_seconds)}" if newest and newest.epoch else ""
    if run.changes:
        yield "changed", in_short(run.changes)
    yield "epoch", f"{run.epochs} of {run.epochs_planned}{trained}"
    if newest:
        yield (
            f"{newest.tested_on} loss",
            format_number(newest.test_loss) + (" before training" if not newest.epoch else ""),
        )
    if best:
        yield "best", f"{format_number(best.test_loss)} in epoch {best.epoch}, on {best.tested_on} images"
    if newest and newest.test_accuracy is not None:
        yield "accuracy", f"{newest.test_accuracy:.1%} on {newest.tested_on} images"
    if history.floor is not None:
        yield "floor", f"{format_number(history.floor.loss)}, from visible neighbours without learning"
    if best and (words := compared(best.test_loss, history.to_beat)):
        yield "compared", f"{words}, {format_number(history.to_beat[1] if history.to_beat else None)}"
    if history.probes:
        probe = history.probes[-1]
        accuracies = f"linear {probe.linear_accuracy:.1%}, nearest neighbours {probe.knn_accuracy:.1%}"
        yield "probe", f"{accuracies}, after epoch {probe.epoch}"
    if history.started:
        yield "data", history.started.data
        yield "device", history.started.device_name


def _hint(run: RunSummary, history: History) -> str:
    if run.state == states.WAITING:
        return "It waits in the queue. Enter opens it, r starts it now."
    if run.state in (*states.LIVE, states.FINISHED):
        return "Enter opens it."
    return f"Enter opens it, r {'goes on from its checkpoint' if history.checkpoints else 'tries again'}."
