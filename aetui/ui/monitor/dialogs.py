"""What the monitor asks: whether to stop, to train on generated data instead, to make room on a full disk."""

from itertools import islice

from aetui.text import format_bytes
from aetui.ui.parts.dialogs import ChoiceScreen

MOST_NAMED = 10


class StopScreen(ChoiceScreen):
    """Whether to stop a run."""

    def __init__(self) -> None:
        answers = [("stop", "Checkpoint and stop   go on later with `aetui resume`"), ("cancel", "Cancel")]
        super().__init__("Stop this run?", answers)


class TwinScreen(ChoiceScreen):
    """The data could not be had: train on the generated set of the same size instead?"""

    def __init__(self, reason: str, twin: str) -> None:
        answers = [(twin, f"Train on generated {twin} instead"), ("cancel", "Not now")]
        super().__init__(reason, answers)


class RoomScreen(ChoiceScreen):
    """The disk is full: delete checkpoints that the run can do without?

    It comes uncalled, so the answer under the cursor changes nothing.
    """

    def __init__(self, reason: str, removable: dict[str, int]) -> None:
        some = [f"{name} ({format_bytes(size)})" for name, size in islice(removable.items(), MOST_NAMED)]
        if len(removable) > MOST_NAMED:
            whole = format_bytes(sum(removable.values()))
            some.append(f"and {len(removable) - MOST_NAMED} more, {whole} in all")
        answers = [
            ("cancel", "Keep all   it goes on by itself once there is room"),
            ("make-room", f"Delete {', '.join(some)}"),
        ]
        super().__init__(reason, answers)
