"""A new run from a checkpoint of the one that is watched: which one, and what shall be different."""

import shlex
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from aetui.config.branching import mistake_in_branch
from aetui.errors import AetuiError
from aetui.runs.branching import branch_off
from aetui.runs.checkpoint_index import Entry, best_of, read_index
from aetui.runs.create import Place
from aetui.runs.folder import RunFolder
from aetui.text import format_number, safe_text
from aetui.ui.parts.dialogs import Dialog
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.mixin import ScreenMixin
from aetui.ui.parts.text_line import AnswerLine
from aetui.ui.run_feed import Feed

NOTHING = "no settings: the same once more, from there"
EXAMPLE = "train.learning_rate=3e-4 noise.std=0.1"


class Branch(NamedTuple):
    """What a person wants."""

    entry: Entry
    changes: list[str]


class ChangesLine(AnswerLine):
    """What is different; the arrow keys choose the checkpoint meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "up", "screen.move('up')", "Later", id="branch.later", key_display="↑", tooltip="a later one"
        ),
        Binding(
            "down",
            "screen.move('down')",
            "Earlier",
            id="branch.earlier",
            key_display="↓",
            tooltip="an earlier one",
        ),
    ]


class BranchScreen(Dialog[Branch | None]):
    """The checkpoints of a run, and a line for what is different from there on; dismissed with both."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel", tooltip="back, nothing is made"),
    ]

    def __init__(self, config: Path, entries: Sequence[Entry]) -> None:
        """`config` is the run's config.toml, `entries` its checkpoints, oldest first."""
        super().__init__()
        self._config = config
        self._entries = entries[::-1]

    def compose(self) -> ComposeResult:
        best = best_of(self._entries)
        with Vertical(classes="dialog branch"):
            yield Static("A new run from which checkpoint, with what different?", classes="question")
            options = OptionList(*(Option(_words(one, best)) for one in self._entries), markup=False)
            options.can_focus = False
            options.highlighted = 0
            yield options
            yield ChangesLine(placeholder=f"for example {EXAMPLE}", compact=True, max_length=1000)
            yield Static(NOTHING, id="wrong", markup=False)
        yield KeyFooter()

    def action_move(self, where: str) -> None:
        """Choose another checkpoint."""
        getattr(self.query_one(OptionList), f"action_cursor_{where}")()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        entry = self._entries[self.query_one(OptionList).highlighted or 0]
        try:
            changes = shlex.split(event.value)
        except ValueError as error:  # quotation marks that do not end
            wrong, changes = str(error), []
        else:
            at = entry.epoch, entry.step
            wrong = mistake_in_branch(self._config, *at, changes, within_epoch=entry.is_within_epoch)
        if wrong:
            self.query_one("#wrong", Static).update(safe_text(wrong))
        else:
            self.dismiss(Branch(entry, changes))


class WithBranches(ScreenMixin):
    """A screen of a run from which others are made."""

    feed: Feed
    place: Place
    """Where they are made."""

    @abstractmethod
    def leave_for(self, folder: RunFolder) -> None:
        """Train that run and watch it in the place of this one."""

    def action_branch(self) -> None:
        """A new run from one of the checkpoints, with other settings."""
        try:
            entries = read_index(self.feed.folder.checkpoints)
        except AetuiError as error:
            self.notify(safe_text(error.sentence), severity="error", markup=False)
            return
        if entries:
            self.app.push_screen(BranchScreen(self.feed.folder.config, entries), self._branch_as_wanted)
        else:
            self.notify("There is no checkpoint yet: c writes one now.")

    def _branch_as_wanted(self, wanted: Branch | None) -> None:
        if wanted is not None:
            self._branch(wanted)

    @work(thread=True, exclusive=True)  # a checkpoint may be large
    def _branch(self, wanted: Branch) -> None:
        try:
            folder = branch_off(self.feed.folder, wanted.entry, wanted.changes, self.place)
        except AetuiError as error:
            self.notify(safe_text(error.sentence), severity="error", markup=False)
        else:
            self.app.call_from_thread(self.leave_for, folder)


def _words(entry: Entry, best: Entry | None) -> str:
    at = f"after epoch {entry.epoch}, step {entry.step:,}"
    loss = "" if entry.test_loss is None else f"   {format_number(entry.test_loss)}"
    return f"{at}{loss}{'   ★ best' if entry == best else ''}"
