"""All runs: sorted, looked for, grouped, compared, labelled, deleted. Live ones move.

As long as it has keys: each is a method of a few lines; what they do with runs is in `deeds.py`.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Input, Static

from aetui.errors import AetuiError, UsageError
from aetui.runs import states
from aetui.runs.filtering import Filter, parse_filter
from aetui.runs.labels import MOST_TAGS
from aetui.runs.listing import RunsFollower, RunSummary, in_short
from aetui.runs.trash import empty_trash
from aetui.runs.waiting import read_queue
from aetui.text import plural, safe_text
from aetui.ui.messages import CompareRequested, TrainRequested, WatchRequested
from aetui.ui.pacing import PIECE_PAUSE_SECONDS
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.text_line import TextLine
from aetui.ui.parts.too_small import TooSmall
from aetui.ui.runs_list.columns import ORDERS
from aetui.ui.runs_list.deeds import Deeds
from aetui.ui.runs_list.facts import FactReader
from aetui.ui.runs_list.keys import KEYS, LINE_KEYS
from aetui.ui.runs_list.rows import rows_of
from aetui.ui.runs_list.table import RunsTable
from aetui.ui.settings import Settings

REFRESH_SECONDS = 2.0
READ_SECONDS = 0.03
"""For what is read, before keys are looked at again."""
SHOW_SECONDS = 0.5
"""Between two tables, while many runs are being read."""
FIND = "find"
TITLES = {
    FIND: "show only: words, state:finished, best<0.01, train.learning_rate=1e-3, by:latent",
    "name": "call it",
    "note": "a note on it",
    "tags": "words to find it by",
}


class WordsLine(TextLine):
    """What is looked for, or said of a run."""

    BINDINGS: ClassVar[list[BindingType]] = LINE_KEYS


class RunsScreen(Screen[None]):
    """A table of all runs; a key does what it does with the marked ones, or with the one under the cursor."""

    AUTO_FOCUS = "RunsTable"
    CSS_PATH = "screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, settings: Settings, follower: RunsFollower) -> None:
        """`follower` is of the runs of these settings."""
        super().__init__()
        self._settings = settings
        self._follower = follower
        self._reader = FactReader(settings.runs_dir)
        self._runs: list[RunSummary] = []
        self._marked: set[str] = set()
        self._filter, self._filter_text = Filter(), ""
        self._order, self._backwards = next(iter(ORDERS)), False
        self._editing = ""
        """What the line is for, while it is there."""
        self._deeds = Deeds(settings.runs_dir, settings.data_dir)
        self._shown_at = float("-inf")
        self._stale = False
        """Whether settings were read that rows may depend on."""

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield Static(id="title", markup=False)
        yield Static(id="head", markup=False)
        yield RunsTable(self._reader, self._marked)
        yield WordsLine(id="line", compact=True)
        yield Static(id="about", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self._look()
        self.set_interval(REFRESH_SECONDS, self._look)
        self.set_interval(REFRESH_SECONDS / 10, self._read_facts)
        self.run_worker(partial(empty_trash, self._settings.runs_dir), thread=True)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_head)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Until there is a focus no key acts: it was meant for the screen before, or for the line."""
        return self.focused is not None or action == "back"

    # ── what is shown ──────────────────────────────────────────────────────

    def _look(self) -> None:
        """Take in new runs and changed ones; of very many some at a time."""
        self._follower.look(READ_SECONDS)
        behind = self._follower.behind
        if not (behind and self._shown_lately):
            runs = self._follower.newest()
            if runs != self._runs or self._shown_at < 0:
                self._runs = runs
                self._show()
        if behind and self.is_active:
            self.set_timer(PIECE_PAUSE_SECONDS, self._look)

    def _read_facts(self) -> None:
        """Read what the rows in sight show, and the settings that are looked for."""
        if not self.is_active:
            return
        table = self.query_one(RunsTable)
        news, presets = self._reader.read(table.in_sight, READ_SECONDS)
        behind = self._reader.behind(table.in_sight)
        self._stale |= presets
        if self._stale and not (behind and self._shown_lately):
            self._show()
        elif news:
            table.refresh()
        if behind:
            self.set_timer(PIECE_PAUSE_SECONDS, self._read_facts)

    @property
    def _shown_lately(self) -> bool:
        return time.monotonic() - self._shown_at < SHOW_SECONDS

    def _show(self) -> None:
        self._stale, self._shown_at = False, time.monotonic()
        self._marked &= {run.run for run in self._runs}
        rows = rows_of(self._runs, self._filter, self._reader, self._order, backwards=self._backwards)
        self.query_one(RunsTable).show(rows)
        self._show_head()
        shown = sum(row.run is not None for row in rows)
        words = f"  {shown:,} of {plural(len(self._runs), 'run')}" if self._filter_text else ""
        words = words or f"  {plural(shown, 'run')}"
        words += f", by {self._order}{' turned round' * self._backwards}"
        if self._marked:
            words += f", {len(self._marked)} marked"
        title = Text.assemble((" aetui ", "bold reverse"), words, (self._queue_words(), "cyan"))
        self.query_one("#title", Static).update(title)

    def _queue_words(self) -> str:
        waiting = {run.run for run in self._runs if run.state == states.WAITING}
        if not waiting:
            return ""
        try:
            queue = read_queue(self._settings.runs_dir)
        except AetuiError as error:
            return f"  {error.sentence}"
        lost = len(waiting - {*queue.waiting, *queue.started})
        words = f"  {len(waiting) - lost} in the queue{', which rests' * queue.paused}"
        return f"{words}, {lost} waiting in none (f)" if lost else words

    def _show_head(self) -> None:
        self.query_one("#head", Static).update(self.query_one(RunsTable).head)

    def on_runs_table_chosen(self, message: RunsTable.Chosen) -> None:
        """Say of the run under the cursor what its row has no room for."""
        if self._editing != FIND:
            self._tell(self._about(self.query_one(RunsTable).chosen))

    def _about(self, run: RunSummary | None) -> str:
        if run is None:
            return "nothing is found" if self._filter_text else "what you start is here"
        what = [f"{run.run}  {run.state.replace('_', ' ')}", in_short(run.changes)]
        if run.labels.name:
            what.insert(1, run.preset)
        return "  ".join(filter(None, [*what, *(f"#{tag}" for tag in run.labels.tags), run.labels.note]))

    def _tell(self, words: str, *, wrong: bool = False) -> None:
        self.query_one("#about", Static).update(Text(safe_text(words), "red" if wrong else ""))

    # ── the line ───────────────────────────────────────────────────────────

    def action_search(self) -> None:
        """Show some of the runs alone."""
        self._open_line(FIND, self._filter_text)

    def action_edit(self, what: str) -> None:
        """Say something of the run under the cursor."""
        if run := self.query_one(RunsTable).chosen:
            said = getattr(run.labels, what)
            self._open_line(what, " ".join(said) if isinstance(said, tuple) else said)

    def _open_line(self, what: str, text: str) -> None:
        self._editing = what
        line = self.query_one(WordsLine)
        line.border_title, line.value, line.display = TITLES[what], text, True
        self.set_focus(line)
        line.cursor_position = len(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._editing == FIND:
            self._find(event.input.value)

    def action_accept(self) -> None:
        """Take what the line holds; where keys come in bunches, changes of it are still to be told."""
        text, what = self.query_one(WordsLine).value, self._editing
        if what == FIND:
            self._find(text)
        elif run := self.query_one(RunsTable).chosen:
            said = tuple(dict.fromkeys(text.split()))[:MOST_TAGS] if what == "tags" else text.strip()
            self._do(lambda: self._deeds.label([run], **{what: said}))
        self._close_line()

    def action_give_up(self) -> None:
        if self._editing == FIND:
            self._find("")
        self._close_line()

    def _close_line(self) -> None:
        self._editing = ""
        self.query_one(WordsLine).display = False
        self.set_focus(self.query_one(RunsTable))
        self.on_runs_table_chosen(RunsTable.Chosen())

    def _find(self, text: str) -> None:
        """Show the runs that are looked for; what cannot be understood is said, and changes nothing."""
        try:
            self._filter = parse_filter(text)
        except UsageError as error:
            self._tell(f"{error.sentence}; {error.hint}", wrong=True)
            return
        self._filter_text = text.strip()
        self._tell("")
        self._show()

    # ── runs ───────────────────────────────────────────────────────────────

    @property
    def _meant(self) -> list[RunSummary]:
        """The marked runs, or the one under the cursor."""
        marked = [run for run in self._runs if run.run in self._marked]
        chosen = self.query_one(RunsTable).chosen
        return marked or ([chosen] if chosen else [])

    def action_mark(self) -> None:
        table = self.query_one(RunsTable)
        if table.chosen:
            self._marked ^= {table.chosen.run}
            self._show()
            table.action_move(1)

    def action_open(self) -> None:
        """The run under the cursor, or the marked ones beside each other."""
        if len(self._marked) > 1:
            self.action_compare()
        elif run := self.query_one(RunsTable).chosen:
            self.post_message(WatchRequested(self._deeds.folder(run)))

    def action_compare(self) -> None:
        """The marked runs beside each other, the oldest first."""
        if len(self._marked) < 2:
            self.notify("Mark two runs or more with space, then compare them.")
            return
        self.post_message(CompareRequested([self._deeds.folder(run) for run in reversed(self._meant)]))

    def action_resume(self) -> None:
        run = self.query_one(RunsTable).chosen
        if run and run.state in states.RESUMABLE:
            self.post_message(TrainRequested(self._deeds.folder(run)))
        elif run:
            state = safe_text(run.state.replace("_", " "))
            self.notify(f"This run is {state}; there is nothing to resume.", markup=False)

    def action_star(self) -> None:
        starred = not all(run.labels.starred for run in self._meant)
        self._do(lambda: self._deeds.label(self._meant, starred=starred))

    def action_archive(self) -> None:
        archived = not all(run.labels.archived for run in self._meant)
        self._do(lambda: self._deeds.label(self._meant, archived=archived))

    def action_delete(self) -> None:
        """Move runs to the trash."""
        meant = self._meant
        if self._do(lambda: self._deeds.delete(meant)):
            what = meant[0].run if len(meant) == 1 else f"{len(meant)} runs"
            self.notify(safe_text(f"{what}: in the trash for a week; u takes back."), markup=False)

    def action_undo(self) -> None:
        """Take back what was deleted last."""
        if self._do(self._deeds.take_back) is False:
            self.notify("Nothing was deleted here.")

    def action_first(self) -> None:
        """The waiting runs come before all others."""
        self._do(lambda: self._deeds.put_first(self._meant))

    def action_pause_queue(self) -> None:
        """The queue rests, or goes on."""
        self._do(self._deeds.rest_or_go_on)

    def _do(self, deed: Callable[[], bool | None]) -> bool | None:
        """Do something with runs, and look at them again; None where it could not be."""
        done = None
        try:
            done = deed()
        except AetuiError as error:
            self.notify(safe_text(str(error)), severity="error", markup=False, timeout=10)
        self._shown_at = float("-inf")
        self._look()
        return done

    def action_order(self) -> None:
        names = list(ORDERS)
        self._order = names[(names.index(self._order) + 1) % len(names)]
        self._backwards = False
        self._show()

    def action_turn_round(self) -> None:
        self._backwards = not self._backwards
        self._show()

    def action_back(self) -> None:
        """From what is looked for to all runs, and from there to the menu."""
        if self._filter_text:
            self._find("")
        else:
            self.dismiss()
