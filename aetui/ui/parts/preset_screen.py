"""What a screen says of itself to the app: its preset, and what can be opened from it."""

from pathlib import Path
from typing import ClassVar

from textual.screen import Screen

from aetui.config.preset import Preset


class PresetScreen(Screen[None]):
    """A screen with a preset at hand: the calculator opens on its model, the gallery on its data set."""

    OPENS: ClassVar[frozenset[str]] = frozenset({"calculator", "gallery"})
    """The app's actions that are offered on this screen."""

    data_dir: Path
    """Where the preset's data set is, or is downloaded to."""

    @property
    def preset(self) -> Preset | None:
        """None where none is chosen, or the one that is cannot be read."""
        raise NotImplementedError
