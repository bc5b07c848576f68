"""The line of keys: what it offers, and that nothing of closed dialogs stays."""

import gc
from collections import Counter

from screen_text import text_of
from textual._styles_cache import StylesCache
from textual.widgets._footer import FooterKey


async def test_dialogs_opened_and_closed_leave_nothing_behind(app, scripted):
    async with app(watch=scripted()).run_test(size=(140, 40)) as pilot:
        counts = []
        for _ in range(12):
            await pilot.press("question_mark", "escape")
            await pilot.pause()
            gc.collect()
            counts.append(Counter(map(type, gc.get_objects())))
        for kept in (FooterKey, StylesCache):
            assert counts[-1][kept] < counts[0][kept] + 30


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
