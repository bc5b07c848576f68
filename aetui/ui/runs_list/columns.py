"""The columns of the table of runs: what each shows, how wide it is, what it is sorted by."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aetui.runs.folder import moment
from aetui.runs.listing import RunSummary
from aetui.text import format_bytes, format_duration, format_number
from aetui.ui.runs_list.facts import Facts

BLOCKS = "▁▂▃▄▅▆▇█"
SPARK_CELLS = 10
MOST = 1e100
"""A larger loss is drawn as this one."""
LEAST_NAME = 24
"""Cells of a run's name, at least a third of all; other columns give way to it."""

Shown = Callable[[RunSummary, Facts | None], str]
Order = Callable[[RunSummary, Facts | None], float | str | None]


@dataclass(frozen=True)
class Column:
    """One column."""

    title: str
    width: int
    shown: Shown
    right: bool = True


def best_of(run: RunSummary, facts: Facts | None) -> float | None:
    """The best test loss, of older runs once their log was read."""
    return run.best_loss if run.best_loss is not None else facts.best if facts else None


def _trained(run: RunSummary) -> str:
    return "–" if run.trained_seconds is None else format_duration(run.trained_seconds)


def _size(run: RunSummary, facts: Facts | None) -> float | None:
    return facts.size_bytes if facts and facts.size_bytes else None


def spark(losses: Sequence[float], cells: int = SPARK_CELLS) -> str:
    """Losses as blocks, the lowest the smallest, the newest last; a block stands for the mean of some."""
    finite = [max(-MOST, min(MOST, loss)) for loss in losses if math.isfinite(loss)]
    if not finite:
        return ""
    count = min(cells, len(finite))
    parts = [finite[i * len(finite) // count : (i + 1) * len(finite) // count] for i in range(count)]
    means = [sum(part) / len(part) for part in parts]
    low, high = min(means), max(means)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((mean - low) * scale)] for mean in means)


COLUMNS = (
    Column("best", 8, lambda run, facts: format_number(best_of(run, facts))),
    Column("epochs", 9, lambda run, _: f"{run.epochs}/{run.epochs_planned}"),
    Column("test loss", SPARK_CELLS, lambda _, facts: spark(facts.losses) if facts else "", right=False),
    Column("last", 8, lambda run, _: format_number(run.test_loss)),
    Column("trained", 8, lambda run, _: _trained(run)),
    Column("started", 11, lambda run, _: run.started[5:16].replace("T", " ")),
    Column("size", 8, lambda _, facts: format_bytes(facts.size_bytes) if facts else ""),
)
"""In the order in which they are given room."""

ORDERS: dict[str, tuple[Order, bool]] = {
    "started": (lambda run, _: moment(run.started), True),
    "best": (best_of, False),
    "last": (lambda run, _: run.test_loss, False),
    "name": (lambda run, _: run.title.lower(), False),
    "state": (lambda run, _: run.state, False),
    "epochs": (lambda run, _: run.epochs, True),
    "trained": (lambda run, _: run.trained_seconds, True),
    "size": (_size, True),
}
"""By name: what runs are sorted by, and whether the largest come first."""


def columns_for(width: int) -> tuple[list[Column], int]:
    """Those that there is room for, and the cells that are left for the names."""
    left, shown = width - len("●●★ "), []
    for column in COLUMNS:
        if left - column.width - 1 >= max(LEAST_NAME, width // 3):
            shown.append(column)
            left -= column.width + 1
    return shown, left


def sorted_by(
    runs: Sequence[RunSummary],
    facts: Callable[[RunSummary], Facts | None],
    order: str,
    *,
    backwards: bool = False,
) -> list[RunSummary]:
    """The runs in an order of ORDERS; those that have no such value come last in either direction."""
    of, largest_first = ORDERS[order]
    valued = [(value, run) for run in runs if _is_value(value := of(run, facts(run)))]
    others = [run for run in runs if not _is_value(of(run, facts(run)))]
    valued.sort(key=lambda pair: pair[0], reverse=largest_first != backwards)  # type: ignore[arg-type,return-value]
    return [*(run for _, run in valued), *others]


def _is_value(value: float | str | None) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))
