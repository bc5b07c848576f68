"""The keys of the comparison."""

from textual.binding import Binding, BindingType

from aetui.ui.charts.keys import CHART_KEYS

KEYS: list[BindingType] = [
    Binding("t", "switch", "Train/test", id="compare.shown", tooltip="the train curves, or the test curves"),
    *CHART_KEYS,
    Binding("s", "seeds", "Seeds", id="compare.seeds", tooltip="several seeds as one curve, or each"),
    Binding(
        "p",
        "pictures",
        "Pictures",
        id="compare.pictures",
        tooltip="their pictures of the same images, a run a row",
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
