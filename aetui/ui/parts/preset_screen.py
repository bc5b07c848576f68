"""What a screen says of itself to the app: its preset, and what can be opened from it."""

from pathlib import Path
from typing import ClassVar

from textual.geometry import Size
from textual.screen import Screen

from aetui.config.preset import Preset


class PresetScreen(Screen[None]):
    """A screen with a preset at hand: the calculator opens on its model, the gallery on its data set."""

    OPENS: ClassVar[frozenset[str]] = frozenset({"calculator", "gallery"})
    """The app's actions that are offered on this screen."""

    edits_layers: ClassVar[bool] = False
    """Whether the calculator opens on the preset's own layers, and what is made of them is taken."""
    data_dir: Path
    """Where the preset's data set is, or is downloaded to."""

    @property
    def preset(self) -> Preset | None:
        """None where none is chosen, or the one that is cannot be read."""
        raise NotImplementedError

    def take_layers(self, encoder: str, decoder: str) -> None:
        """Layers, separated by commas, that the calculator has made of the preset's."""

    def _screen_resized(self, size: Size) -> None:
        """Lay out anew, in the app's name.

        In Textual (8.2) the screen on top does so for those below, and idle widgets there keep the last
        message they handled, with its sender: a closed monitor, and its history, would be held for good.
        """
        with self.app._context():
            super()._screen_resized(size)
