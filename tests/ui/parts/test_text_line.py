"""Keys that arrive together are taken in their order."""

import pytest
from textual import events
from textual.widgets import Input

from aetui.ui.menu.screen import MenuScreen

CHARACTERS = {"backspace": "\x7f", "slash": "/", "enter": "\r"}


def arrived(pilot, *names: str) -> None:
    """All at once, as a slow line brings them."""
    for name in names:
        pilot.app.post_message(events.Key(name, CHARACTERS.get(name, name if len(name) == 1 else None)))


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["4", "5", "backspace", "7"], "47"),
        (["4", "5", "left", "7"], "475"),
        (["4", "5", "backspace", "backspace", "2", "0"], "20"),
        (["4", "home", "7", "end", "8"], "748"),
    ],
)
async def test_a_letter_never_overtakes_another_key(app, keys, value):
    async with app().run_test() as pilot:
        await pilot.press("k")
        await pilot.pause()
        arrived(pilot, *keys)
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == value


KEYS = [[], ["tab"], ["e"], ["g"], ["k", "4"], ["slash"], ["question_mark", "escape"]]


@pytest.mark.parametrize("keys", KEYS)
async def test_ctrl_c_leaves_wherever_nothing_is_selected(app, keys):
    """Textual has it copy what is selected, on every screen and in every line."""
    leaving = app()
    async with leaving.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert leaving._exit


async def test_ctrl_c_leaves_the_palette(app):
    async with app().run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p", "t", "ctrl+c")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MenuScreen)


async def test_ctrl_c_copies_what_is_selected_in_a_line(app):
    copying = app()
    async with copying.run_test() as pilot:
        await pilot.press("k")
        await pilot.pause()
        await pilot.press("4", "5", "shift+left", "ctrl+c")
        await pilot.pause()
        assert copying.clipboard == "5"
        assert "Copied what is selected." in [note.message for note in copying._notifications][-1]
        assert not copying._exit


async def test_what_comes_with_the_key_that_leads_to_a_line_goes_into_it(app):
    async with app().run_test() as pilot:
        await pilot.pause()
        arrived(pilot, "slash", "v", "i", "t")
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "vit"
        await pilot.press("escape", "e")
        await pilot.pause()
        arrived(pilot, "enter", "x", "y")
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "xy"


async def test_what_comes_with_the_key_that_leaves_a_line_is_no_letter_of_it(app, started):
    async with app().run_test() as pilot:
        await pilot.pause()
        await pilot.press("e")
        await pilot.pause()
        arrived(pilot, *["down"] * 12, "enter", "9", "7", "backspace", "enter", "s")
        await pilot.pause()
        (folder,) = started
    assert "epochs = 9\n" in folder.config.read_text()
