"""The list of the menu: presets, and the runs under the days they were started on."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from aetui.runs.listing import RunSummary
from aetui.text import safe_text
from aetui.ui.menu.keys import LIST_KEYS, SEARCH_KEYS
from aetui.ui.menu.preset_list import Offered
from aetui.ui.menu.run_card import begun, day_words, run_line
from aetui.ui.parts.text_line import TextLine


class SearchLine(TextLine):
    """What is looked for; not there until it is asked for."""

    BINDINGS: ClassVar[list[BindingType]] = SEARCH_KEYS
    DEFAULT_CSS = "SearchLine { display: none; }"


class Choices(OptionList):
    """Presets and runs."""

    BINDINGS: ClassVar[list[BindingType]] = LIST_KEYS

    def show(self, presets: Mapping[str, Offered], runs: Mapping[str, RunSummary], wanted: str = "") -> None:
        """List those that have every one of the `wanted` words in their name, a run also in its state."""
        words = wanted.lower().split()
        presets = {key: one for key, one in presets.items() if _has(words, one.listed.name)}
        runs = {key: one for key, one in runs.items() if _has(words, one.run, one.preset, one.state)}
        self.clear_options()
        if presets or not words:
            self.add_option(Option(Text("Presets", "bold"), disabled=True))
        self.add_options(Option(_preset_line(one), id=key) for key, one in presets.items())
        if presets and (runs or not words):
            self.add_option(None)
        if words and not presets and not runs:
            self.add_option(Option(Text("  nothing of that name", "dim italic"), disabled=True))
        self.add_options(_run_options(runs, told=not words))


def _has(words: list[str], *texts: str) -> bool:
    text = " ".join(texts).lower()
    return all(word in text for word in words)


def _run_options(runs: Mapping[str, RunSummary], *, told: bool) -> Iterator[Option]:
    """The runs under their days; seconds are shown where the minute is the same."""
    if not runs and told:
        yield Option(Text("Runs", "bold"), disabled=True)
        yield Option(Text("  what you start is here", "dim italic"), disabled=True)
    today = datetime.now().date()
    minutes = Counter((one.title, one.changes, one.started[:16]) for one in runs.values())
    for day, of_day in groupby(runs.items(), key=lambda named: _day_of(named[1])):
        yield Option(Text(f"Runs {day_words(day, today)}", "bold"), disabled=True)
        for key, one in of_day:
            yield Option(run_line(one, minutes[one.title, one.changes, one.started[:16]] > 1), id=key)


def _day_of(run: RunSummary) -> date | None:
    start = begun(run)
    return start.date() if start else None


def _preset_line(offered: Offered) -> Text:
    style = "red" if offered.preset is None else ""
    return Text.assemble(
        "  ", (safe_text(offered.listed.name), style), (" (own)" if offered.own else "", "dim")
    )
