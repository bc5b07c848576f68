"""The app with the calculator on top, for tests that drive it by keys."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from aetui.config.preset import Preset
from aetui.ui.app import AetuiApp
from aetui.ui.calculator.chain_line import ChainLine
from aetui.ui.calculator.screen import CalculatorScreen
from aetui.ui.settings import Settings

LINE = "1x28x28 conv 16 k3 s2 p1, relu, conv 32 k3 s2 p1"
SIZES = [(80, 24), (140, 40)]


@asynccontextmanager
async def calculator(
    folder: Path,
    line: str = "",
    size: tuple[int, int] = (80, 24),
    preset: Preset | None = None,
    in_rows: bool = False,
) -> AsyncIterator[Pilot[None]]:
    """The calculator on that line in an empty working folder; nothing plays.

    `pilot.left` is what it handed back.
    """
    app = AetuiApp(Settings(folder / "runs", folder / "data"))
    app.animation_level = "none"
    with contextlib.chdir(folder):
        async with app.run_test(size=size) as pilot:
            pilot.left = []
            app.push_screen(CalculatorScreen(folder / "runs", preset, line), pilot.left.append)
            await pilot.pause()
            if in_rows:
                await pilot.press("enter")
                await pilot.pause()
            yield pilot


def line_of(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one(ChainLine).value


def said(pilot: Pilot[None]) -> str:
    """What the notices say."""
    return "\n".join(f"{notice.title}: {notice.message}" for notice in pilot.app._notifications)


def footer_of(pilot: Pilot[None]) -> str:
    return next(strip.text for strip in reversed(pilot.app.screen._compositor.render_strips()))


async def type_text(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*({" ": "space", ",": "comma"}.get(char, char) for char in text))
    await pilot.pause()
