"""The first screen: presets to start and runs to come back to."""

import threading
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from aetui import __version__
from aetui.config.preset import Preset
from aetui.data.catalogue import SETS, here
from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.runs.listing import RunSummary, list_runs
from aetui.text import format_number, safe_text
from aetui.ui.messages import HostAsked, TrainRequested, WatchRequested
from aetui.ui.presets_here import Offered, offered_presets
from aetui.ui.settings import Settings
from aetui.ui.states import state_text
from aetui.ui.widgets.preset_card import preset_card
from aetui.ui.widgets.too_small import TooSmall

MOST_RUNS = 50
REFRESH_SECONDS = 2.0


class Choices(OptionList):
    """Presets and runs. The list itself hears Enter, so that keys in quick succession keep their order."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "screen.choose", "Start", id="menu.choose", tooltip="start the preset, open the run"
        ),
    ]


class MenuScreen(Screen[None]):
    """A list of presets and runs; beside it, what the chosen one is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r", "resume", "Resume", id="menu.resume", tooltip="go on with the chosen run from its checkpoint"
        ),
    ]

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.data_dir = settings.data_dir
        self._offered: dict[str, Offered] = {}
        self._runs: dict[str, RunSummary] = {}
        self._hosts: dict[str, str | None] = {}
        self._asked: set[str] = set()

    def compose(self) -> ComposeResult:
        yield TooSmall()
        title = Text.assemble(
            (" aetui ", "bold reverse"), "  train autoencoders and watch them", (f"  {__version__}", "dim")
        )
        yield Static(title, id="title")
        with Horizontal(id="columns"):
            yield Choices(id="choices", markup=False)
            with VerticalScroll(id="card", can_focus=False):
                yield Static(id="explained")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self._fill()
        self.query_one(OptionList).highlighted = 1
        self.set_interval(REFRESH_SECONDS, self._refresh_runs)

    def on_screen_resume(self) -> None:
        self._refill()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._explain(event.option.id)

    def action_choose(self) -> None:
        """Start the preset or open the run under the cursor; a mouse click only moves it there."""
        self._open(self._chosen())

    def action_resume(self) -> None:
        """Go on with the chosen run, if there is something left of it."""
        summary = self._runs.get(self._chosen() or "")
        if summary is None:
            self.notify("Choose a run below the presets to resume it.")
        elif summary.state in states.LIVE or summary.state == states.FINISHED:
            self.notify(f"This run is {summary.state}; there is nothing to resume.")
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
            return
        try:
            folder = self._settings.new_run(offered.preset, offered.listed.description)
        except AetuiError as error:
            self.notify(safe_text(error.sentence), severity="error", markup=False)
            return
        self.post_message(TrainRequested(folder))

    def _ask_host(self, offered: Offered) -> None:
        """Ask once whether the data of a preset could be downloaded; the answer comes as a message."""
        source = SETS.get(offered.preset.data.name) if offered.preset else None
        if source is None or source.name in self._asked or here(source, self._settings.data_dir):
            return
        self._asked.add(source.name)

        def ask() -> None:
            from aetui.data.reach import answering_host

            self.post_message(HostAsked(source.name, answering_host(source)))

        threading.Thread(target=ask, daemon=True, name="aetui-ask-host").start()

    def on_host_asked(self, message: HostAsked) -> None:
        self._hosts[message.name] = message.host
        self._explain(self._chosen())

    def _chosen(self) -> str | None:
        choices = self.query_one(OptionList)
        return None if choices.highlighted is None else choices.get_option_at_index(choices.highlighted).id

    def _refresh_runs(self) -> None:
        """Show new runs and changed states."""
        before = dict(self._runs)
        if self._read_runs() != before:
            self._refill()

    def _refill(self) -> None:
        """Read presets and runs anew; the cursor stays on what it is on."""
        chosen, choices = self._chosen(), self.query_one(OptionList)
        with self.app.batch_update():
            self._fill()
            if chosen in self._offered or chosen in self._runs:
                choices.highlighted = choices.get_option_index(chosen)

    def _read_runs(self) -> dict[str, RunSummary]:
        found = list_runs(self._settings.runs_dir)[:MOST_RUNS]
        self._runs = {f"run:{summary.run}": summary for summary in found}
        return self._runs

    def _fill(self) -> None:
        found = offered_presets(self._settings.changes)
        self._offered = {f"preset:{offered.listed.path}": offered for offered in found}
        choices = self.query_one(OptionList)
        choices.clear_options()
        choices.add_option(Option(Text("Presets", "bold"), disabled=True))
        choices.add_options(Option(_preset_line(one), id=name) for name, one in self._offered.items())
        choices.add_option(None)
        choices.add_option(Option(Text("Runs", "bold"), disabled=True))
        choices.add_options(Option(_run_line(one), id=name) for name, one in self._read_runs().items())
        if not self._runs:
            choices.add_option(Option(Text("  what you start is listed here", "dim italic"), disabled=True))

    @property
    def preset(self) -> Preset | None:
        """The preset under the cursor."""
        offered = self._offered.get(self._chosen() or "")
        return offered.preset if offered else None

    def _explain(self, choice: str | None) -> None:
        card = self.query_one("#explained", Static)
        if choice in self._offered:
            offered = self._offered[choice]
            self._ask_host(offered)
            card.update(preset_card(offered, self._settings.data_dir, self._hosts))
        elif choice in self._runs:
            card.update(_run_card(self._runs[choice]))


def _preset_line(offered: Offered) -> Text:
    style = "red" if offered.preset is None else ""
    return Text.assemble(
        "  ", (safe_text(offered.listed.name), style), (" (own)" if offered.own else "", "dim")
    )


def _run_line(run: RunSummary) -> Text:
    mark = state_text(run.state)
    return Text.assemble(
        "  ", (mark.plain[0], mark.style), f" {safe_text(run.preset)}  ", (run.run[4:13], "dim")
    )


def _run_card(run: RunSummary) -> RenderableType:
    hint = (
        "Enter opens it."
        if run.state in (*states.LIVE, states.FINISHED)
        else "Enter opens it, r goes on from its checkpoint."
    )
    return Group(
        Text(safe_text(run.run), "bold"),
        Text(),
        state_text(run.state),
        Text(f"epoch {run.epochs} of {run.epochs_planned}, test loss {format_number(run.test_loss)}"),
        Text(f"started {run.started[:16].replace('T', ' ')}"),
        Text(),
        Text(hint, "dim italic"),
    )
