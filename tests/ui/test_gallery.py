"""The gallery, driven by keys; most of it on images made for the purpose."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import asynccontextmanager

import numpy as np
import psutil
import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input, Static

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import AetuiError
from aetui.terminal.choice import Choice
from aetui.text import safe_text
from aetui.ui.app import AetuiApp
from aetui.ui.samples import DataFacts, Page
from aetui.ui.screens import gallery as gallery_module
from aetui.ui.screens.gallery import GalleryScreen
from aetui.ui.screens.gallery_dialogs import JumpScreen, LabelScreen
from aetui.ui.screens.image import ImageScreen
from aetui.ui.settings import Settings
from aetui.ui.widgets.picture_grid import PictureGrid
from aetui.ui.widgets.pixel_values import PixelValues

TOTALS = {"train": 1000, "test": 100}


class FakeSamples:
    """Image n of a set has label n % 3 and pixels of value n % 256."""

    title = "made up"
    classes = ("cat", "dog", "owl")
    channels = 1
    warnings = ()
    error = ""
    gate: asyncio.Event | None = None

    def __init__(self, preset, data_dir) -> None:
        self.asked: list[tuple] = []
        self.closed = False

    async def open(self, on_activity):
        on_activity("reading images: 5 of 9 [/x]")
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise AetuiError(self.error)
        return DataFacts(self.title, self.classes, 1000, 100, (self.channels, 8, 8), self.warnings)

    async def page(self, split, label, first, count):
        self.asked.append((split, label, first))
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise AetuiError(self.error)
        matching = [n for n in range(TOTALS[split]) if label in (None, n % 3)]
        indices = tuple(matching[first : first + count])
        pixels = np.zeros((len(indices), 8, 8, self.channels), np.uint8)
        pixels[:] = (np.array(indices, int) % 256)[:, None, None, None]
        return Page(len(matching), indices, tuple(n % 3 for n in indices), pixels)

    async def close(self):
        self.closed = True


@pytest.fixture
def fake(monkeypatch) -> type[FakeSamples]:
    class Fake(FakeSamples):
        pass

    monkeypatch.setattr(gallery_module, "Samples", Fake)
    return Fake


@pytest.fixture
def gallery(tmp_path, monkeypatch) -> Callable[..., object]:
    """The app with the gallery on top."""
    monkeypatch.chdir(tmp_path)

    @asynccontextmanager
    async def opened(size=(80, 24), protocol="half"):
        settings = Settings(tmp_path / "runs", tmp_path / "data")
        app = AetuiApp(settings)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            preset = read_preset(find_preset("digits-mlp"))
            await app.push_screen(
                GalleryScreen(settings.data_dir, preset, Choice(protocol, "asked for", (10, 20)))
            )
            await pilot.pause()
            yield pilot

    return opened


def text_of(pilot: Pilot[None]) -> str:
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def title_of(pilot: Pilot[None]) -> str:
    return text_of(pilot).split("\n")[0].strip()


def shown(pilot: Pilot[None]) -> int:
    return pilot.app.screen.query_one(PictureGrid).shown


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (200, 60)])
async def test_a_page_of_images_with_their_labels(fake, gallery, size):
    async with gallery(size) as pilot:
        count = shown(pilot)
        assert 16 <= count <= 64
        assert title_of(pilot) == f"made up · test · all labels · images 1–{count} of 100 · #0: cat"
        assert all(caption in text_of(pilot) for caption in ("#0: cat", "#1: dog", "#2: owl", "#15: cat"))


async def test_pages_turn_and_the_last_one_is_full(fake, gallery):
    async with gallery() as pilot:
        count = shown(pilot)
        await press(pilot, "n")
        assert f"images {count + 1}–{2 * count} of 100 · " in title_of(pilot)
        await press(pilot, "b", "pageup")
        assert f"images 1–{count} of 100 · #0: cat" in title_of(pilot)
        await press(pilot, *["pagedown"] * (100 // count + 3))
        assert f"images {100 - count + 1}–100 of 100" in title_of(pilot)
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
        assert len(pilot.app.screen._samples.asked) == 1
        await press(pilot, *["down"] * (count // across))
        assert f"images {count + 1}–" in title_of(pilot)
        assert f" #{1 + across * (1 + count // across)}: " in title_of(pilot)
        await press(pilot, "up", "up")
        assert f"images 1–{count} " in title_of(pilot)


async def test_the_other_set_and_one_label_only(fake, gallery):
    async with gallery() as pilot:
        await press(pilot, "n", "t")
        assert "train · all labels · images 1–" in title_of(pilot)
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
        assert "all labels · images 1–" in title_of(pilot)


@pytest.mark.parametrize("key", ["j", "slash"])
async def test_jump_to_an_index(fake, gallery, key):
    async with gallery() as pilot:
        await press(pilot, "f", "down", "enter", key, *"55", "enter")
        assert title_of(pilot).endswith("#55: dog")
        assert "all labels · images 56–" in title_of(pilot)
        await press(pilot, key, *"99", "enter")
        assert title_of(pilot).endswith("#99: cat")
        assert "–100 of 100" in title_of(pilot)


async def test_a_jump_to_no_image(fake, gallery):
    async with gallery() as pilot:
        await press(pilot, "j")
        for typed in ("100", "-1", "", "x", "1.5", "9" * 30, "²", "[/x]\x1b"):
            pilot.app.screen.query_one(Input).value = typed
            await press(pilot, "enter")
            assert isinstance(pilot.app.screen, JumpScreen)
            wrong = str(pilot.app.screen.query_one("#wrong", Static).content)
            assert wrong == f"There is no image {typed!r}: write a number from 0 to 99."
        await press(pilot, "escape")
        assert title_of(pilot).endswith("#0: cat")


async def test_one_image_full_screen_with_its_values(fake, gallery):
    fake.channels = 3
    async with gallery((120, 30)) as pilot:
        await press(pilot, "right", "right", "enter")
        assert isinstance(pilot.app.screen, ImageScreen)
        assert title_of(pilot) == "made up · #2: owl · 8x8 · min 2 · mean 2.0 · max 2"
        assert pilot.app.screen.query_one(PictureGrid).shown == 1
        text = text_of(pilot)
        assert "values 0–255, red" in text
        assert "row 4, column 4: 2 2 2" in text
        assert text.count("  2") >= 64
        await press(pilot, "c", "up", "left", *["right"] * 9)
        assert "values 0–255, green" in text_of(pilot)
        assert "row 3, column 7: 2 2 2" in text_of(pilot)
        await press(pilot, "escape")
        assert title_of(pilot).endswith("#2: owl")


async def test_values_that_do_not_fit_follow_the_cursor(gallery, fake):
    image = (np.arange(100 * 200) % 251).astype(np.uint8).reshape(100, 200, 1)
    async with gallery() as pilot:
        await pilot.app.push_screen(ImageScreen(image, "large", Choice("half", "", (10, 20))))
        values = pilot.app.screen.query_one(PixelValues)
        for row, column in ((0, 0), (99, 199), (50, 100)):
            values.row, values.column = row, column
            await pilot.pause()
            text = text_of(pilot)
            assert f"row {row}, column {column}: {image[row, column, 0]}" in text
            line = next(line for line in text.split("\n") if f"│{row:5} " in line)
            assert f"{image[row, column, 0]:4}" in line


async def test_every_wait_says_what_for_and_the_newest_wish_wins(fake, gallery):
    fake.gate = asyncio.Event()
    async with gallery() as pilot:
        assert "reading images: 5 of 9 [/x]" in text_of(pilot)
        await press(pilot, "n", "enter", "f", "j", "right")
        assert isinstance(pilot.app.screen, GalleryScreen)
        fake.gate.set()
        await pilot.pause()
        fake.gate.clear()
        asked = pilot.app.screen._samples.asked
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
        assert "train · all labels · images 1–16 of 1,000 · #0: cat" in title_of(pilot)


async def test_an_error_stands_in_the_panel_and_the_next_key_tries_again(fake, gallery):
    fake.error = "MNIST is not in /data. Fetch it with: aetui data get mnist [/x]\x1b"
    async with gallery() as pilot:
        assert "Fetch it with: aetui data get mnist [/x]␛" in text_of(pilot)
        await press(pilot, "n", "right", "enter", "f", "j")
        assert isinstance(pilot.app.screen, GalleryScreen)
        fake.error = ""
        await press(pilot, "t")
        assert "made up · train" in title_of(pilot)
        fake.error = "The process has ended"
        await press(pilot, "n")
        assert "The process has ended" in text_of(pilot)
        assert title_of(pilot) == ""
        fake.error = ""
        await press(pilot, "b")
        assert "train · all labels · images 17–32" in title_of(pilot)
        assert shown(pilot) == 16


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
        assert "images 1–21 of 100 · #0: cat" in title_of(pilot)
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
        samples = pilot.app.screen._samples
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, GalleryScreen)
        assert samples.closed


async def test_generated_digits_from_the_real_process(gallery):
    async with gallery() as pilot:
        assert "loading PyTorch and the data …" in text_of(pilot)
        while not title_of(pilot):
            await pilot.pause(0.05)
        assert title_of(pilot).startswith("generated digits · test · all labels · images 1–")
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
    code = "import sys, aetui.ui.screens.gallery; print({'numpy', 'torch', 'PIL'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "set()"
