"""The keys of the editor."""

from textual.binding import Binding, BindingType

LIST_KEYS: list[BindingType] = [
    Binding("enter", "screen.edit", "Change", id="editor.change", tooltip="type another value"),
    Binding(
        "right,space",
        "screen.step(1)",
        "Next",
        id="editor.next",
        key_display="→",
        tooltip="the next of its choices",
        show=False,
    ),
    Binding(
        "left",
        "screen.step(-1)",
        "Before",
        id="editor.before",
        key_display="←",
        tooltip="the choice before",
        show=False,
    ),
    Binding(
        "backspace,delete",
        "screen.put_back",
        "Own",
        id="editor.own",
        key_display="⌫",
        tooltip="the preset's own value again",
    ),
]
"""Of the list itself."""

KEYS: list[BindingType] = [
    Binding("s", "start", "Start", id="editor.start", tooltip="start a run with these settings"),
    Binding("w", "save", "Save", id="editor.save", tooltip="save them as a preset file here"),
    Binding("y", "copy", "Copy", id="editor.copy", tooltip="copy the command line that trains the same"),
    Binding("escape", "back", "Back", id="editor.back", key_display="esc", tooltip="back to the menu"),
]
"""Of the whole screen."""

LINE_KEYS: list[BindingType] = [
    Binding("enter", "screen.accept", "Keep", id="editor.accept", tooltip="take the value"),
    Binding("escape", "screen.give_up", "As before", id="editor.give_up", tooltip="keep the value of before"),
]
"""Of the line that a value is typed into."""
