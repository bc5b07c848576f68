"""The app with the gallery on top, on images made for the purpose."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from screen_text import text_of
from textual.pilot import Pilot

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import AetuiError
from aetui.terminal.choice import Choice
from aetui.ui.app import AetuiApp
from aetui.ui.gallery import screen as gallery_module
from aetui.ui.gallery.image_client import DataFacts, Page
from aetui.ui.gallery.screen import GalleryScreen
from aetui.ui.pictures.picture_grid import PictureGrid
from aetui.ui.settings import Settings

Opener = Callable[..., AbstractAsyncContextManager[Pilot[None]]]

TOTALS = {"train": 1000, "test": 100}


class FakeSamples:
    """Image n of a set has label n % 3 and pixels of value n % 256."""

    title = "made up"
    classes = ("cat", "dog", "owl")
    channels = 1
    warnings = ()
    error = ""
    gate: asyncio.Event | None = None

    def __init__(self, preset, data_dir) -> None:
        self.asked: list[tuple] = []
        self.closed = False

    async def open(self, on_activity):
        on_activity("reading images: 5 of 9 [/x]")
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise AetuiError(self.error)
        return DataFacts(self.title, self.classes, 1000, 100, (self.channels, 8, 8), self.warnings)

    async def page(self, split, label, first, count):
        self.asked.append((split, label, first))
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise AetuiError(self.error)
        matching = [n for n in range(TOTALS[split]) if label in (None, n % 3)]
        indices = tuple(matching[first : first + count])
        pixels = np.zeros((len(indices), 8, 8, self.channels), np.uint8)
        pixels[:] = (np.array(indices, int) % 256)[:, None, None, None]
        return Page(len(matching), indices, tuple(n % 3 for n in indices), pixels)

    async def close(self):
        self.closed = True


def fake_samples(monkeypatch: pytest.MonkeyPatch) -> type[FakeSamples]:
    """A class of its own for a test to change; the gallery takes it for `ImageClient`."""

    class Fake(FakeSamples):
        pass

    monkeypatch.setattr(gallery_module, "ImageClient", Fake)
    return Fake


def gallery_in(folder: Path) -> Opener:
    """Opens the gallery of an app that keeps its files in a folder."""

    @asynccontextmanager
    async def opened(size: tuple[int, int] = (80, 24), protocol: str = "half") -> AsyncIterator[Pilot[None]]:
        settings = Settings(folder / "runs", folder / "data")
        app = AetuiApp(settings)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            preset = read_preset(find_preset("digits-mlp"))
            choice = Choice(protocol, "asked for", (10, 20))
            await app.push_screen(GalleryScreen(settings.data_dir, preset, choice))
            await pilot.pause()
            yield pilot

    return opened


def title_of(pilot: Pilot[None]) -> str:
    return text_of(pilot).split("\n")[0].strip()


def shown(pilot: Pilot[None]) -> int:
    return pilot.app.screen.query_one(PictureGrid).shown


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()
