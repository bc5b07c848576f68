"""The monitor: one run, live or finished, of this app or another process. It only reads the run folder."""

from pathlib import Path
from typing import ClassVar

from rich.console import RenderableType
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.notifications import SeverityLevel
from textual.widgets import Static

from aetui.config.preset import Preset
from aetui.config.problems import PresetError
from aetui.data.finding import data_dir_of_run
from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.checkpoint_index import is_damaged
from aetui.runs.control import send
from aetui.runs.folder import RunFolder
from aetui.runs.trainer import Trainer
from aetui.text import safe_text
from aetui.ui.charts.keys import WithChart
from aetui.ui.charts.loss_chart import LossChart
from aetui.ui.messages import TrainRequested
from aetui.ui.monitor.branching import WithBranches
from aetui.ui.monitor.device_panel import DevicePanel, has_gpu
from aetui.ui.monitor.dialogs import RoomScreen, StopScreen, TwinScreen
from aetui.ui.monitor.epochs import EpochsScreen
from aetui.ui.monitor.keys import KEYS, PANELS
from aetui.ui.monitor.log_panel import LogPanel
from aetui.ui.monitor.numbers_panel import NumbersPanel
from aetui.ui.monitor.panels import PanelTabs, ScrollPanel
from aetui.ui.monitor.pictures_panel import PicturesPanel
from aetui.ui.monitor.run_curves import CHARTS
from aetui.ui.monitor.run_header import RunHeader
from aetui.ui.monitor.steering import WithSteering
from aetui.ui.pacing import PIECE_PAUSE_SECONDS, Pacer
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.layer_table import layer_table
from aetui.ui.parts.preset_screen import PresetScreen
from aetui.ui.parts.too_small import TooSmall
from aetui.ui.run_feed import Feed
from aetui.ui.settings import Settings

LOOK_SECONDS = 0.1
ZOOMS = ("zoomed-chart", "zoomed-pictures")
TOASTS: dict[str, tuple[str, SeverityLevel]] = {
    states.PAUSED: ("Paused.", "information"),
    states.FINISHED: ("Training is finished.", "information"),
    states.STOPPED: ("Stopped; space or `aetui resume` goes on from here.", "information"),
    states.DIVERGED: ("The loss is no longer a number.", "error"),
    states.OUT_OF_MEMORY: ("Out of memory.", "error"),
    states.FAILED: ("Training failed.", "error"),
    states.INTERRUPTED: ("The process that trained is gone.", "error"),
}


class MonitorScreen(WithBranches, WithSteering, WithChart, PresetScreen):
    """Loss chart, progress, numbers, device, log and layers of a run."""

    AUTO_FOCUS = ""
    CSS_PATH = "screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self, settings: Settings, folder: RunFolder, trainer: Trainer | None = None) -> None:
        super().__init__()
        meta = folder.read_meta()
        self.feed = Feed(folder, trainer)
        self._settings = self.place = settings
        self._preset = _read_preset(folder)
        self._pacer = Pacer()
        self._stale = True
        self._seen = False
        self._notes_shown = 0
        self._chart = next(iter(CHARTS))
        self._preset_name = self.chart_preset = meta.preset
        name = self._preset.data.name if self._preset else ""
        self.data_dir = data_dir_of_run(name, Path(meta.data_dir), settings.data_dir)

    @property
    def preset(self) -> Preset | None:
        """The run's; None where its config.toml cannot be read."""
        return self._preset

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield RunHeader(self.feed.folder.name, self._preset_name)
        with Container(id="body"):
            with Container(id="chart") as chart:
                chart.border_title = self._chart
                yield LossChart()
            yield PanelTabs(PANELS)
            previews = self.feed.folder.previews
            yield PicturesPanel(previews, self._settings.images, id="pictures", classes="panel")
            with ScrollPanel(id="layers", classes="panel") as layers:
                layers.border_title = "layers"
                yield Static(self._layers(), markup=False)
            yield NumbersPanel(id="run", classes="panel")
            yield LogPanel()
            yield DevicePanel(id="device", classes="panel")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.action_choose(0)
        self.recall_look()
        self.watch(self.query_one(PicturesPanel), "epoch", self._mark_epoch)
        self._look()
        self.set_interval(LOOK_SECONDS, self._look)

    # ── what happened ──────────────────────────────────────────────────────

    def _look(self) -> None:
        """Take in what is new; draw a change of state at once and the rest as the budget allows."""
        before = self.feed.state
        news, moved = self.feed.poll()
        self._stale = self._stale or news or bool(self.feed.silent_seconds)
        if self._stale and (self._pacer.due() or (moved and not self.feed.behind)):
            self._pacer.drawn()
            self._stale = False
            self._show()
        if self.feed.state != before:
            self.refresh_bindings()
            if isinstance(self.app.screen, RoomScreen):
                self.app.screen.dismiss(None)  # there is room now
            if self._seen:
                self._toast()
        self._seen = True
        if self.feed.behind and self.is_active:  # a dialog opens between two looks, not between twenty
            self.set_timer(PIECE_PAUSE_SECONDS, self._look)

    def _show(self) -> None:
        history, state = self.feed.history, self.feed.state
        self.query_one(RunHeader).show(history, state, self.feed.silent_seconds)
        chart = self.query_one(LossChart)
        curves, empty = CHARTS[self._chart]
        chart.losses = curves(history)
        chart.empty_text = empty if empty and history.started else self._wait_text()
        self.query_one(NumbersPanel).history = history
        live = state in states.LIVE
        self.query_one(PicturesPanel).follow(history, live=live)
        device = self.query_one(DevicePanel)
        device.device_name = history.started.device_name if history.started else ""
        device.machine = history.machine
        device.ranks = history.ranks
        tall = history.ranks or (history.machine and has_gpu(history.machine))
        self.query_one("#body").set_class(bool(tall), "gpu")
        device.live = live
        log = self.query_one(LogPanel)
        for note in history.notes_after(self._notes_shown):
            log.add(note)
            self._notes_shown = note.number

    def _wait_text(self) -> str:
        if self.feed.state not in states.LIVE:
            return self.feed.reason or "this run ended before its first test"
        waits_for = self.feed.history.activity or "starting"
        return f"{waits_for} … the first test result comes before the first step"

    def _toast(self) -> None:
        state, reason = self.feed.state, self.feed.reason
        if state == states.FAILED and self.feed.history.twin and self.preset:
            self.app.push_screen(TwinScreen(reason, self.feed.history.twin), self._train_twin)
        elif state == states.PAUSED and self.feed.history.removable:
            self.app.push_screen(RoomScreen(reason, self.feed.history.removable), self._make_room)
        elif state in TOASTS:
            text, severity = TOASTS[state]
            self.notify(safe_text(reason or text), severity=severity, markup=False, timeout=10)

    def _make_room(self, choice: str | None) -> None:
        if choice == "make-room":
            self.action_ask("make-room")

    def _train_twin(self, twin: str | None) -> None:
        if twin is None or self.preset is None:
            return
        data = self.preset.data.model_copy(update={"name": twin})
        preset = self.preset.model_copy(update={"data": data})
        try:
            folder = self._settings.new_run(preset, "On generated data.")
        except AetuiError as error:
            self.notify(safe_text(error.sentence), severity="error", markup=False)
            return
        self.leave_for(folder)

    def _layers(self) -> RenderableType:
        return layer_table(self.preset) if self.preset else "the run's config.toml cannot be read"

    # ── what the user wants ────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are offered where the run's state gives them something to do."""
        state = self.feed.state
        if action == "repair":
            return state not in states.LIVE and is_damaged(self.feed.folder.checkpoints)
        if action == "resume":
            return state == states.PAUSED or state in states.RESUMABLE
        if action == "steer":
            return state in states.LIVE
        if action in ("ask", "stop"):
            return state in states.LIVE and not (state == states.PAUSED and "pause" in parameters)
        return True

    def action_resume(self) -> None:
        """Go on after a pause; a run that has ended is taken up from its checkpoint, by this app."""
        if self.feed.state == states.PAUSED:
            self.action_ask("resume")
        else:
            self.leave_for(self.feed.folder)

    def action_repair(self) -> None:
        """Make the list of checkpoints anew and go on."""
        self.leave_for(self.feed.folder, repair=True)

    def action_stop(self) -> None:
        self.app.push_screen(StopScreen(), self._stop_as_chosen)

    def _stop_as_chosen(self, choice: str | None) -> None:
        if choice == "stop":
            self.action_ask("stop")

    def leave_for(self, folder: RunFolder, *, repair: bool = False) -> None:
        """Train that run and watch it in the place of this one."""
        if self.is_current:
            self.app.pop_screen()
        self.app.post_message(TrainRequested(folder, repair=repair))

    def action_ask(self, command: str) -> bool:
        """Send a command to the process that trains, whose events say when it did; whether it was sent."""
        try:
            send(self.feed.folder.control, command)
        except OSError as error:
            text = f"The command cannot be sent: {error.strerror}: {self.feed.folder.control}"
            self.notify(safe_text(text), severity="error", markup=False)
            return False
        if command == "checkpoint":
            self.notify("A checkpoint is being written; the log tells when it is there.")
        return True

    def action_epochs(self) -> None:
        """A table of all epochs."""
        epoch = self.query_one(LossChart).marked_epoch
        self.app.push_screen(EpochsScreen(lambda: self.feed.history, epoch), self._show_epoch)

    def _show_epoch(self, epoch: int | None) -> None:
        if epoch is not None:
            self.query_one(PicturesPanel).go_to(epoch)

    def action_next_chart(self) -> None:
        """The losses, what probes found, the learning rate."""
        titles = list(CHARTS)
        self._chart = titles[(titles.index(self._chart) + 1) % len(titles)]
        self.query_one("#chart").border_title = self._chart
        self._show()

    def action_pictures(self, deed: str, *arguments: int) -> None:
        """Something that the pictures panel does."""
        getattr(self.query_one(PicturesPanel), deed)(*arguments)

    def on_loss_chart_epoch_pointed(self, event: LossChart.EpochPointed) -> None:
        self._show_epoch(event.epoch)

    def _mark_epoch(self, epoch: int | None) -> None:
        """A line in the chart where the held pictures are from."""
        self.query_one(LossChart).marked_epoch = epoch

    def action_choose(self, index: int) -> None:
        """Show a panel where there is room for one only; one that scrolls has the arrow keys then."""
        self.query_one(PanelTabs).chosen = index
        for number, name in enumerate(PANELS):
            panel = self.query_one(f"#{name}")
            panel.set_class(number == index, "chosen")
            if number == index:
                self.set_focus(panel if panel.can_focus else None)
        self.query_one("#body").set_class(PANELS[index] == "layers", "layers")

    def action_zoom(self) -> None:
        """The chart full screen, then the pictures, then all again."""
        body = self.query_one("#body")
        zoomed = next((name for name in ZOOMS if body.has_class(name)), None)
        body.remove_class(*ZOOMS)
        if zoomed != ZOOMS[-1]:
            body.add_class(ZOOMS[0] if zoomed is None else ZOOMS[1])

    def action_back(self) -> None:
        self.app.pop_screen()


def _read_preset(folder: RunFolder) -> Preset | None:
    try:
        return folder.read_preset()
    except PresetError:
        return None
