"""One image as large as it fits, and beside it its values."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from aetui.terminal.choice import Choice
from aetui.ui.gallery.pixel_values import PixelValues
from aetui.ui.parts.key_footer import KeyFooter
from aetui.ui.parts.too_small import TooSmall
from aetui.ui.pictures.captions import shortened
from aetui.ui.pictures.picture_grid import PictureGrid

if TYPE_CHECKING:
    from aetui.pictures.pixels import Images


class ImageScreen(Screen[None]):
    """An image (H, W, C) with its smallest, mean and largest value and all values around a cursor."""

    AUTO_FOCUS = "PixelValues"
    CSS_PATH = "image_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "n,pagedown", "turn('right')", "Next", id="image.next", key_display="n", tooltip="image after"
        ),
        Binding(
            "b,pageup", "turn('left')", "Back", id="image.previous", key_display="b", tooltip="image before"
        ),
        Binding("escape,enter", "back", "Close", id="image.back", key_display="esc", tooltip="back"),
    ]

    def __init__(
        self, image: "Images", caption: str, choice: Choice, turn: Callable[[str], None] = lambda where: None
    ) -> None:
        """`turn` is called with "left" or "right" and answers with `show`, once it has that image."""
        super().__init__()
        self._image, self._caption, self._choice, self._turn = image, caption, choice, turn

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield Static(id="title", markup=False)
        with Horizontal(id="image"):
            yield PictureGrid(self._choice)
            yield PixelValues(self._image)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.show(self._image, self._caption)

    def on_resize(self) -> None:
        self._update_title()

    def show(self, image: "Images", caption: str) -> None:
        """Another image of the same size."""
        self._image, self._caption = image, caption
        self.query_one(PictureGrid).show({"image": image[None]}, [""])
        self.query_one(PixelValues).show(image)
        self._update_title()

    def _update_title(self) -> None:
        image = self._image
        height, width, channels = image.shape
        whose = "RGB: " if channels == 3 else ""
        numbers = f"{whose}min {image.min()} · mean {image.mean():.1f} · max {image.max()}"
        text = f" {self._caption} · {height}x{width} · {numbers}"
        self.query_one("#title", Static).update(shortened(text, self.size.width))

    def action_turn(self, where: str) -> None:
        """The next image of the gallery or the one before."""
        self._turn(where)

    def action_back(self) -> None:
        self.dismiss()
