"""What the menu asks for a preset that trains on a folder of images: which one."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from aetui.text import safe_text
from aetui.ui.menu.preset_list import is_folder


class FolderScreen(ModalScreen[str | None]):
    """Which folder of images; dismissed with its path, or None for cancel."""

    CSS_PATH = "folder_dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel", tooltip="back, nothing changes"),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Train on which folder of images?", classes="question")
            yield Input(placeholder="~/images", compact=True)
            yield Static(
                "Either train/ and test/ are in it, or all images. Enter starts, esc cancels.", classes="note"
            )
            yield Static(classes="wrong", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        path = event.value.strip()
        if path and is_folder(path):
            self.dismiss(path)
        else:
            wrong = f"There is no folder {safe_text(path)}." if path else "Write the path of a folder."
            self.query_one(".wrong", Static).update(wrong)
