"""The keys of the table of runs."""

from textual.binding import Binding, BindingType


def _key(key: str, action: str, name: str, tooltip: str, *, show: bool = False, display: str = "") -> Binding:
    id_ = f"runs.{name.lower().replace(' ', '_')}"
    return Binding(key, action, name, id=id_, tooltip=tooltip, show=show, key_display=display or None)


TABLE_KEYS: list[BindingType] = [
    _key("enter", "screen.open", "Open", "open the run, or compare those that are marked", show=True),
    _key("space", "screen.mark", "Mark", "mark the run, to compare or to delete several", show=True),
    _key("up", "move(-1)", "Up", "the run above", display="↑"),
    _key("down", "move(1)", "Down", "the run below", display="↓"),
    _key("pageup", "page(-1)", "Page up", "a page up"),
    _key("pagedown", "page(1)", "Page down", "a page down"),
    _key("home", "edge(-1)", "Top", "the first run"),
    _key("end", "edge(1)", "Bottom", "the last run"),
]
"""Of the table itself."""

FIND = "show only some: state:finished best<0.01 latent=8 by:seed"
DELETE = "move it to the trash, which keeps it for a week"

KEYS: list[BindingType] = [
    _key("slash", "search", "Find", FIND, show=True, display="/"),
    _key("o", "order", "Sort", "sort by another column", show=True),
    _key("O", "turn_round", "Turn", "sort the other way round"),
    _key("c", "compare", "Compare", "compare the marked runs"),
    _key("r", "resume", "Resume", "go on with the run from its checkpoint"),
    _key("e", "edit('name')", "Name", "call the run otherwise"),
    _key("n", "edit('note')", "Note", "write a note on the run"),
    _key("t", "edit('tags')", "Tags", "words to find the run by"),
    _key("asterisk", "star", "Star", "star the run, or take its star", display="*"),
    _key("a", "archive", "Archive", "leave the run out of lists; is:archived shows it"),
    _key("D,delete", "delete", "Delete", DELETE, show=True, display="D"),
    _key("u", "undo", "Undo", "take back what was deleted last"),
    _key("f", "first", "First", "the waiting run is the next one"),
    _key("p", "pause_queue", "Queue", "let the queue rest, or go on"),
    _key("tab,escape", "back", "Menu", "back to the menu", show=True, display="tab"),
]
"""Of the whole screen."""

LINE_KEYS: list[BindingType] = [
    _key("enter,down", "screen.accept", "Keep", "take what is typed", show=True, display="⏎"),
    _key("escape", "screen.give_up", "As before", "leave it as it was", show=True),
]
"""Of the line that is typed into."""
