"""The table of runs: as many rows as there are runs, of which only those in sight are made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from aetui.runs.listing import RunSummary, in_short
from aetui.text import safe_text
from aetui.ui.parts.state_marks import state_mark
from aetui.ui.runs_list.columns import Column, columns_for
from aetui.ui.runs_list.facts import FactReader, Facts
from aetui.ui.runs_list.keys import TABLE_KEYS

MARKED, STARRED = "●", "★"


@dataclass(frozen=True)
class Row:
    """A run, or the heading of a group."""

    run: RunSummary | None
    heading: str = ""


class RunsTable(ScrollView, can_focus=True):
    """Rows with a cursor that skips headings."""

    DEFAULT_CSS = """
    RunsTable { scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    RunsTable > .runs-table--cursor { background: $primary; color: $text; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"runs-table--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = TABLE_KEYS

    cursor = reactive(0)
    """The row of the chosen run."""

    class Chosen(Message):
        """Another run is under the cursor, or none is."""

    def __init__(self, reader: FactReader, marked: set[str]) -> None:
        """`marked` are names of runs, which others change."""
        super().__init__()
        self._rows: list[Row] = []
        self._reader = reader
        self._marked = marked

    # ── rows ───────────────────────────────────────────────────────────────

    def show(self, rows: Sequence[Row]) -> None:
        """Other rows; the cursor stays on its run, or near where it was."""
        chosen = self.chosen
        self._rows = list(rows)
        self.virtual_size = Size(0, len(self._rows))
        place = next(
            (i for i, row in enumerate(rows) if chosen and row.run and row.run.run == chosen.run), None
        )
        self.cursor = self._run_near(self.cursor if place is None else place)
        self.refresh()
        self.post_message(self.Chosen())

    @property
    def chosen(self) -> RunSummary | None:
        """The run under the cursor."""
        return self._rows[self.cursor].run if self.cursor < len(self._rows) else None

    @property
    def in_sight(self) -> list[RunSummary]:
        """The runs whose rows are shown."""
        first = self.scroll_offset.y
        shown = self._rows[first : first + self.size.height]
        return [row.run for row in shown if row.run]

    def _run_near(self, place: int) -> int:
        """The row of a run at or below that place, else above it."""
        place = min(max(place, 0), max(0, len(self._rows) - 1))
        below = (i for i in range(place, len(self._rows)) if self._rows[i].run)
        above = (i for i in range(place, -1, -1) if i < len(self._rows) and self._rows[i].run)
        return next(below, next(above, 0))

    # ── the cursor ─────────────────────────────────────────────────────────

    def validate_cursor(self, cursor: int) -> int:
        return min(max(cursor, 0), max(0, len(self._rows) - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        self.scroll_to_region(Region(0, now, 1, 1), animate=False, force=True)
        self.refresh()
        self.post_message(self.Chosen())

    def action_move(self, by: int) -> None:
        """To the next run in that direction."""
        place = self.cursor + by
        while 0 <= place < len(self._rows) and self._rows[place].run is None:
            place += by
        if 0 <= place < len(self._rows):
            self.cursor = place
        elif by < 0:
            self.scroll_home(animate=False)  # to a heading above

    def action_page(self, by: int) -> None:
        self.cursor = self._run_near(self.cursor + by * max(1, self.size.height - 1))

    def action_edge(self, by: int) -> None:
        self.cursor = self._run_near(0 if by < 0 else len(self._rows) - 1)

    # ── what is drawn ──────────────────────────────────────────────────────

    @property
    def head(self) -> Text:
        """The titles of the columns that there is room for."""
        columns, name_cells = columns_for(self._width)
        titles = [_fitted(column, column.title) for column in columns]
        return Text(" ".join([" " * 4 + "run".ljust(name_cells), *titles]), "dim", no_wrap=True)

    def render_line(self, y: int) -> Strip:
        place, width = self.scroll_offset.y + y, self._width
        if place >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[place]
        if row.run is None:
            cells = [Segment(set_cell_size(safe_text(row.heading), width), Style(bold=True))]
        else:
            cells = list(self._cells(row.run, width))
        strip = Strip(cells).adjust_cell_length(width).apply_style(self.rich_style)
        if place == self.cursor and row.run:
            return Strip(Segment.apply_style(strip, post_style=self._cursor_style), width)
        return strip

    @property
    def _width(self) -> int:
        """Beside the scroll bar."""
        return self.scrollable_content_region.width

    @property
    def _cursor_style(self) -> Style:
        """One ground over the whole row, under the colours of its cells."""
        style = self.get_component_rich_style("runs-table--cursor")
        return Style(bgcolor=style.bgcolor, bold=True)

    def _cells(self, run: RunSummary, width: int) -> Iterator[Segment]:
        columns, name_cells = columns_for(width)
        mark = state_mark(run.state)
        yield Segment(MARKED if run.run in self._marked else " ", Style(color="bright_cyan", bold=True))
        yield Segment(mark.plain, Style.parse(str(mark.style)))
        yield Segment(STARRED if run.labels.starred else " ", Style(color="yellow"))
        yield Segment(" ")
        yield from _name(run, name_cells)
        facts = self._reader.facts(run)
        for column in columns:
            yield Segment(" " + _cell(column, run, facts))


def _name(run: RunSummary, cells: int) -> Iterator[Segment]:
    """What it is called, and dim beside it what was changed, its tags and its note; cut to the room."""
    title = safe_text(run.title)
    tags = " ".join(f"#{tag}" for tag in run.labels.tags)
    more = safe_text(" ".join(filter(None, (in_short(run.changes), tags, run.labels.note))))[:cells]
    name = Text.assemble(title[:cells], (f" {more}" if more else "", "dim"))
    name.truncate(cells, overflow="ellipsis", pad=True)
    cut = name.plain[: len(title)]
    yield Segment(cut)
    yield Segment(name.plain[len(cut) :], Style(dim=True))


def _cell(column: Column, run: RunSummary, facts: Facts | None) -> str:
    return _fitted(column, safe_text(column.shown(run, facts)))


def _fitted(column: Column, text: str) -> str:
    return set_cell_size(text.rjust(column.width) if column.right else text, column.width)
