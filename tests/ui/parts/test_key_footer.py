"""The line of keys forgets the keys it had."""

import gc

from textual.widgets._footer import FooterKey


async def test_dialogs_opened_and_closed_leave_no_keys_behind(app, scripted):
    async with app(watch=scripted()).run_test(size=(140, 40)) as pilot:
        counts = []
        for _ in range(12):
            await pilot.press("question_mark", "escape")
            await pilot.pause()
            gc.collect()
            counts.append(sum(isinstance(thing, FooterKey) for thing in gc.get_objects()))
        assert counts[-1] < counts[0] + 30
