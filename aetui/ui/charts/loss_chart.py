"""The loss chart: train and test loss on the same axes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from aetui.text import safe_text
from aetui.ui.charts.chart import OfRun, Role
from aetui.ui.charts.drawing import DARK, LIGHT, Chart, Colors, Curve, Level, draw_chart

XAxis = Literal["epoch", "step", "images", "time"]
X_AXES: tuple[XAxis, ...] = ("epoch", "step", "images", "time")
SMOOTHING = 0.6
"""TensorBoard's default weight of the moving average."""


class Sample(NamedTuple):
    """One value and when it was measured. None is a gap; NaN and infinity are a gap and named."""

    epoch: float
    """Epochs trained so far; a fraction within an epoch."""
    step: int
    """Optimizer steps so far."""
    seconds: float
    """Time trained so far."""
    loss: float | None
    images: float = 0.0
    """Training images seen so far."""


@dataclass(frozen=True, eq=False, slots=True)
class Losses:
    """Everything a loss chart shows of a run."""

    curves: Mapping[Role | OfRun, Sequence[Sample]] = field(default_factory=dict)
    """Samples by what they are, ordered by step; later curves lie above."""
    unit: str = "MSE per pixel"
    """What the values measure."""
    planned_epochs: int | None = None
    best_epoch: int | None = None
    """The best epoch."""
    tested_on: str = "test"
    """How the images are called that are tested after every epoch."""
    levels: tuple[Level, ...] = ()
    """What a model must beat to have learned anything."""
    percent: bool = False
    """Whether the values are per cent."""
    changes: tuple[tuple[Sample, str], ...] = ()
    """Where something was changed while it trained, and what; the loss counts for nothing."""
    marker_of: str = "pictures at"
    """What stands at the marked epoch, said before its place."""


class LossChart(Widget, can_focus=False):
    """Train loss as a thin line, test loss with a marker at each epoch, the newest of both at their ends.

    Set the attributes as often as you like: it is drawn at most once a refresh, and only after a change.
    """

    DEFAULT_CSS = """
    LossChart { width: 1fr; height: 1fr; }
    """

    losses: reactive[Losses] = reactive(Losses)
    """What is shown; a new object is a new chart."""
    log_scale: reactive[bool] = reactive(False)
    """Logarithmic scale of the loss."""
    smoothing: reactive[float] = reactive(0.0)
    """Weight in [0, 1) of the train loss's moving average; 0 shows it as measured."""
    x_axis: reactive[XAxis] = reactive[XAxis]("epoch")
    """What the horizontal axis counts."""
    marked_epoch: reactive[int | None] = reactive[int | None](None)
    """The epoch with a vertical line, for instance that of the pictures; None for no line."""
    empty_text: reactive[str] = reactive("The first loss comes soon.")
    """What stands in place of a chart without samples: what will come, and when."""

    _strips: list[Strip]
    _drawn: tuple[object, ...] = ()

    def toggle_log(self) -> None:
        """Logarithmic scale, or linear."""
        self.log_scale = not self.log_scale

    def toggle_smoothing(self) -> None:
        """Train losses smoothed, or as measured."""
        self.smoothing = 0.0 if self.smoothing else SMOOTHING

    def turn_axis(self) -> None:
        """Count something else."""
        self.x_axis = X_AXES[(X_AXES.index(self.x_axis) + 1) % len(X_AXES)]

    def render_line(self, y: int) -> Strip:
        """The strip of one line; draws them all if anything has changed since they were drawn."""
        size, theme, style = self.size, self.app.current_theme, self.rich_style
        options = (self.log_scale, self.smoothing, self.x_axis, self.marked_epoch, self.empty_text)
        state = (size, theme.name, style, self.losses, *options)
        if state != self._drawn:
            colors = DARK if theme.dark else LIGHT
            self._strips = [strip.apply_style(style) for strip in self._draw(colors)]
            self._drawn = state
        return self._strips[y] if y < len(self._strips) else Strip.blank(size.width)

    def _draw(self, colors: Colors) -> list[Strip]:
        width, height = self.size
        if not any(self.losses.curves.values()):
            return _centered(safe_text(self.empty_text), width, height, colors)
        return draw_chart(self.chart(), width, height, colors)

    def chart(self) -> Chart:
        """The chart of the losses as the options have it."""
        losses, x_axis = self.losses, self.x_axis
        return Chart(
            curves=tuple(
                Curve(role, [(_x(sample, x_axis), sample.loss) for sample in samples])
                for role, samples in losses.curves.items()
            ),
            unit=losses.unit,
            x_axis=x_axis,
            planned=losses.planned_epochs,
            log_scale=self.log_scale and not losses.percent,
            smoothing=self.smoothing,
            best_x=self._x_of_epoch(losses.best_epoch),
            levels=losses.levels,
            tested_on=losses.tested_on,
            percent=losses.percent,
            marker_x=self._x_of_epoch(self.marked_epoch),
            marker_of=losses.marker_of,
            marks=tuple((_x(sample, x_axis), what) for sample, what in losses.changes),
        )

    def _x_of_epoch(self, epoch: int | None) -> float | None:
        """Where the end of an epoch stands; None where nothing was measured there."""
        curves = reversed([*self.losses.curves.values()])
        return next((_x(s, self.x_axis) for samples in curves for s in samples if s.epoch == epoch), None)


def _centered(text: str, width: int, height: int, colors: Colors) -> list[Strip]:
    lines = wrap(text, width)[:height] if width else []
    above = (height - len(lines)) // 2
    rows = [""] * above + lines + [""] * (height - above - len(lines))
    style = Style(color=colors.text)
    return [
        Strip([Segment(set_cell_size(" " * ((width - cell_len(row)) // 2) + row, width), style)], width)
        for row in rows
    ]


def _x(sample: Sample, x_axis: XAxis) -> float:
    match x_axis:
        case "epoch":
            return sample.epoch
        case "step":
            return sample.step
        case "images":
            return sample.images
        case "time":
            return sample.seconds
