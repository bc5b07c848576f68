"""The numbers of an image: its values around a cursor, or all where they fit."""

from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from aetui.pictures.pixels import Images

CELL = 4
"""Columns a value takes, and the number of a row."""
CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}
STEPS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}


class PixelValues(Widget, can_focus=True):
    """One channel's values 0 to 255 of an image (H, W, C), rows and columns numbered from 0."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                key,
                f"move('{key}')",
                key,
                id=f"values.{key}",
                tooltip=f"the value {where}",
                group=Binding.Group("Move", compact=True),
            )
            for key, where in (("left", "before"), ("right", "after"), ("up", "above"), ("down", "below"))
        ),
        Binding("c", "channel", "Channel", id="values.channel", tooltip="the next of red, green and blue"),
    ]

    row = reactive(0)
    """Of the cursor."""
    column = reactive(0)
    """Of the cursor."""
    channel = reactive(0)
    """Whose values are shown."""

    def __init__(self, image: "Images") -> None:
        super().__init__()
        self._image = image
        height, width, channels = image.shape
        self._names = CHANNELS.get(channels) or tuple(f"channel {number}" for number in range(channels))
        self.styles.max_width = CELL * (width + 1) + 4
        self.set_reactive(PixelValues.row, height // 2)
        self.set_reactive(PixelValues.column, width // 2)

    def on_mount(self) -> None:
        self._update_title()

    def show(self, image: "Images") -> None:
        """Another image of the same size; the cursor stays."""
        self._image = image
        self._update_title()
        self.refresh()

    def render(self) -> Text:
        height, width, _ = self._image.shape
        rows = _window(self.row, height, self.size.height - 1)
        columns = _window(self.column, width, self.size.width // CELL - 1)
        text = Text(" " * CELL + "".join(f"{column:{CELL}}" for column in columns), no_wrap=True)
        text.stylize("dim")
        part = self._image[rows.start : rows.stop, columns.start : columns.stop, self.channel]
        for row, values in zip(rows, part.tolist(), strict=True):
            text.append(f"\n{row:{CELL}}", "dim")
            for column, value in zip(columns, values, strict=True):
                text.append(" ").append(f"{value:{CELL - 1}}", self._style(row, column, value))
        return text

    def _style(self, row: int, column: int, value: int) -> Style:
        return Style(reverse=(row, column) == (self.row, self.column), dim=value == 0)

    def _update_title(self) -> None:
        """Name what is shown, and every channel's value under the cursor."""
        values = " ".join(map(str, self._image[self.row, self.column].tolist()))
        self.border_title = f"values 0–255, {self._names[self.channel]}"
        self.border_subtitle = f"row {self.row}, column {self.column}: {values}"

    def watch_row(self) -> None:
        self._update_title()

    def watch_column(self) -> None:
        self._update_title()

    def watch_channel(self) -> None:
        self._update_title()

    def action_move(self, key: str) -> None:
        """Move the cursor, not over the edge."""
        down, right = STEPS[key]
        height, width, _ = self._image.shape
        self.row = min(max(self.row + down, 0), height - 1)
        self.column = min(max(self.column + right, 0), width - 1)

    def action_channel(self) -> None:
        """The next channel; of a grey image there is one."""
        self.channel = (self.channel + 1) % len(self._names)


def _window(cursor: int, count: int, room: int) -> range:
    """As many of `count` numbers as there is room for, with the cursor in the middle where that can be."""
    room = max(1, min(room, count))
    start = min(max(cursor - room // 2, 0), count - room)
    return range(start, start + room)
