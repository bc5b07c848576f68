"""A run's state in one word and one colour, the same everywhere."""

from rich.text import Text

from aetui.runs import states

_MARKS = {
    states.STARTING: ("◌", "cyan"),
    states.RUNNING: ("●", "green"),
    states.DETACHED: ("●", "green"),
    states.PAUSED: ("‖", "yellow"),
    states.FINISHED: ("✓", "green"),
    states.STOPPED: ("■", "yellow"),
    states.FAILED: ("✗", "red"),
    states.DIVERGED: ("✗", "red"),
    states.OUT_OF_MEMORY: ("✗", "red"),
    states.INTERRUPTED: ("✗", "yellow"),
}


def state_text(state: str) -> Text:
    """The state's mark and word."""
    mark, colour = _MARKS.get(state, ("?", "red"))
    return Text(f"{mark} {state.replace('_', ' ')}", f"bold {colour}")
