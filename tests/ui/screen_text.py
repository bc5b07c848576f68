"""What a screen shows, and waiting for it."""

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot


def text_of(pilot: Pilot[None]) -> str:
    """The screen as the terminal would get it; empty before it is laid out."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


async def until(pilot: Pilot[None], condition: Callable[[], object], seconds: float = 30) -> None:
    """Let the app go on until something is so. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await pilot.pause(0.02)
    await pilot.pause()
