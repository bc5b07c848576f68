"""The loss chart: train and test loss on the same axes."""

import math
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.events import (
    Click,
    MouseEvent,
    MouseScrollDown,
    MouseScrollLeft,
    MouseScrollRight,
    MouseScrollUp,
)
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from aetui.text import safe_text
from aetui.ui.charts.drawing import DARK, LIGHT, Chart, Colors, Curve, draw_chart, x_at
from aetui.ui.charts.looks import Look
from aetui.ui.charts.losses import X_AXES, Losses, Sample, XAxis, reading, x_of
from aetui.ui.charts.part import Part, moved, zoomed

SMOOTHINGS = (0.0, 0.6, 0.9, 0.97)
"""Weights of the moving average; TensorBoard's default is 0.6."""
ZOOM = 0.5
PAN = 0.25


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
    """The epoch that the curves are read at, for instance that of the pictures; None for none."""
    part: reactive[Part | None] = reactive[Part | None](None)
    """What of the horizontal axis is shown; None shows all, as it grows."""
    y_range: reactive[tuple[float, float] | None] = reactive[tuple[float, float] | None](None)
    """What of the vertical axis is shown; None shows what the curves need."""
    empty_text: reactive[str] = reactive("The first loss comes soon.")
    """What stands in place of a chart without samples: what will come, and when."""

    class EpochPointed(Message):
        """A person points at an epoch."""

        def __init__(self, epoch: int) -> None:
            super().__init__()
            self.epoch = epoch

    _strips: list[Strip]
    _drawn: tuple[object, ...] = ()

    def toggle_log(self) -> None:
        """Logarithmic scale, or linear."""
        self.log_scale = not self.log_scale

    def smooth_more(self) -> None:
        """Train losses smoothed more and more, then as measured."""
        self.smoothing = next((weight for weight in SMOOTHINGS if weight > self.smoothing), SMOOTHINGS[0])

    def turn_axis(self) -> None:
        """Count something else."""
        self.x_axis = X_AXES[(X_AXES.index(self.x_axis) + 1) % len(X_AXES)]
        self.part = None

    def zoom(self, factor: float, at: float | None = None) -> None:
        """Show a part of the axis `factor` times as long, around x, the marked epoch or the newest."""
        chart = self.chart()
        marker = chart.marker_x if chart.marker_x is not None and self._is_shown(chart.marker_x) else None
        self.part = zoomed(self.part, chart.whole, factor, marker if at is None else at)

    def pan(self, by: float) -> None:
        """Go on by so many lengths of the part that is shown."""
        self.part = moved(self.part, self.chart().whole, by)

    def show_all(self) -> None:
        """The whole of both axes."""
        self.part = self.y_range = None

    def show_range(self, *low_and_high: float) -> None:
        """Only this part of the vertical axis; without numbers what the curves need."""
        self.y_range = (low_and_high[0], low_and_high[1]) if low_and_high else None

    @property
    def look(self) -> Look:
        """What of its options outlives it."""
        return Look(
            log_scale=self.log_scale, smoothing=self.smoothing, x_axis=self.x_axis, y_range=self.y_range
        )

    def _is_shown(self, x: float) -> bool:
        return self.part is None or self.part[0] <= x <= self.part[1]

    # ── the mouse ──────────────────────────────────────────────────────────

    def on_click(self, event: Click) -> None:
        """Read the curves at the epoch that is nearest."""
        x = x_at(self.chart(), *self.size, event.x)
        epochs = {sample.epoch: x_of(sample, self.x_axis) for sample in self._samples() if sample.ends_epoch}
        if x is not None and epochs:
            nearest = min(epochs, key=lambda epoch: abs(epochs[epoch] - x))
            self.post_message(self.EpochPointed(int(nearest)))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self._scroll(event, ZOOM, -PAN)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self._scroll(event, 1 / ZOOM, PAN)

    def on_mouse_scroll_left(self, event: MouseScrollLeft) -> None:
        event.stop()
        self.pan(-PAN)

    def on_mouse_scroll_right(self, event: MouseScrollRight) -> None:
        event.stop()
        self.pan(PAN)

    def _scroll(self, event: MouseEvent, factor: float, by: float) -> None:
        """The wheel zooms where the mouse is; with shift or control it goes sideways."""
        event.stop()
        if event.shift or event.ctrl:
            self.pan(by)
        elif self._samples():
            self.zoom(factor, x_at(self.chart(), *self.size, event.x))

    def _samples(self) -> list[Sample]:
        return [sample for samples in self.losses.curves.values() for sample in samples]

    # ── what is drawn ──────────────────────────────────────────────────────

    def render_line(self, y: int) -> Strip:
        """The strip of one line; draws them all if anything has changed since they were drawn."""
        size, theme, style = self.size, self.app.current_theme, self.rich_style
        options = (self.log_scale, self.smoothing, self.x_axis, self.marked_epoch, self.empty_text)
        state = (size, theme.name, style, self.losses, self.part, self.y_range, *options)
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
                Curve(role, [(x, s.loss) for s in samples if math.isfinite(x := x_of(s, x_axis))])
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
            reading=reading(losses, self.marked_epoch),
            marks=tuple(
                (x, mark, what)
                for sample, mark, what in losses.changes
                if math.isfinite(x := x_of(sample, x_axis))
            ),
            part=self.part,
            y_range=self.y_range if losses.are_losses else None,
        )

    def _x_of_epoch(self, epoch: int | None) -> float | None:
        """Where the end of an epoch stands; None where nothing was measured there."""
        curves = reversed([*self.losses.curves.values()])
        found = (x_of(s, self.x_axis) for samples in curves for s in samples if s.epoch == epoch)
        return next(filter(math.isfinite, found), None)


def _centered(text: str, width: int, height: int, colors: Colors) -> list[Strip]:
    lines = wrap(text, width)[:height] if width else []
    above = (height - len(lines)) // 2
    rows = [""] * above + lines + [""] * (height - above - len(lines))
    style = Style(color=colors.text)
    return [
        Strip([Segment(set_cell_size(" " * ((width - cell_len(row)) // 2) + row, width), style)], width)
        for row in rows
    ]
