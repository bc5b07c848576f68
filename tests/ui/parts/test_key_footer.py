"""What dialogs had and drew is forgotten when they are closed."""

import gc

import pytest
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
