"""The application: owns its screens, the trainers it started and how it is left."""

import contextlib
import os
import traceback
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual._styles_cache import StylesCache
from textual.app import SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.events import Event, Key
from textual.screen import Screen

from aetui.config.keys import keys_file, read_keys
from aetui.errors import AetuiError, UsageError
from aetui.own_folders import own_folder
from aetui.runs.folder import RunFolder
from aetui.runs.trainer import Trainer
from aetui.terminal.notification import notification
from aetui.text import safe_text
from aetui.ui.calculator.chain_history import ChainHistory
from aetui.ui.calculator.preset_files import halves_of_line, line_of_preset
from aetui.ui.calculator.screen import CalculatorScreen
from aetui.ui.comparison.lineup import Lineup
from aetui.ui.comparison.screen import ComparisonScreen
from aetui.ui.driver import QuietDriver
from aetui.ui.editor.draft import Draft
from aetui.ui.editor.screen import EditorScreen
from aetui.ui.gallery.screen import GalleryScreen
from aetui.ui.key_names import action_names
from aetui.ui.last_words import end_words
from aetui.ui.leaving import LeavingApp
from aetui.ui.menu.screen import MenuScreen
from aetui.ui.messages import CompareRequested, EditRequested, RunsRequested, TrainRequested, WatchRequested
from aetui.ui.monitor.screen import MonitorScreen
from aetui.ui.parts.help_screen import HelpScreen
from aetui.ui.parts.palette import TEXTUALS_OWN, Palette, costs, screen_commands
from aetui.ui.parts.preset_screen import PresetScreen
from aetui.ui.parts.too_small import LEAST_COLUMNS, LEAST_ROWS
from aetui.ui.runs_list.screen import RunsScreen
from aetui.ui.settings import Settings

LOOK_SECONDS = 1.0
"""How often it is looked whether a run has ended."""
LEAVE_TOOLTIP = "leave; training can go on without a screen"
CALCULATOR_TOOLTIP = "the shape calculator, from anywhere"
GALLERY_TOOLTIP = "the images of the data set with their labels"
HELP_TOOLTIP = "every key and what it does"


class AetuiApp(LeavingApp):
    """aetui's screens over one menu."""

    TITLE = "aetui"
    CSS_PATH = "app.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (LEAST_COLUMNS, "-narrow"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (LEAST_ROWS, "-short"), (32, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q,ctrl+c", "leave", "Quit", id="app.quit", key_display="q", tooltip=LEAVE_TOOLTIP),
        Binding("k", "calculator", "Sizes", id="app.calculator", tooltip=CALCULATOR_TOOLTIP),
        Binding("g", "gallery", "Data", id="app.gallery", tooltip=GALLERY_TOOLTIP),
        Binding("question_mark", "help", "Help", id="app.help", key_display="?", tooltip=HELP_TOOLTIP),
    ]

    def __init__(
        self,
        settings: Settings,
        train: RunFolder | None = None,
        watch: RunFolder | None = None,
        compare: Sequence[RunFolder] = (),
    ) -> None:
        super().__init__(watch)
        self._settings = settings
        self._train = train
        self._compared = compare
        self._untold: list[Trainer] = []
        """Whose end the person was not told of yet."""
        self._chain_line = ""
        self._chain_history = ChainHistory()
        self.set_keymap(read_keys(keys_file(), action_names()))

    async def on_event(self, event: Event) -> None:
        """A key with a binding is acted upon here, before the next one is looked at.

        Textual passes it up from the focused widget, in whose queue it is lost where the key before closes a
        dialog. A line that text is typed into has its keys in order by itself.
        """
        if isinstance(event, Key) and not event.is_forwarded and not self._is_typed_into:
            active = self.screen.active_bindings.get(event.key)
            if active is not None and active.enabled:
                done = await self.run_action(active.binding.action, active.node)
                if done:  # else another widget may have one: no text is selected that ctrl+c would copy
                    return
        await super().on_event(event)

    @property
    def _is_typed_into(self) -> bool:
        return self.focused is not None and self.focused.check_consume_key("a", "a")

    def on_mount(self) -> None:
        self.push_screen(MenuScreen(self._settings))
        self.set_interval(LOOK_SECONDS, self._tell_ends)
        if self._train is not None:
            self._start_training(self._train)
        elif self._watch is not None:
            self._show_run(self._watch)
        elif self._compared:
            self._compare(self._compared)

    def _fatal_error(self) -> None:
        """An error of ours: the terminal is restored, one sentence is said, the traceback is kept."""
        told = "its traceback could not be kept"
        with contextlib.suppress(OSError, UsageError):
            path = own_folder("log") / "crash.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(traceback.format_exc(), errors="backslashreplace")
            told = f"the traceback is in {path}"
        self.panic(Text(f"aetui: the app failed, what trains goes on; {told}"))

    def on_train_requested(self, message: TrainRequested) -> None:
        self._start_training(message.folder, repair=message.repair)

    def on_watch_requested(self, message: WatchRequested) -> None:
        self._show_run(message.folder)

    def on_runs_requested(self, message: RunsRequested) -> None:
        self.push_screen(RunsScreen(self._settings, message.follower))

    def on_compare_requested(self, message: CompareRequested) -> None:
        self._compare(message.folders)

    def on_edit_requested(self, message: EditRequested) -> None:
        told = self._settings
        shown = (message.path, message.sentence, message.preset)
        draft = Draft(*shown, told.changes, told.device, told.threads)
        self.push_screen(EditorScreen(told, draft, message.runs))

    def _tell_ends(self) -> None:
        """Ring, and notify where the terminal can, when a run of this app has ended by itself."""
        ended = [trainer for trainer in self._untold if not trainer.at_work]
        self._untold = [trainer for trainer in self._untold if trainer not in ended]
        for words in filter(None, map(end_words, ended)):
            self.bell()
            if self._driver and (escape := notification(words, os.environ)):
                self._driver.write(escape)

    def _start_training(self, folder: RunFolder, *, repair: bool = False) -> None:
        """Train the run in `folder` in a process of its own and show it."""
        try:
            self._trainers.append(Trainer(folder, self._settings.data_dir, repair=repair))
            self._untold.append(self._trainers[-1])
        except OSError as error:
            self.notify(safe_text(f"{folder.path}: {error.strerror}"), severity="error", markup=False)
            return
        self._show_run(folder)

    def _show_run(self, folder: RunFolder) -> None:
        mine = [t for t in self._trainers if t.folder.path == folder.path and t.alive]
        try:
            self.push_screen(MonitorScreen(self._settings, folder, mine[-1] if mine else None))
        except AetuiError as error:
            self.notify(safe_text(error.sentence), severity="error", markup=False)

    def _compare(self, folders: Sequence[RunFolder]) -> None:
        try:
            self.push_screen(ComparisonScreen(Lineup(folders), self._settings.images))
        except AetuiError as error:
            self.notify(safe_text(error.sentence), severity="error", markup=False)

    def pop_screen(self) -> AwaitComplete:
        """Close the screen on top, and forget what closed ones drew: a cache of Textual's keeps it.

        An `lru_cache` on a method (in 8.2) holds the last 1,024 widgets' drawings, some 70 MB.
        """
        if forget := getattr(StylesCache.get_inner_outer, "cache_clear", None):
            forget()
        return super().pop_screen()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing on a screen are not offered there."""
        if action not in PresetScreen.OPENS:
            return True
        return isinstance(self.screen, PresetScreen) and action in self.screen.OPENS

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def get_system_commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        """What the command palette offers."""
        yield from screen_commands(self, screen)
        yield SystemCommand(
            "Performance", "what the screen costs: the line, processor, memory", self._tell_costs
        )
        yield from (own for own in super().get_system_commands(screen) if own.title in TEXTUALS_OWN)

    def _tell_costs(self) -> None:
        """Say what the app takes; who trains is another process, whose numbers are on the screen."""
        rate = self._driver.bytes_a_second if isinstance(self._driver, QuietDriver) else None
        self.notify(costs(rate), title="The screen takes")

    def action_help(self) -> None:
        self.push_screen(HelpScreen(self.screen, self._settings.images.reason))

    def action_calculator(self) -> None:
        """Open the calculator on what was in it last, at first on the model of the preset at hand."""
        if isinstance(self.screen, PresetScreen):
            preset, asking = self.screen.preset, self.screen
            if asking.edits_layers:
                self._edit_layers(asking)
                return
            line = self._chain_line or (line_of_preset(preset) if preset else "")
            calculator = CalculatorScreen(self._settings.runs_dir, preset, line, self._chain_history)
            self.push_screen(calculator, self._keep_chain)

    def _edit_layers(self, asking: PresetScreen) -> None:
        """The calculator on the layers of a preset that is edited; they come back as encoder and decoder."""
        before = line_of_preset(asking.preset) if asking.preset else ""
        if not before:
            self.notify(
                "The calculator shows layers: a vision transformer has none, and mistakes come first."
            )
            return

        def take(line: str | None) -> None:
            if line and line != before:
                try:
                    asking.take_layers(*halves_of_line(line))
                except AetuiError as error:
                    self.notify(safe_text(error.sentence), severity="error", markup=False)

        self.push_screen(CalculatorScreen(self._settings.runs_dir, asking.preset, before), take)

    def action_gallery(self) -> None:
        """Show the data set of the preset at hand."""
        if isinstance(self.screen, PresetScreen):
            if self.screen.preset is None:
                self.notify("Choose a preset first; its images are shown.")
            else:
                self.push_screen(
                    GalleryScreen(self.screen.data_dir, self.screen.preset, self._settings.images)
                )

    def _keep_chain(self, line: str | None) -> None:
        self._chain_line = line or ""
