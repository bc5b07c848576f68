"""The settings of a preset as a form: each explained, mistakes told as typed; then started, saved, copied."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, OptionList, Static

from aetui.config.preset import Preset
from aetui.errors import AetuiError
from aetui.runs.enqueue import queue_runs
from aetui.runs.listing import RunSummary
from aetui.text import plain_word, safe_text
from aetui.ui.editor.draft import Draft
from aetui.ui.editor.explanation import explanation
from aetui.ui.editor.keys import KEYS, LINE_KEYS
from aetui.ui.editor.settings_list import SettingsList
from aetui.ui.messages import TrainRequested
from aetui.ui.parts.earlier_runs import Pace, measured_pace
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.preset_screen import PresetScreen
from aetui.ui.parts.text_line import TextLine
from aetui.ui.parts.too_small import TooSmall
from aetui.ui.settings import Settings

UNSAVED = "my-{name}.toml"
MOST_RUNS = 100
"""That are made while the screen waits."""


class ValueLine(TextLine):
    """Where a value is typed."""

    BINDINGS: ClassVar[list[BindingType]] = LINE_KEYS


class EditorScreen(PresetScreen):
    """A list of settings, the chosen one explained beside it, a line to type into below."""

    CSS_PATH = "screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    edits_layers = True

    def __init__(self, settings: Settings, draft: Draft, runs: Sequence[RunSummary] = ()) -> None:
        """`runs` tell how long an epoch takes."""
        super().__init__()
        self._settings = settings
        self.data_dir = settings.data_dir
        self._draft = draft
        self._before = draft
        """What giving up goes back to."""
        self._runs = runs
        self._pace: Pace | None = None
        self._saving = False

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield Static(id="title")
        with Horizontal(id="columns"):
            yield SettingsList(id="settings", markup=False)
            with VerticalScroll(id="card", can_focus=False):
                yield Static(id="explained")
        yield ValueLine(id="value", compact=True)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(ValueLine).display = False
        self._take(self._draft)
        self.set_focus(self.query_one(SettingsList))

    @property
    def preset(self) -> Preset | None:
        return self._draft.preset

    # ── what happened ──────────────────────────────────────────────────────

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._explain()

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is typed is read at once; the draft before is kept until it is accepted."""
        key = self._key
        if self.query_one(ValueLine).display and not self._saving and key:
            self._show(self._before.change(key, event.input.value))

    # ── what the user wants ────────────────────────────────────────────────

    def action_edit(self) -> None:
        """Type another value for the chosen setting."""
        if key := self._key:
            self._open_line(self._draft.value(key), key)

    def action_step(self, by: int) -> None:
        """Another of the setting's choices; what has none is typed."""
        key = self._key
        setting = next((one for one in self._draft.settings if one.key == key), None)
        if setting is None:
            return
        if not setting.choices or setting.of_layers:
            self.action_edit()
            return
        now = self._draft.value(setting.key)
        place = setting.choices.index(now) + by if now in setting.choices else 0
        self._take(self._draft.change(setting.key, setting.choices[place % len(setting.choices)]))

    def action_put_back(self) -> None:
        if key := self._key:
            self._take(self._draft.change(key, ""))

    def action_accept(self) -> None:
        """Take what the line holds; where keys come in bunches, changes of it are still to be told."""
        value = self.query_one(ValueLine).value
        if self._saving:
            self._save_as(value.strip())
            return
        self._close_line()
        if key := self._key:
            self._take(self._before.change(key, value))

    def action_give_up(self) -> None:
        self._close_line()
        self._take(self._before)

    def action_start(self) -> None:
        """Make the run and train it."""
        draft = self._draft
        if draft.preset is None:
            self._complain("mend what is red first")
        elif draft.runs > MOST_RUNS:
            self._complain(
                f"{draft.runs:,} runs are more than {MOST_RUNS}; y copies the command that makes them"
            )
        elif draft.varied:
            self._queue()
        else:
            self._start_one(draft.preset)

    def action_save(self) -> None:
        """Ask for a name, and write the preset."""
        if self.preset is None or self._draft.varied:
            self._complain("a preset has one value each" if self.preset else "mend what is red first")
            return
        self._saving = True
        self._open_line(
            UNSAVED.format(name=plain_word(self.preset.name)), "a preset file, in the working folder"
        )

    def action_copy(self) -> None:
        """Into the terminal's clipboard, and told, since not every terminal takes it."""
        self.app.copy_to_clipboard(self._draft.command)
        self.notify(safe_text(self._draft.command), title="Copied", markup=False, timeout=10)

    def action_back(self) -> None:
        self.dismiss()

    def take_layers(self, encoder: str, decoder: str) -> None:
        """What the shape calculator made of the model."""
        self._take(self._draft.change("model.encoder", encoder).change("model.decoder", decoder))

    # ── runs ───────────────────────────────────────────────────────────────

    def _start_one(self, preset: Preset) -> None:
        try:
            folder = self._place.new_run(preset, self._draft.sentence, self._draft.changes)
        except AetuiError as error:
            self._complain(error.sentence)
        else:
            self.post_message(TrainRequested(folder))

    def _queue(self) -> None:
        """Make a run of every combination and let them wait; the menu shows them."""
        draft = self._draft
        try:
            queue_runs(draft.members(), draft.sentence, self._place)
        except AetuiError as error:
            self._complain(f"{error.sentence}; {error.hint}" if error.hint else error.sentence)
            return
        self.app.notify(f"{draft.runs} runs wait in the queue; they train also when you leave.", timeout=10)
        self.dismiss()

    @property
    def _place(self) -> Settings:
        return replace(self._settings, device=self._draft.device, threads=self._draft.threads)

    # ── the draft ──────────────────────────────────────────────────────────

    @property
    def _key(self) -> str | None:
        return self.query_one(SettingsList).chosen

    def _open_line(self, text: str, title: str) -> None:
        line = self.query_one(ValueLine)
        self._before = self._draft
        line.border_title = title
        line.value = text
        line.display = True
        self.set_focus(line)
        line.select_all()
        self.call_after_refresh(self.query_one(SettingsList).scroll_to_highlight)  # the list is shorter now

    def _close_line(self) -> None:
        self._saving = False
        self.query_one(ValueLine).display = False
        self.set_focus(self.query_one(SettingsList))

    def _save_as(self, name: str) -> None:
        path = Path(name if name.endswith(".toml") else f"{name}.toml")
        try:
            self._draft.save(path)
        except FileExistsError:
            self._complain(f"{path} is there already; choose another name")
        except (OSError, ValueError) as error:
            self._complain(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}")
        else:
            self._close_line()
            self.notify(safe_text(f"{path} is in the menu from now on"), title="Saved", markup=False)

    def _take(self, draft: Draft) -> None:
        """Accept a draft: it is what is trained, and how long that takes is looked for."""
        self._before = draft
        if draft.preset is not None:
            self._pace = measured_pace(draft.preset, self._runs, self._settings.runs_dir)
        self._show(draft)

    def _show(self, draft: Draft) -> None:
        self._draft = draft
        self.query_one(SettingsList).show(draft)
        changed = f"  {len(draft.changed)} changed" if draft.changed else ""
        changed += f", {draft.runs:,} runs" if draft.varied else ""
        name = f"  settings of {safe_text(draft.path.stem)}"
        title = Text.assemble((" aetui ", "bold reverse"), name, (changed, "yellow"))
        self.query_one("#title", Static).update(title)
        self._explain()

    def _explain(self) -> None:
        setting = next((one for one in self._draft.settings if one.key == self._key), None)
        if setting is not None:
            self.query_one("#explained", Static).update(explanation(setting, self._draft, self._pace))

    def _complain(self, sentence: str) -> None:
        said = safe_text(sentence[:1].upper() + sentence[1:])
        self.notify(said, severity="error", markup=False, timeout=10)
