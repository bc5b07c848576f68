"""One image of the gallery full screen, with its values."""

import numpy as np
from gallery_app import press, shown, title_of
from screen_text import text_of

from aetui.terminal.choice import Choice
from aetui.ui.gallery.image_screen import ImageScreen
from aetui.ui.gallery.pixel_values import PixelValues
from aetui.ui.pictures.picture_grid import PictureGrid


async def test_one_image_full_screen_with_its_values(fake, gallery):
    fake.channels = 3
    async with gallery((120, 30)) as pilot:
        await press(pilot, "right", "right", "enter")
        assert isinstance(pilot.app.screen, ImageScreen)
        assert title_of(pilot) == "made up · #2: owl · 8x8 · RGB: min 2 · mean 2.0 · max 2"
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


async def test_the_images_before_and_after(fake, gallery):
    async with gallery((120, 30)) as pilot:
        count = shown(pilot)
        await press(pilot, "enter", "b", "n", "up")
        assert title_of(pilot) == "made up · #1: dog · 8x8 · min 1 · mean 1.0 · max 1"
        assert "row 3, column 4: 1" in text_of(pilot)
        await press(pilot, *["n"] * count, "pageup")
        assert f"#{count}: " in title_of(pilot)
        assert f"row 3, column 4: {count}" in text_of(pilot)
        await press(pilot, "escape")
        assert title_of(pilot).endswith(f"images #{count}–#{2 * count - 1} of 100 · #{count}: cat")
        await press(pilot, "left")
        assert title_of(pilot).endswith(f" · #{count - 1}: owl")


async def test_the_footer_names_the_arrows(fake, gallery):
    async with gallery() as pilot:
        await press(pilot, "enter")
        footer = text_of(pilot).split("\n")[-1]
        assert all(words in footer for words in ("←→↑↓ Move ", "c Channel ", "n Next ", "b Back ")), footer
