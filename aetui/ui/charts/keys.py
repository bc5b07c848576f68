"""The keys of a chart, and what screens with one do at them."""

from textual.binding import Binding, BindingType

from aetui.ui.charts.looks import keep_look, look_at
from aetui.ui.charts.loss_chart import PAN, ZOOM, LossChart
from aetui.ui.charts.range_dialog import Range, RangeScreen
from aetui.ui.parts.mixin import ScreenMixin

CHART_KEYS: list[BindingType] = [
    Binding("l", "chart('toggle_log')", "Log", id="chart.log", tooltip="log scale of the loss", show=False),
    Binding(
        "m",
        "chart('smooth_more')",
        "Smooth",
        id="chart.smooth",
        tooltip="smooth the train curve, more, as measured",
        show=False,
    ),
    Binding(
        "x",
        "chart('turn_axis')",
        "Axis",
        id="chart.axis",
        tooltip="epoch, step, images or time axis",
        show=False,
    ),
    Binding(
        "plus,equals_sign",
        f"chart('zoom', {ZOOM})",
        "Closer",
        id="chart.closer",
        key_display="+",
        tooltip="zoom in, at the epoch that is read or the newest",
        show=False,
    ),
    Binding(
        "minus",
        f"chart('zoom', {1 / ZOOM})",
        "Farther",
        id="chart.farther",
        key_display="-",
        tooltip="zoom out",
        show=False,
    ),
    Binding(
        "left_square_bracket",
        f"chart('pan', {-PAN})",
        "Before",
        id="chart.before",
        key_display="[",
        tooltip="go left along the axis",
        show=False,
    ),
    Binding(
        "right_square_bracket",
        f"chart('pan', {PAN})",
        "After",
        id="chart.after",
        key_display="]",
        tooltip="go right along the axis",
        show=False,
    ),
    Binding("home", "chart('show_all')", "All", id="chart.all", tooltip="the whole chart", show=False),
    Binding("y", "chart_range", "Range", id="chart.range", tooltip="a range of the loss", show=False),
]


class WithChart(ScreenMixin):
    """A screen with one chart, which is looked at as its preset's was last."""

    chart_preset = ""

    def recall_look(self) -> None:
        """Look at the chart as the last time."""
        chart, look = self.query_one(LossChart), look_at(self.chart_preset)
        chart.log_scale, chart.smoothing = look.log_scale, look.smoothing
        chart.x_axis, chart.y_range = look.x_axis, look.y_range

    def action_chart(self, deed: str, *arguments: float) -> None:
        """Something that the chart does."""
        chart = self.query_one(LossChart)
        before = chart.look
        getattr(chart, deed)(*arguments)
        if chart.look != before:
            keep_look(self.chart_preset, chart.look)

    def action_chart_range(self) -> None:
        """Ask for a part of the vertical axis."""
        chart = self.query_one(LossChart)

        def show(wanted: Range | tuple[()] | None) -> None:
            if wanted is not None:
                self.action_chart("show_range", *wanted)

        self.app.push_screen(RangeScreen(chart.y_range, log_scale=chart.log_scale), show)
