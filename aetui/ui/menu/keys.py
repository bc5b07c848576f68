"""The keys of the menu."""

from textual.binding import Binding, BindingType

CHOOSE = Binding(
    "enter", "screen.choose", "Start", id="menu.choose", tooltip="start the preset, open the run"
)

LIST_KEYS: list[BindingType] = [
    CHOOSE,
    Binding(
        "up",
        "cursor_up",
        "Up",
        id="menu.up",
        key_display="↑",
        tooltip="the preset or run above",
        show=False,
    ),
    Binding(
        "down",
        "cursor_down",
        "Down",
        id="menu.down",
        key_display="↓",
        tooltip="the one below",
        show=False,
    ),
    Binding(
        "right",
        "screen.read",
        "Read",
        id="menu.read",
        key_display="→",
        tooltip="to the explanation, where ↑ ↓ scroll; esc leads back",
        show=False,
    ),
]
"""Of the list itself."""

SEARCH_KEYS: list[BindingType] = [
    Binding("enter,down", "screen.found", "To the list", id="search.found", tooltip="to what was found"),
]
"""Of the line that is searched by."""

KEYS: list[BindingType] = [
    CHOOSE,
    Binding("e", "edit", "Settings", id="menu.edit", tooltip="change the preset's settings before it starts"),
    Binding(
        "r", "resume", "Resume", id="menu.resume", tooltip="go on with the chosen run from its checkpoint"
    ),
    Binding(
        "slash",
        "search",
        "Find",
        id="menu.find",
        key_display="/",
        tooltip="find presets and runs by part of a name",
        show=False,
    ),
    Binding("tab", "runs", "Runs", id="menu.runs", tooltip="all runs: sort, find, compare, label, delete"),
    Binding(
        "escape",
        "list",
        "List",
        id="menu.list",
        key_display="esc",
        tooltip="back to the list",
        show=False,
    ),
]
"""Of the whole screen."""
