"""The gallery by label and by index."""

import pytest
from gallery_app import press, shown, title_of
from screen_text import text_of
from textual.widgets import Input, OptionList, Static

from aetui.text import safe_text
from aetui.ui.gallery.dialogs import JumpScreen, LabelScreen


async def test_the_other_set_and_one_label_only(fake, gallery):
    async with gallery() as pilot:
        await press(pilot, "n", "t")
        assert "train · all labels · images #0–" in title_of(pilot)
        await press(pilot, "f")
        assert isinstance(pilot.app.screen, LabelScreen)
        assert all(name in text_of(pilot) for name in ("all labels", "cat", "dog", "owl"))
        await press(pilot, "down", "down", "enter")
        assert "train · label dog · images 1–" in title_of(pilot)
        assert "of 333 · #1: dog" in title_of(pilot)
        await press(pilot, "t")
        assert "test · label dog" in title_of(pilot)
        await press(pilot, "f", "escape")
        assert "test · label dog" in title_of(pilot)
        await press(pilot, "f", "enter")
        assert "test · all labels" in title_of(pilot)


async def test_a_label_without_images(fake, gallery):
    fake.classes = ("cat", "dog", "owl", "yak")
    async with gallery() as pilot:
        await press(pilot, "f", "up", "enter")
        assert title_of(pilot) == "made up · test · label yak"
        assert "no images with this label" in text_of(pilot)
        await press(pilot, "n", "right", "enter", "f", "enter")
        assert "all labels · images #0–" in title_of(pilot)


@pytest.mark.parametrize("key", ["j", "slash"])
async def test_jump_to_an_index(fake, gallery, key):
    async with gallery() as pilot:
        await press(pilot, "f", "down", "enter", key, *"55", "enter")
        assert title_of(pilot).endswith("#55: dog")
        first = 55 - 55 % shown(pilot)
        assert f"all labels · images #{first}–#{first + shown(pilot) - 1} of 100" in title_of(pilot)
        await press(pilot, key, *"99", "enter")
        assert title_of(pilot).endswith("#99: cat")
        assert f"images #{100 - shown(pilot)}–#99 of 100" in title_of(pilot)
        await press(pilot, key, *"3", "enter")
        assert title_of(pilot).endswith(f"images #0–#{shown(pilot) - 1} of 100 · #3: cat")


async def test_a_jump_to_no_image(fake, gallery):
    async with gallery() as pilot:
        await press(pilot, "j")
        for typed in ("100", "-1", "", "x", "1.5", "9" * 30, "²", "[/x]\x1b"):
            pilot.app.screen.query_one(Input).value = typed
            await press(pilot, "enter")
            assert isinstance(pilot.app.screen, JumpScreen)
            wrong = str(pilot.app.screen.query_one("#wrong", Static).content)
            assert wrong == f"There is no image {safe_text(typed)!r}: write a number from 0 to 99."
        await press(pilot, "escape")
        assert title_of(pilot).endswith("#0: cat")


async def test_typed_letters_find_a_label(fake, gallery):
    fake.classes = ("circle", "Cross", "quilt")
    async with gallery() as pilot:
        found = []
        await press(pilot, "f")
        for letter in "cryqc":
            await press(pilot, letter)
            found.append(pilot.app.screen.query_one(OptionList).highlighted)
        assert found == [1, 2, 2, 3, 1], "circle, Cross, nothing with y, quilt, circle"
        await press(pilot, "r", "enter")
        assert "label Cross" in title_of(pilot)


async def test_q_closes_the_labels_where_none_begins_with_it(fake, gallery):
    async with gallery() as pilot:
        await press(pilot, "f", "q")
        assert title_of(pilot).endswith("#0: cat")
