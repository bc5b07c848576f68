"""The runs of the table in their order, under headings where they are grouped."""

from collections.abc import Callable, Sequence
from itertools import groupby

from aetui.runs.filtering import Filter
from aetui.runs.listing import RunSummary
from aetui.text import format_number, plural
from aetui.ui.runs_list.columns import best_of, sorted_by
from aetui.ui.runs_list.facts import FactReader
from aetui.ui.runs_list.table import Row


def rows_of(
    runs: Sequence[RunSummary], wanted: Filter, reader: FactReader, order: str, *, backwards: bool
) -> list[Row]:
    """Those of the runs that are looked for."""
    found = [run for run in runs if wanted.passes(run, reader.setting)]
    found = sorted_by(found, reader.facts, order, backwards=backwards)
    if not wanted.grouped_by:
        return [Row(run) for run in found]
    return _grouped(found, wanted.grouped_by, reader)


def _grouped(runs: Sequence[RunSummary], key: str, reader: FactReader) -> list[Row]:
    """Under the values of a setting, numbers in their order; a group stays in the order of its runs."""
    value_of: Callable[[RunSummary], str | None] = lambda run: reader.setting(run, key)  # noqa: E731
    by_value = sorted(((value_of(run), run) for run in runs), key=lambda pair: _order(pair[0]))
    rows: list[Row] = []
    for value, pairs in groupby(by_value, key=lambda pair: pair[0]):
        members = [run for _, run in pairs]
        rows.append(Row(None, _heading(key, value, members, reader)))
        rows += [Row(run) for run in members]
    return rows


def _heading(key: str, value: str | None, members: Sequence[RunSummary], reader: FactReader) -> str:
    """With how many runs there are, and the best of them and their mean."""
    best = [loss for run in members if (loss := best_of(run, reader.facts(run))) is not None]
    words = f"{key} {'not read yet' if value is None else value or '–'}   {plural(len(members), 'run')}"
    if best:
        words += f", best {format_number(min(best))}"
    if len(best) > 1:
        words += f", mean {format_number(sum(best) / len(best))}, worst {format_number(max(best))}"
    return words


def _order(value: str | None) -> tuple[bool, float, str]:
    try:
        return value is None, float(value or "nan"), ""
    except ValueError:
        return value is None, float("inf"), value or ""
