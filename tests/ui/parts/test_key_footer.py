"""The line of keys: what it offers, and that nothing of closed dialogs stays."""

import gc

import pytest
from screen_text import text_of
from textual._styles_cache import StylesCache
from textual.widgets._footer import FooterKey


@pytest.mark.parametrize("kept", [FooterKey, StylesCache])
async def test_dialogs_opened_and_closed_leave_nothing_behind(app, scripted, kept):
    async with app(watch=scripted()).run_test(size=(140, 40)) as pilot:
        counts = []
        for _ in range(12):
            await pilot.press("question_mark", "escape")
            await pilot.pause()
            gc.collect()
            counts.append(sum(type(thing) is kept for thing in gc.get_objects()))
        assert counts[-1] < counts[0] + 30


async def test_keys_that_are_letters_of_the_line_are_not_offered(app):
    async with app().run_test(size=(140, 40)) as pilot:
        await pilot.press("tab")
        await pilot.pause()
        assert "q Quit" in text_of(pilot)
        await pilot.press("slash")
        await pilot.pause()
        shown = text_of(pilot).splitlines()[-1]
        assert "⏎ Keep esc As before" in shown
        assert not {"Quit", "Find", "Help"} & set(shown.split())
        await pilot.press("escape")
        await pilot.pause()
        assert "q Quit" in text_of(pilot)
