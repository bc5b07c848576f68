"""What the monitor asks: whether to stop, and whether to train on generated data instead."""

from aetui.text import safe_text
from aetui.ui.parts.dialogs import ChoiceScreen


class StopScreen(ChoiceScreen):
    """Whether to stop a run."""

    def __init__(self) -> None:
        answers = [("stop", "Checkpoint and stop   go on later with `aetui resume`"), ("cancel", "Cancel")]
        super().__init__("Stop this run?", answers)


class TwinScreen(ChoiceScreen):
    """The data could not be had: train on the generated set of the same size instead?"""

    def __init__(self, reason: str, twin: str) -> None:
        answers = [(twin, f"Train on generated {twin} instead"), ("cancel", "Not now")]
        super().__init__(safe_text(reason), answers)
