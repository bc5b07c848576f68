"""An app with one grid of pictures, that keeps all it writes."""

import numpy as np
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Footer, Label

from aetui.terminal.choice import Choice, Protocol
from aetui.ui.pictures.picture_grid import PictureGrid

RANDOM = np.random.default_rng(0)
CELL = (6, 12)


class Host(App[None]):
    """An app that keeps what it writes, like a terminal with scrollback."""

    CSS = "PictureGrid { border: round white; } .hidden { display: none; }"

    def __init__(self, protocol: Protocol) -> None:
        super().__init__()
        self._protocol = protocol
        self.frames: list[str] = []

    def compose(self) -> ComposeResult:
        yield PictureGrid(Choice(self._protocol, "asked for", CELL))
        yield Footer()

    def on_mount(self) -> None:
        self._driver.write = self.frames.append

    def _display(self, screen, renderable) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.frames.append(renderable.render_segments(self.console))
        super()._display(screen, renderable)

    @property
    def grid(self) -> PictureGrid:
        return self.screen_stack[0].query_one(PictureGrid)


class Dialog(ModalScreen[None]):
    def compose(self) -> ComposeResult:
        yield Label("a dialog")


def images(count: int, channels: int = 1, size: int = 28, top: int = 256) -> np.ndarray:
    return RANDOM.integers(0, top, (count, size, size, channels), dtype=np.uint8)


def enlarged(image: np.ndarray, times: int) -> np.ndarray:
    return image.repeat(times, axis=0).repeat(times, axis=1)


async def settled(pilot: Pilot[None]) -> str:
    """All that has been written since the last call, when nothing more is to come."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    written = "".join(pilot.app.frames)
    pilot.app.frames.clear()
    return written
