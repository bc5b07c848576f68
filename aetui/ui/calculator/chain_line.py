"""The one line of the shape calculator."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.notifications import SeverityLevel
from textual.reactive import Reactive, reactive
from textual.strip import Strip
from textual.widgets.input import Selection

from aetui.errors import UsageError
from aetui.shapes.language import LanguageError, read_code
from aetui.shapes.layers import Layer
from aetui.shapes.sizes import format_size, parse_size
from aetui.shapes.written_sizes import has_batch
from aetui.text import safe_text
from aetui.ui.calculator.editable_chain import MAX_TEXT, SIZE, one_line
from aetui.ui.parts.text_line import TextLine


class ChainLine(TextLine):
    """A size and layers as text. Pasted code of many lines becomes one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter,down", "screen.rows", "Rows", id="line.rows", key_display="⏎", tooltip="on to the rows"
        ),
        Binding("escape", "leave", "Rows", id="line.leave", tooltip="on to the rows"),
        Binding(
            "ctrl+t",
            "screen.take",
            "Take",
            id="line.take",
            tooltip="take the model of the preset in the menu",
        ),
        Binding("f1", "app.help", "Help", id="line.help", tooltip="every key and what it does"),
        Binding("ctrl+q", "app.leave", "Quit", id="line.quit", tooltip="leave; training can go on"),
    ]

    virtual_size = Reactive(Size(0, 0))
    """As every widget's, but a longer text lays out no screen: that would cost a frame a key."""

    leaves_to_rows: reactive[bool] = reactive(False, bindings=True)
    """Whether escape leads to the rows: once there was typing, or they were worked on."""

    def __init__(self, value: str) -> None:
        example = "1x28x28 conv 16 k3 s2 p1, relu, conv 32 k3 s2 p1"
        super().__init__(value, placeholder=example, max_length=MAX_TEXT, select_on_focus=False)

    def render_line(self, y: int) -> Strip:
        """The line with … where it goes on beyond an end."""
        strip, width = super().render_line(y), self.scrollable_content_region.width
        before, length = self.scroll_offset.x, cell_len(self.value)
        if 0 < before < length:
            strip = _marked(strip, 0)
        if length - before > width > 0:
            strip = _marked(strip, width - 1)
        return strip

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where nothing was done yet, escape leads back at once."""
        return self.leaves_to_rows if action == "leave" else True

    async def action_leave(self) -> None:
        """On to the rows."""
        await self.run_action("screen.rows")

    def put_back(self, value: str, cursor: int) -> None:
        """Show a former line; nothing of it is selected."""
        self.value = value
        self.selection = Selection.cursor(cursor)

    def _layers_of(self, code: str) -> str:
        """The layers of pasted model code, as far as it can be followed; "" for any other text.

        Where the whole line is replaced, its size stays.
        """
        try:
            read = read_code(code)
        except LanguageError as error:
            self.notify(safe_text(error.sentence), severity="warning", markup=False)
            return ""
        if read is None:
            return ""
        size = (SIZE.match(self.value) or [""])[0].strip()
        said = [*read.notes, *([read.problem.sentence] if read.problem else [])]
        if (without := _without_batch(size, read.layers)) != size:
            said.append(f"{size} has the batch in front, which is no part of a size")
            size = without
        if said:
            severity: SeverityLevel = "warning" if read.problem else "information"
            self.notify(safe_text("; ".join(said)), severity=severity, markup=False, timeout=15)
        layers = ", ".join(layer.text for layer in read.layers)
        whole = sorted(self.selection) == [0, len(self.value)]
        return f"{size} {layers}" if size and whole else layers

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        text = self._layers_of(event.text) or one_line(event.text[: 2 * MAX_TEXT])
        if len(self.value) + len(text) > MAX_TEXT:
            self.notify(f"That is too long: at most {MAX_TEXT:,} characters are read.", severity="warning")
        else:
            self.replace(text, *self.selection)


def _without_batch(size: str, layers: Sequence[Layer]) -> str:
    try:
        numbers = parse_size(size)
    except UsageError:
        return size
    return format_size(numbers[1:]) if has_batch(numbers, layers) else size


def _marked(strip: Strip, cell: int) -> Strip:
    """The strip with … in one cell, in that cell's style, so that the cursor is seen there too."""
    mark = Strip([Segment("…", segment.style) for segment in strip.crop(cell, cell + 1)])
    return Strip.join([strip.crop(0, cell), mark, strip.crop(cell + 1)])
