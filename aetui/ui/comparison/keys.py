"""The keys of the comparison."""

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("t", "switch", "Train/test", id="compare.shown", tooltip="the train curves, or the test curves"),
    Binding("l", "chart('toggle_log')", "Log", id="chart.log", tooltip="log scale of the loss"),
    Binding("x", "chart('turn_axis')", "Axis", id="chart.axis", tooltip="epoch, step, images or time axis"),
    Binding(
        "m",
        "chart('toggle_smoothing')",
        "Smooth",
        id="chart.smooth",
        tooltip="smooth the train curves",
        show=False,
    ),
    Binding("z", "zoom", "Zoom", id="panel.zoom", tooltip="the chart full screen, or with the table"),
    Binding(
        "left",
        "move(-1)",
        "Earlier",
        id="compare.earlier",
        key_display="←",
        tooltip="read all curves an epoch earlier",
    ),
    Binding(
        "right",
        "move(1)",
        "Later",
        id="compare.later",
        key_display="→",
        tooltip="read all curves an epoch later",
    ),
    Binding("escape", "back", "Back", id="compare.back", key_display="esc", tooltip="back"),
]
