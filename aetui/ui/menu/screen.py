"""The first screen: presets to start and runs to come back to."""

import threading
from datetime import datetime
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, OptionList, Static

from aetui import __version__
from aetui.config.preset import Preset
from aetui.data.catalogue import SETS
from aetui.data.finding import is_local
from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.runs.listing import RunsFollower, RunSummary, owner_note
from aetui.text import safe_text
from aetui.ui.menu.choices import Choices, SearchLine
from aetui.ui.menu.folder_dialog import FolderScreen
from aetui.ui.menu.keys import KEYS
from aetui.ui.menu.preset_card import preset_card
from aetui.ui.menu.preset_list import Offered, offered_presets
from aetui.ui.menu.run_card import run_card
from aetui.ui.messages import EditRequested, HostChecked, RunsRequested, TrainRequested, WatchRequested
from aetui.ui.pacing import PIECE_PAUSE_SECONDS
from aetui.ui.parts.earlier_runs import Outline, measured_pace
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.preset_screen import PresetScreen
from aetui.ui.parts.too_small import TooSmall
from aetui.ui.settings import Settings

MOST_RUNS = 50
MOST_NOTES = 3
"""On runs that cannot be listed; `aetui runs` tells of all."""
REFRESH_SECONDS = 2.0
READ_SECONDS = 0.05
"""For folders of runs that were not read yet, before keys are looked at again."""
FIRST_KEYS = ("screen.choose", "help", "leave")
"""What a narrow terminal's footer shows before it is cut."""


class MenuFooter(KeyFooter):
    """The footer with the most important keys first."""

    def compose(self) -> ComposeResult:
        order = {action: place for place, action in enumerate(FIRST_KEYS)}
        yield from sorted(
            super().compose(), key=lambda key: order.get(getattr(key, "action", ""), len(order))
        )


class MenuScreen(PresetScreen):
    """A list of presets and runs; beside it, what the chosen one is."""

    AUTO_FOCUS = "#choices"
    CSS_PATH = "screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.data_dir = settings.data_dir
        self._offered: dict[str, Offered] = {}
        self._runs: dict[str, RunSummary] = {}
        self._follower = RunsFollower(settings.runs_dir)
        self._outline: Outline | None = None
        """Of the run that is explained."""
        self._told: set[str] = set()
        """What was said of runs that cannot be listed."""
        self._hosts: dict[str, str | None] = {}
        self._asked: set[str] = set()

    def compose(self) -> ComposeResult:
        yield TooSmall()
        title = Text.assemble(
            (" aetui ", "bold reverse"), "  train autoencoders and watch them", (f"  {__version__}", "dim")
        )
        yield Static(title, id="title")
        with Horizontal(id="columns"):
            with Vertical(id="list"):
                yield SearchLine(id="search", compact=True, placeholder="part of a name, or a state")
                yield Choices(id="choices", markup=False)
            with VerticalScroll(id="card"):
                yield Static(id="explained")
        yield MenuFooter()

    def on_mount(self) -> None:
        self.set_interval(REFRESH_SECONDS, self._refresh_runs)
        if note := owner_note(self._settings.runs_dir):
            self.notify(safe_text(note), severity="warning", markup=False)

    def on_resize(self) -> None:
        """What the keys act on stays in sight."""
        self.call_after_refresh(self.query_one(Choices).scroll_to_highlight)

    def on_screen_resume(self) -> None:
        self._read_runs()
        found = offered_presets(self._settings.changes)
        self._offered = {f"preset:{offered.listed.path}": offered for offered in found}
        self._list()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._explain(event.option.id)

    def action_choose(self) -> None:
        """Start the preset or open the run under the cursor; a mouse click only moves it there."""
        self._open(self._chosen())

    def action_list(self) -> None:
        """From the explanation, or the search, back to the list of everything."""
        search = self.query_one(SearchLine)
        if search.display:
            search.value, search.display = "", False
        self.query_one(Choices).focus()

    def action_search(self) -> None:
        """Show those presets and runs alone that have the words which are typed."""
        search = self.query_one(SearchLine)
        search.display = True
        self.set_focus(search)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._list()

    def action_found(self) -> None:
        """From the search to what it has found."""
        self.set_focus(self.query_one(Choices))

    def action_runs(self) -> None:
        """The table of all runs."""
        self.post_message(RunsRequested(self._follower))

    def action_read(self) -> None:
        """To the explanation, where the arrow keys scroll."""
        self.set_focus(self.query_one("#card"))

    def action_edit(self) -> None:
        """Change the settings of the chosen preset before a run is started with them."""
        offered = self._offered.get(self._chosen() or "")
        if offered is None:
            self.notify("Choose a preset to change its settings.")
        elif offered.preset is None:
            self.notify("Mend its mistakes first; they stand on the right.", severity="error")
        else:
            listed = offered.listed
            runs = tuple(self._runs.values())
            self.post_message(EditRequested(listed.path, listed.description, offered.preset, runs))

    def action_resume(self) -> None:
        """Go on with the chosen run, if there is something left of it."""
        summary = self._runs.get(self._chosen() or "")
        if summary is None:
            self.notify("Choose a run below the presets to resume it.")
        elif summary.state not in states.RESUMABLE:
            state = safe_text(summary.state.replace("_", " "))
            self.notify(f"This run is {state}; there is nothing to resume.", markup=False)
        else:
            self.post_message(TrainRequested(RunFolder(self._settings.runs_dir / summary.run)))

    def _open(self, choice: str | None) -> None:
        if choice in self._offered:
            self._start(self._offered[choice])
        elif choice in self._runs:
            self.post_message(WatchRequested(RunFolder(self._settings.runs_dir / self._runs[choice].run)))

    def _start(self, offered: Offered) -> None:
        if offered.preset is None:
            self.notify("Mend its mistakes first; they stand on the right.", severity="error")
        elif offered.lacks_folder:
            name = offered.preset.data.name
            self.app.push_screen(FolderScreen(name), partial(self._start_on_folder, offered))
        else:
            self._train(offered.preset, offered.listed.description)

    def _start_on_folder(self, offered: Offered, path: str | None) -> None:
        if path is not None and offered.preset is not None:
            data = offered.preset.data.model_copy(update={"path": path})
            self._train(offered.preset.model_copy(update={"data": data}), offered.listed.description)

    def _train(self, preset: Preset, sentence: str) -> None:
        try:
            folder = self._settings.new_run(preset, sentence)
        except AetuiError as error:
            self.notify(safe_text(error.sentence), severity="error", markup=False)
            return
        self.post_message(TrainRequested(folder))

    def _check_host(self, offered: Offered) -> None:
        """Ask once whether the data of a preset could be downloaded; the answer comes as a message."""
        source = SETS.get(offered.preset.data.name) if offered.preset else None
        if source is None or source.name in self._asked or is_local(source, self._settings.data_dir):
            return
        self._asked.add(source.name)

        def ask() -> None:
            from aetui.data.reachable_host import reachable_host

            self.post_message(HostChecked(source.name, reachable_host(source)))

        threading.Thread(target=ask, daemon=True, name="aetui-ask-host").start()

    def on_host_checked(self, message: HostChecked) -> None:
        self._hosts[message.name] = message.host
        self._explain(self._chosen())

    def _chosen(self) -> str | None:
        choices = self.query_one(OptionList)
        return None if choices.highlighted is None else choices.get_option_at_index(choices.highlighted).id

    def _refresh_runs(self) -> None:
        """Show new runs and changed states."""
        before = self._runs
        self._read_runs()
        if self._runs != before:
            self._list()

    def _list(self) -> None:
        """List the presets and the runs, as far as they are looked for; the cursor stays on what it is on."""
        chosen, choices = self._chosen(), self.query_one(Choices)
        with self.app.batch_update():
            choices.show(self._offered, self._runs, self.query_one(SearchLine).value)
            if chosen in {option.id for option in choices.options if option.id}:
                choices.highlighted = choices.get_option_index(chosen)
            elif choices.highlighted is None:
                choices.action_first()

    def _read_runs(self) -> None:
        """The newest runs; of very many some at a time, between two refreshes."""
        found = self._follower.poll(MOST_RUNS, READ_SECONDS)
        self._runs = {f"run:{one.run}": one for one in found if not one.labels.archived}
        if self._follower.behind:
            self.set_timer(PIECE_PAUSE_SECONDS, self._refresh_runs)
        for note in self._follower.notes[:MOST_NOTES]:
            if note not in self._told and len(self._told) < MOST_NOTES:
                self._told.add(note)
                self.notify(safe_text(note), severity="warning", markup=False)

    @property
    def preset(self) -> Preset | None:
        """The preset under the cursor."""
        offered = self._offered.get(self._chosen() or "")
        return offered.preset if offered else None

    def _explain(self, choice: str | None) -> None:
        card, runs_dir = self.query_one("#explained", Static), self._settings.runs_dir
        self._outline = None
        if choice in self._offered:
            offered = self._offered[choice]
            self._check_host(offered)
            pace = measured_pace(offered.preset, self._runs.values(), runs_dir) if offered.preset else None
            card.update(preset_card(offered, self._settings.data_dir, self._hosts, pace))
        elif choice in self._runs:
            run = self._runs[choice]
            self._outline = Outline(RunFolder(runs_dir / run.run))
            self._read_outline(run, self._outline)
            card.update(run_card(run, self._outline.history, datetime.now().date()))

    def _read_outline(self, run: RunSummary, outline: Outline, pieces: int = 1) -> None:
        """Read on, piece by piece, until another is explained; then tell what was read."""
        if outline is not self._outline:
            return
        if outline.read_on():
            self.set_timer(PIECE_PAUSE_SECONDS, partial(self._read_outline, run, outline, pieces + 1))
        elif pieces > 1:
            card = run_card(run, outline.history, datetime.now().date())
            self.query_one("#explained", Static).update(card)
