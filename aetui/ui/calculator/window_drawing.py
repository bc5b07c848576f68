"""The windows of one layer, stepped through."""

from math import prod
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aetui.shapes.chain import TracedLayer
from aetui.shapes.layer_base import Layer
from aetui.shapes.layers import Flatten, Linear, Unflatten
from aetui.shapes.sizes import Size, format_size
from aetui.text import format_count, safe_text
from aetui.ui.calculator.editable_chain import Row
from aetui.ui.calculator.field_drawing import draw_field, field_bounds, field_words, output_grid
from aetui.ui.calculator.sample_of import find_sample
from aetui.ui.calculator.windows import LEGEND, Windows, draw_axis, draw_plane, plane_fits, windows

if TYPE_CHECKING:
    from aetui.pictures.pixels import Images

STEP_SECONDS = 0.4
"""From one window to the next while it plays."""
WORDS = 2
"""Lines above and below the drawing: the layer, what an output reads."""


class WindowDrawing(Widget, can_focus=True):
    """Kernel, stride, padding and dilation of the chosen row on its input; for other rows what they do.

    After `switch` the receptive field on a test image instead.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "step(1)", "Next", id="window.next", tooltip="the next window"),
        Binding("left", "step(-1)", "Before", id="window.before", tooltip="the window before"),
        Binding(
            "down", "step_row(1)", "Below", id="window.below", tooltip="a row of windows down", show=False
        ),
        Binding("up", "step_row(-1)", "Above", id="window.above", tooltip="a row of windows up", show=False),
        Binding("space", "play", "Play", id="window.play", tooltip="play through the windows, or hold"),
    ]

    def __init__(self, runs_dir: Path) -> None:
        super().__init__()
        self._runs_dir = runs_dir
        self._row: Row | None = None
        self._axes: tuple[Windows, ...] = ()
        self._place = 0
        self._on_sample = False
        self._input: Size = ()
        self._sample: Images | None = None
        self.playing = True
        """Whether it steps by itself, where the app's animation level allows."""

    def on_mount(self) -> None:
        self.set_interval(STEP_SECONDS, self._play)

    def show(self, row: Row | None, chain_input: Size | None) -> None:
        """Show another row of a chain, None for nothing; the place in it stays."""
        if (row, chain_input or ()) == (self._row, self._input):
            return
        if chain_input != self._input:
            self._input = chain_input or ()
            self._find_sample()
        self._row = row
        self._axes = windows(row.traced)[-2:] if row and row.traced else ()
        self.refresh()

    def render(self) -> Text:
        row = self._row
        if row is None:
            return Text("")
        if row.problem:
            return _problem(row)
        if row.traced is None:
            return _without_result(row)
        text = Text.styled(safe_text(row.text), "bold")
        text.append(f"  {format_size(row.traced.input)} → {format_size(row.traced.output)}\n")
        if self._on_sample:
            return text.append_text(self._field(row.traced))
        text.append_text(self._drawing() if self._axes else Text(_deed(row.traced)))
        text.append(f"\n{_reach(row.traced)}", "dim")
        if self._axes and text.plain.count("\n") + 1 < self.size.height:
            text.append(f"\n{LEGEND}", "dim")
        return text

    def _field(self, row: TracedLayer) -> Text:
        """The receptive field of one output on a test image."""
        if self._sample is None:
            size = format_size(self._input)
            return Text(f"No picture of {size} yet: train a preset on images of that size and come back.")
        rows, columns = output_grid(row)
        output = divmod(self._place % (rows * columns), columns)
        bounds = field_bounds(row, output)
        which = f"output {output[0] + 1}, {output[1] + 1}" if rows * columns > 1 else "every output"
        image = (self._sample.shape[0], self._sample.shape[1])
        words = wrap(f"{which} {field_words(bounds, image)}", max(10, self.size.width))
        text = draw_field(self._sample, bounds, self.size.width, self.size.height - 1 - len(words))
        return text.append("\n" + "\n".join(words), "dim")

    @property
    def drawn(self) -> tuple[Windows, ...]:
        """The axes that are drawn: the last two where they fit, else the last."""
        room = self.size.height - WORDS - 2
        if len(self._axes) == 2 and plane_fits(*self._axes, self.size.width, room):
            return self._axes
        return self._axes[-1:]

    def _drawing(self) -> Text:
        axes = self.drawn
        place = self._outputs(axes)
        if len(axes) == 2:
            text = draw_plane(axes[0], axes[1], (place[0], place[1]), self.size.width)
            text.append(f"\nrows: {axes[0].sentence(place[0])}")
            return text.append(f"\ncolumns: {axes[1].sentence(place[1])}")
        text = draw_axis(axes[0], place[0], self.size.width)
        which = "" if len(self._axes) == 1 else "last axis: "
        return text.append(f"\n{which}{axes[0].sentence(place[0])}")

    def _outputs(self, axes: tuple[Windows, ...]) -> list[int]:
        """The output position of each drawn axis."""
        place = self._place % prod(axis.outputs for axis in axes)
        return [*divmod(place, axes[1].outputs)] if len(axes) == 2 else [place]

    def _play(self) -> None:
        if self.playing and self.app.animation_level == "full" and self.screen.is_current:
            self._step(1)

    @property
    def _stepped(self) -> tuple[int, ...]:
        """How many places there are to step through, an axis each."""
        if self._on_sample and self._row and self._row.traced:
            return output_grid(self._row.traced)
        return tuple(axis.outputs for axis in self.drawn)

    def _step(self, by: int) -> None:
        if places := self._stepped:
            self._place = (self._place + by) % prod(places)
            self.refresh()

    def action_step(self, by: int) -> None:
        """Another window; it holds there."""
        self.playing = False
        self._step(by)

    def action_step_row(self, by: int) -> None:
        """The window in the next row of the plane."""
        if len(self._stepped) == 2:
            self.action_step(by * self._stepped[1])

    def action_play(self) -> None:
        """Play or hold."""
        self.playing = not self.playing

    def switch(self) -> None:
        """The receptive field on a test image, or the windows again."""
        self._on_sample = not self._on_sample
        self._find_sample()
        self.refresh()

    def _find_sample(self) -> None:
        if self._on_sample:
            self._sample = find_sample(self._runs_dir, self._input)


def _problem(row: Row) -> Text:
    assert row.problem is not None
    text = Text.styled(safe_text(row.text or "no size"), "bold red")
    text.append(f"\n✗ {safe_text(row.problem.message)}", "red")
    return text.append(f"\n→ {safe_text(row.problem.hint)}") if row.problem.hint else text


def _without_result(row: Row) -> Text:
    text = Text.styled(safe_text(row.text), "bold")
    if row.output:
        numbers = prod(row.output)
        return text.append(f"\n{format_count(numbers)} numbers go in for every sample.")
    return text.append("\nIts size is known once the red row above is mended.", "dim")


def _reach(row: TracedLayer) -> str:
    """The receptive fields in words; inputs of the chain are counted from 1."""
    if not row.receptive_field:
        return ""
    if not any(row.jump):
        return f"receptive field {format_size(row.receptive_field)}, the same for every output"
    first = tuple(centre + 1 for centre in row.centre)
    steps = f"steps of {_numbers(row.jump)}, the first around input {_numbers(first)}"
    return f"receptive field {format_size(row.receptive_field)}, {steps}"


def _numbers(numbers: tuple[float, ...]) -> str:
    """One number an axis, or one for all."""
    return "x".join(f"{number:.3g}" for number in (numbers if len(set(numbers)) > 1 else numbers[:1]))


def _deed(row: TracedLayer) -> str:
    """What a layer without windows does."""
    layer: Layer = row.layer
    if isinstance(layer, Linear):
        return f"Every output reads all {row.input[-1]} inputs of its axis."
    if isinstance(layer, Flatten | Unflatten):
        return "The same numbers in another shape."
    return "Every output reads the input at its own place."
