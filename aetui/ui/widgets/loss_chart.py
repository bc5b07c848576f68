"""The loss chart: train and test loss on the same axes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from aetui.text import safe_text
from aetui.ui.charts import DARK, LIGHT, Chart, Colors, Curve, draw_chart

XAxis = Literal["epoch", "step", "time"]
X_AXES: tuple[XAxis, ...] = ("epoch", "step", "time")


class Sample(NamedTuple):
    """One loss and when it was measured. None is a gap; NaN and infinity are a gap and named."""

    epoch: float
    """Epochs trained so far; a fraction within an epoch."""
    step: int
    """Optimizer steps so far."""
    seconds: float
    """Time trained so far."""
    loss: float | None


@dataclass(frozen=True, eq=False, slots=True)
class Losses:
    """Everything a loss chart shows of a run. Samples are ordered by step."""

    train: Sequence[Sample] = ()
    test: Sequence[Sample] = ()
    unit: str = "MSE per pixel"
    """What the losses measure."""
    labels: tuple[str, str] = ("train", "test")
    """What the two curves are called; "" for one that is not drawn."""
    planned_epochs: int | None = None
    planned_steps: int | None = None
    best_epoch: int | None = None
    """The epoch with the best test loss."""
    floor: float | None = None
    """The loss that a model must beat to have learned anything."""


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
        if not self.losses.train and not self.losses.test:
            return _centered(safe_text(self.empty_text), width, height, colors)
        return draw_chart(self.chart(), width, height, colors)

    def chart(self) -> Chart:
        """The chart of the losses as the options have it."""
        losses, x_axis = self.losses, self.x_axis
        planned = {"epoch": losses.planned_epochs, "step": losses.planned_steps, "time": None}
        return Chart(
            curves=tuple(self._curves()),
            unit=losses.unit,
            x_axis=x_axis,
            planned=planned[x_axis],
            log_scale=self.log_scale,
            smoothing=self.smoothing,
            best_x=_x_of_epoch(losses.test, losses.best_epoch, x_axis),
            floor=losses.floor,
            marker_x=_x_of_epoch(losses.test, self.marked_epoch, x_axis),
        )

    def _curves(self) -> Iterator[Curve]:
        """Those that have a name."""
        roles: tuple[Literal["train", "test"], ...] = ("train", "test")
        for role, name, samples in zip(
            roles, self.losses.labels, (self.losses.train, self.losses.test), strict=True
        ):
            if name:
                yield Curve(name, role, [(_x(sample, self.x_axis), sample.loss) for sample in samples])


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
    return sample.seconds if x_axis == "time" else sample.step if x_axis == "step" else sample.epoch


def _x_of_epoch(samples: Sequence[Sample], epoch: int | None, x_axis: XAxis) -> float | None:
    return next((_x(sample, x_axis) for sample in samples if sample.epoch == epoch), None)
