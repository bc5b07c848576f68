"""What the menu asks for a preset that trains on a folder of images: which one."""

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from aetui.config.preset import DataName
from aetui.data.folder_listing import SHARD, SUFFIXES, holds_any
from aetui.text import safe_text
from aetui.ui.menu.preset_list import is_folder
from aetui.ui.parts.dialogs import Dialog
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.text_line import TextLine


class FolderScreen(Dialog[str | None]):
    """Which folder of images, or of shards; dismissed with its path, or None for cancel."""

    CSS_PATH = "folder_dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel", tooltip="back, nothing changes"),
    ]

    def __init__(self, name: DataName) -> None:
        super().__init__()
        self._what = "shards" if name == "shards" else "images"
        self._suffixes = frozenset((SHARD,)) if name == "shards" else SUFFIXES

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(f"Train on which folder of {self._what}?", classes="question")
            yield TextLine(placeholder=f"~/{self._what}", compact=True)
            note = f"Either train/ and test/ are in it, or all {self._what}. Enter starts, esc cancels."
            yield Static(note, classes="note")
            yield Static(classes="wrong", markup=False)
        yield KeyFooter()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        path = event.value.strip()
        if wrong := self._why_not(path):
            self.query_one(".wrong", Static).update(wrong)
        else:
            self.dismiss(path)

    def _why_not(self, path: str) -> str:
        """Why this is no folder to train on; empty where it may be one."""
        if not path:
            return "Write the path of a folder."
        if not is_folder(path):
            return f"There is no folder {safe_text(path)}."
        try:
            held = holds_any(Path(path).expanduser(), self._suffixes)
        except OSError as error:
            return f"{safe_text(path)} cannot be read: {error.strerror}."
        return "" if held else f"There are no {self._what} in {safe_text(path)}."
