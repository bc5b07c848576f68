"""One image as large as it fits, and beside it its values."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Footer, Static

from aetui.terminal.choice import Choice
from aetui.text import safe_text
from aetui.ui.widgets.picture_grid import PictureGrid
from aetui.ui.widgets.pixel_values import PixelValues
from aetui.ui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from aetui.pictures.pixels import Images


class ImageScreen(Screen[None]):
    """An image (H, W, C) with its smallest, mean and largest value and all values around a cursor."""

    AUTO_FOCUS = "PixelValues"
    CSS_PATH = "gallery.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "back", "Close", id="image.back", key_display="esc", tooltip="back"),
    ]

    def __init__(self, image: "Images", caption: str, choice: Choice) -> None:
        super().__init__()
        self._image, self._caption, self._choice = image, caption, choice

    def compose(self) -> ComposeResult:
        image = self._image
        height, width, _ = image.shape
        numbers = f"{height}x{width} · min {image.min()} · mean {image.mean():.1f} · max {image.max()}"
        yield TooSmall()
        yield Static(safe_text(f" {self._caption} · {numbers}"), id="title", markup=False)
        with Horizontal(id="image"):
            yield PictureGrid(self._choice)
            yield PixelValues(image)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.query_one(PictureGrid).show({"image": self._image[None]}, [""])

    def action_back(self) -> None:
        self.app.pop_screen()
