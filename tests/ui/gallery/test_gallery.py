"""The gallery, driven by keys; most of it on images made for the purpose."""

import asyncio
import re
import subprocess
import sys

import psutil
import pytest
from gallery_app import press, shown, title_of
from screen_text import text_of
from textual.binding import Binding

from aetui.text import safe_text
from aetui.ui.app import AetuiApp
from aetui.ui.gallery.dialogs import JumpScreen
from aetui.ui.gallery.image_screen import ImageScreen
from aetui.ui.gallery.pixel_values import PixelValues
from aetui.ui.gallery.screen import GalleryScreen
from aetui.ui.pictures.picture_grid import PictureGrid


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (200, 60)])
async def test_a_page_of_images_with_their_labels(fake, gallery, size):
    async with gallery(size) as pilot:
        count = shown(pilot)
        assert 16 <= count <= 64
        assert title_of(pilot) == f"made up · test · all labels · images #0–#{count - 1} of 100 · #0: cat"
        assert all(caption in text_of(pilot) for caption in ("#0: cat", "#1: dog", "#2: owl", "#15: cat"))


async def test_pages_turn_and_the_last_one_is_full(fake, gallery):
    async with gallery() as pilot:
        count = shown(pilot)
        await press(pilot, "n")
        assert f"images #{count}–#{2 * count - 1} of 100 · " in title_of(pilot)
        await press(pilot, "b", "pageup")
        assert f"images #0–#{count - 1} of 100 · #0: cat" in title_of(pilot)
        await press(pilot, *["pagedown"] * (100 // count + 3))
        assert f"images #{100 - count}–#99 of 100" in title_of(pilot)
        assert shown(pilot) == count


async def test_arrows_choose_an_image_and_turn_the_page_at_its_edge(fake, gallery):
    async with gallery() as pilot:
        grid = pilot.app.screen.query_one(PictureGrid)
        count, across = shown(pilot), grid.across
        await press(pilot, "left", "up")
        assert title_of(pilot).endswith("#0: cat")
        await press(pilot, "right", "down")
        assert grid.chosen == across + 1
        assert f" #{across + 1}: " in title_of(pilot)
        assert len(pilot.app.screen._client.asked) == 1
        await press(pilot, *["down"] * (count // across))
        assert f"images #{count}–" in title_of(pilot)
        assert f" #{1 + across * (1 + count // across)}: " in title_of(pilot)
        await press(pilot, "up", "up")
        assert f"images #0–#{count - 1} " in title_of(pilot)


async def test_every_wait_says_what_for_and_the_newest_request_wins(fake, gallery):
    fake.gate = asyncio.Event()
    async with gallery() as pilot:
        assert "reading images: 5 of 9 [/x]" in text_of(pilot)
        await press(pilot, "n", "enter", "f", "j", "right")
        assert isinstance(pilot.app.screen, GalleryScreen)
        fake.gate.set()
        await pilot.pause()
        fake.gate.clear()
        asked = pilot.app.screen._client.asked
        asked.clear()
        await press(pilot, "t", "t", "t")
        assert asked == [("train", None, 0)]
        fake.gate.set()
        await pilot.pause()
        assert asked == [("train", None, 0)]
        assert "train · all labels" in title_of(pilot)
        fake.gate.clear()
        await press(pilot, "t", "t", "t", "t")
        fake.gate.set()
        await pilot.pause()
        assert f"train · all labels · images #0–#{shown(pilot) - 1} of 1,000 · #0: cat" in title_of(pilot)


async def test_an_error_stands_in_the_panel_and_the_next_key_tries_again(fake, gallery):
    fake.error = "MNIST is not in /data. Fetch it with: aetui data get mnist [/x]\x1b"
    async with gallery() as pilot:
        assert "Fetch it with: aetui data get mnist [/x]␛" in text_of(pilot)
        await press(pilot, "n", "right", "enter", "f", "j")
        assert isinstance(pilot.app.screen, GalleryScreen)
        fake.error = ""
        await press(pilot, "t")
        assert "made up · train" in title_of(pilot)
        count = shown(pilot)
        fake.error = "The process has ended"
        await press(pilot, "n")
        assert "The process has ended" in text_of(pilot)
        assert title_of(pilot) == ""
        fake.error = ""
        await press(pilot, "b")
        assert f"train · all labels · images #{count}–#{2 * count - 1} " in title_of(pilot)
        assert shown(pilot) == count


@pytest.mark.parametrize(
    "name", ["[/x][@click=app.quit]", "\x1b[31m\x1b]0;x\x07\u202eevil\x00日本語👩\udcff"]
)
async def test_names_of_any_kind_are_shown_literally(fake, gallery, name):
    fake.title, fake.classes = name, (name, name, name)
    async with gallery((140, 40)) as pilot:
        for keys in ((), ("f",), ("down", "enter"), ("enter",)):
            await press(pilot, *keys)
            text = text_of(pilot)
            assert not any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in text.replace("\n", ""))
            assert "\u202e" not in text
            assert safe_text(name)[:8] in text


async def test_without_pictures_there_are_lines_and_values(fake, gallery):
    async with gallery(protocol="off") as pilot:
        assert "images #0–#20 of 100 · #0: cat" in title_of(pilot)
        await press(pilot, "n", "down", "enter")
        assert "made up · #22: dog" in title_of(pilot)
        assert "row 4, column 4: 22" in text_of(pilot)


async def test_any_size(fake, gallery):
    async with gallery() as pilot:
        for size in [(1, 1), (20, 5), (49, 13), (50, 14), (300, 100)]:
            await press(pilot, "right", "down", "down")
            await pilot.resize_terminal(*size)
            await press(pilot, "n", "enter")
            await pilot.resize_terminal(80, 24)
            await press(pilot, "escape")
            grid = pilot.app.screen.query_one(PictureGrid)
            assert grid.chosen is not None
            assert grid.chosen < grid.shown


async def test_images_that_could_not_be_read_are_named(fake, gallery):
    fake.warnings = ("1 of 7 image files could not be read: [/x].png.",)
    async with gallery() as pilot:
        (notice,) = pilot.app._notifications
        assert (notice.message, notice.markup) == (fake.warnings[0], False)


async def test_leaving_closes_the_samples(fake, gallery):
    async with gallery() as pilot:
        samples = pilot.app.screen._client
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, GalleryScreen)
        assert samples.closed


async def test_generated_digits_from_the_real_process(gallery):
    async with gallery() as pilot:
        assert "loading PyTorch and the data …" in text_of(pilot)
        while not title_of(pilot):
            await pilot.pause(0.05)
        assert title_of(pilot).startswith("generated digits · test · all labels · images #0–")
        await press(pilot, "f", "down", "down", "enter")
        while "label 1" not in title_of(pilot):
            await pilot.pause(0.05)
        assert re.search(r"of 200 · #\d+: 1$", title_of(pilot))
        assert psutil.Process().children()
        await press(pilot, "g")
        while psutil.Process().children():
            await pilot.pause(0.05)


def test_keys_have_ids_and_tooltips_and_no_two_meanings():
    for owner in (GalleryScreen, JumpScreen, ImageScreen, PixelValues):
        bindings = [binding for binding in owner.BINDINGS if isinstance(binding, Binding)]
        assert all(binding.id and binding.tooltip for binding in bindings)
        keys = [key for binding in (*bindings, *AetuiApp.BINDINGS) for key in binding.key.split(",")]
        twice = {key for key in keys if keys.count(key) > 1}
        assert twice <= {"g"}, "g opens the gallery and closes it"


def test_the_gallery_loads_no_numpy_and_no_torch():
    code = "import sys, aetui.ui.gallery.screen; print({'numpy', 'torch', 'PIL'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "set()"
