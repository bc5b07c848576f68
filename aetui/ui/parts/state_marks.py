"""A run's state in a few words, a mark and one colour, the same everywhere."""

from rich.text import Text

from aetui.runs import states
from aetui.text import safe_text

_MARKS = {
    states.WAITING: ("◷", "cyan"),
    states.STARTING: ("◌", "cyan"),
    states.RUNNING: ("●", "green"),
    states.DETACHED: ("●", "green"),
    states.PAUSED: ("‖", "yellow"),
    states.FINISHED: ("✓", "green"),
    states.STOPPED: ("■", "yellow"),
    states.FAILED: ("✗", "red"),
    states.DIVERGED: ("✗", "red"),
    states.OUT_OF_MEMORY: ("✗", "red"),
    states.INTERRUPTED: ("!", "yellow"),
}
_WORDS = {states.DETACHED: "training without a screen", states.OUT_OF_MEMORY: "out of memory"}
"""Where the state's own name says too little."""


def state_mark(state: str) -> Text:
    """The state's mark, one cell."""
    mark, colour = _MARKS.get(state, ("?", "red"))
    return Text(mark, f"bold {colour}")


def state_text(state: str) -> Text:
    """The state's mark and words."""
    return state_mark(state).append(f" {_WORDS.get(state, safe_text(state))}")
