"""The table of compared runs: letter, what they differ in, what each reached."""

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from aetui.runs.comparing import Compared, OverSeeds
from aetui.text import format_duration, format_number, safe_text
from aetui.ui.charts.canvas import Colors
from aetui.ui.comparison.curves import hue_of
from aetui.ui.comparison.lineup import Member
from aetui.ui.parts.state_marks import state_mark

WIDEST = 24
"""Columns of a setting; layers are longer, and are cut."""


class ComparisonTable(DataTable[Text]):
    """A run a row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open", id="compare.open", tooltip="open the chosen run"),
        Binding("left", "screen.move(-1)", show=False),
        Binding("right", "screen.move(1)", show=False),
        Binding("home", "screen.chart('show_all')", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row", fixed_columns=1)

    def show(
        self,
        members: Sequence[Member],
        groups: Sequence[Sequence[Member]],
        epoch: int | None,
        colors: Colors,
    ) -> None:
        """The runs as they stand, each with the letter of its group's curve; `epoch` has its own columns."""
        group_of = {member.letter: group for group in groups for member in group}
        rows = []
        for member in members:
            group = group_of[member.letter]
            letter = Text(f"{group[0].letter} ", f"bold {colors.runs[hue_of(groups, group)]}")
            seeds = _seeds(group) if len(groups) < len(members) else None
            cells = dict(_cells(member, epoch, members, seeds))
            rows.append({"": letter + state_mark(member.compared.state)} | cells)
        if list(rows[0]) != [str(key.value) for key in self.columns]:
            self._begin(rows, members)
            return
        for member, row in zip(members, rows, strict=True):
            for column, cell in row.items():
                if self.get_cell(member.letter, column) != cell:
                    self.update_cell(member.letter, column, cell, update_width=True)

    def _begin(self, rows: Sequence[dict[str, Text]], members: Sequence[Member]) -> None:
        """Other columns than before."""
        row = self.cursor_row
        self.clear(columns=True)
        for column in rows[0]:
            label = column.removeprefix("model.")
            self.add_column(
                Text(label, justify="right" if rows[0][column].justify == "right" else "left"), key=column
            )
        for member, cells in zip(members, rows, strict=True):
            self.add_row(*cells.values(), key=member.letter)
        self.move_cursor(row=row)


def _seeds(group: Sequence[Member]) -> str:
    """What the best losses of several seeds are."""
    return f"{len(group)}: {OverSeeds(tuple(one.compared for one in group)).best}" if len(group) > 1 else "–"


def _cells(
    member: Member, epoch: int | None, members: Sequence[Member], seeds: str | None
) -> Iterator[tuple[str, Text]]:
    run = member.compared
    for key, value in run.settings.items():
        yield key, Text(safe_text(value if len(value) <= WIDEST else f"{value[: WIDEST - 1]}…") or "–")
    yield "best", _best(run, members)
    yield "epoch", _number("–" if run.best_epoch is None else str(run.best_epoch))
    if seeds is not None:
        yield "seeds", _number(seeds)
    if epoch is not None:
        yield from _reading(member, epoch, members)
    yield "last", _number(format_number(run.last))
    yield "epochs", _number(str(run.epochs))
    yield "trained", _number(format_duration(run.seconds))
    yield "to what learns nothing", Text(safe_text(run.against) or "–")
    yield "run", Text(safe_text(run.run))


def _reading(member: Member, epoch: int, members: Sequence[Member]) -> Iterator[tuple[str, Text]]:
    """The test loss at an epoch, how far it is from the lowest of those that measure the same, and when."""
    of_same = [one for one in members if one.compared.measure == member.compared.measure]
    tested = [at for one in of_same if (at := one.feed.history.epochs.get(epoch))]
    there = member.feed.history.epochs.get(epoch)
    lowest = min((at.test_loss for at in tested if math.isfinite(at.test_loss)), default=math.nan)
    behind = there.test_loss - lowest if there else math.nan
    yield f"at {epoch}", _number(format_number(there.test_loss if there else None))
    yield "to lowest", _number("★" if behind == 0 else f"{behind:+.2g}" if math.isfinite(behind) else "–")
    yield "after", _number(format_duration(there.total_seconds) if there else "–")


def _best(run: Compared, members: Sequence[Member]) -> Text:
    """With a star where no comparable run has a lower one."""
    others = [one.best for member in members if (one := member.compared).measure == run.measure]
    lowest = min((best for best in others if best is not None), default=None)
    is_best = run.best is not None and run.best == lowest and len(others) > 1
    words = ("★ " if is_best else "") + format_number(run.best)
    return Text(words, "bold" if is_best else "", justify="right")


def _number(text: str) -> Text:
    return Text(text, justify="right")
