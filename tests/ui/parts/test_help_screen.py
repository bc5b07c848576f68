"""The help: every key of the screen below it."""

import pytest
from screen_text import text_of

from aetui.ui.monitor.screen import MonitorScreen
from aetui.ui.parts.help_screen import HelpScreen


@pytest.mark.parametrize("leave", ["escape", "ctrl+c"])
async def test_help_lists_every_key_of_the_screen_below(leave, app, scripted):
    async with app(watch=scripted()).run_test(size=(140, 80)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpScreen)
        text = text_of(pilot)
        for binding in MonitorScreen.BINDINGS:
            assert (binding.tooltip in text) == (binding.action not in ("resume", "repair")), binding
        assert "  Pictures are drawn as half-blocks" in text
        await pilot.press(leave)
        await pilot.pause()
        assert isinstance(pilot.app.screen, MonitorScreen)
