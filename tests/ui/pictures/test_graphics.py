"""What a terminal with sixel or kitty graphics gets of a grid of pictures."""

import base64
import io
import re

import numpy as np
import pytest
from picture_host import CELL, Dialog, Host, enlarged, images, settled
from PIL import Image
from sixel_decoder import decode

from aetui.pictures.layout import arrange, real_pixels
from aetui.terminal.choice import Protocol
from aetui.ui.pictures.graphics import SixelGraphics, TerminalGraphics

SIXEL = re.compile(r"\x1b7\x1b\[(\d+);(\d+)H(\x1bP[^\x1b]*\x1b\\)\x1b8")
KITTY = re.compile(r"\x1b_Ga=(\w)[^;\x1b]*?,i=(\d+)")


@pytest.fixture(autouse=True)
def _a_terminal_with_all_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


async def test_sixels_decode_to_the_pictures() -> None:
    async with Host("sixel").run_test(size=(60, 40)) as pilot:
        grid = pilot.app.grid
        await settled(pilot)
        views = {"a": images(2, top=100), "b": images(2, top=100)}
        grid.show(views, ["one", "two"])
        written = await settled(pilot)
        layout = grid._layout
        bands = {place.row for sample in layout.samples for place in sample.views}
        drawn = {int(row): decode(sixels) for row, _, sixels in SIXEL.findall(written)}
        assert set(drawn) == {row + 2 for row in bands}
        times = layout.tile_width // 28
        for sample, places in enumerate(layout.samples):
            for view, place in zip(views.values(), places.views, strict=True):
                left = place.column * CELL[0]
                tile = drawn[place.row + 2][: layout.tile_height, left : left + layout.tile_width]
                assert np.abs(tile * 2.55 - enlarged(view[sample], times)).max() <= 2
        assert written.count("\x1bP") == len(bands)


async def test_sixels_come_and_go_with_the_screen() -> None:
    async with Host("sixel").run_test(size=(60, 40)) as pilot:
        grid = pilot.app.grid
        grid.show({"a": images(1)}, ["one"])
        await settled(pilot)
        pilot.app.push_screen(Dialog())
        assert "\x1bP" not in await settled(pilot)
        grid.show({"a": images(1)}, ["one"])
        assert "\x1bP" not in await settled(pilot)
        pilot.app.pop_screen()
        assert "\x1bP" in await settled(pilot)
        grid.add_class("hidden")
        assert "\x1bP" not in await settled(pilot)
        grid.remove_class("hidden")
        assert "\x1bP" in await settled(pilot)
        grid.clear("nothing")
        assert "\x1bP" not in await settled(pilot)


@pytest.mark.parametrize("protocol", ["sixel", "kitty"])
async def test_under_a_dialog_half_blocks_stand_in_for_graphics(protocol: Protocol) -> None:
    async with Host(protocol).run_test(size=(60, 40)) as pilot:
        grid = pilot.app.grid
        grid.show({"a": images(1), "b": images(1)}, ["one"])
        await settled(pilot)
        lines = [grid.render_line(y).text.rstrip() for y in range(1, 12)]
        assert not any(lines)
        pilot.app.push_screen(Dialog())
        await settled(pilot)
        assert all("▀" in grid.render_line(y).text for y in range(1, 12))
        pilot.app.pop_screen()
        written = await settled(pilot)
        assert ("\x1bP" if protocol == "sixel" else "\x1b_G") in written
        assert not any(grid.render_line(y).text.rstrip() for y in range(1, 12))


@pytest.mark.parametrize("height", range(30, 36))
async def test_toasts_are_not_drawn_over(height: int) -> None:
    async with Host("sixel").run_test(size=(60, height), notifications=True) as pilot:
        grid = pilot.app.grid
        grid.show({"a": images(1)}, ["one"])
        await settled(pilot)
        for number in range(3):
            pilot.app.notify(f"toast {number}")
        await settled(pilot)
        grid.refresh()
        assert "\x1bP" not in await settled(pilot)
        pilot.app.clear_notifications()
        assert "\x1bP" in await settled(pilot)


async def test_only_the_newest_picture_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = []
    encode = TerminalGraphics.encode
    monkeypatch.setattr(
        TerminalGraphics, "encode", lambda *args: encoded.append(args[1]["a"]) or encode(*args)
    )
    async with Host("sixel").run_test(size=(60, 40)) as pilot:
        await settled(pilot)
        shown = [images(1) for _ in range(6)]
        for view in shown:
            pilot.app.grid.show({"a": view}, ["one"])
        written = await settled(pilot)
        assert len(encoded) <= 2
        assert np.shares_memory(encoded[-1], shown[-1])
        assert written.count("\x1bP") == 1


def kitty_actions(written: str) -> list[tuple[str, str]]:
    """Action and image number of every command but the chunks after a first."""
    return KITTY.findall(written.replace("d=I,", ""))


async def test_kitty_images_decode_to_the_pictures() -> None:
    async with Host("kitty").run_test(size=(60, 40)) as pilot:
        view = images(1, channels=3)
        pilot.app.grid.show({"a": view}, ["one"])
        written = await settled(pilot)
        payload = "".join(re.findall(r"\x1b_G(?:a=t|q)[^;]*;([^\x1b]*)\x1b", written))
        with Image.open(io.BytesIO(base64.b64decode(payload))) as image:
            sent = np.asarray(image)
        layout = pilot.app.grid._layout
        tile = enlarged(view[0], layout.tile_width // 28)
        assert np.array_equal(sent[: layout.tile_height, : layout.tile_width], tile)
        assert f"c={layout.tile_columns},r={layout.tile_rows}," in written


async def test_kitty_images_are_sent_once_placed_again_and_deleted() -> None:
    async with Host("kitty").run_test(size=(60, 40)) as pilot:
        grid = pilot.app.grid
        await settled(pilot)
        first, second = images(1), images(1)
        grid.show({"a": first}, ["one"])
        [(_, number), *_] = sent = kitty_actions(await settled(pilot))
        assert sent == [("t", number), ("p", number)]
        grid.refresh()
        assert kitty_actions(await settled(pilot)) == [("p", number)]
        grid.show({"a": second}, ["one"])
        [(_, other), *_] = sent = kitty_actions(await settled(pilot))
        assert sent == [("t", other), ("p", other), ("d", number)]
        pilot.app.push_screen(Dialog())
        assert kitty_actions(await settled(pilot)) == [("d", other)]
        pilot.app.pop_screen()
        assert kitty_actions(await settled(pilot))[:2] == [("t", other), ("p", other)]
        grid.add_class("hidden")
        assert kitty_actions(await settled(pilot)) == [("d", other)]
        grid.remove_class("hidden")
        assert ("p", other) in kitty_actions(await settled(pilot))
        await pilot.resize_terminal(50, 20)
        resized = kitty_actions(await settled(pilot))
        assert resized[0] == ("d", other)
        assert resized[-1][0] == "p"
        grid.clear("nothing")
        assert kitty_actions(await settled(pilot)) == [("d", resized[-1][1])]
        grid.show({"a": first}, ["one"])
        [*_, (_, last)] = kitty_actions(await settled(pilot))
        await grid.remove()
        assert kitty_actions(await settled(pilot)) == [("d", last)]


def test_a_band_wider_than_xterm_takes_is_sent_in_parts():
    images = np.arange(20 * 56 * 56, dtype=np.uint32).astype(np.uint8).reshape(20, 56, 56, 1)
    surface = real_pixels(8, 15)
    layout = arrange(150, 8, surface, (56, 56), 1, 20)
    graphics = SixelGraphics((8, 15))
    [band] = graphics.encode({"sample": images}, layout, (0, 0, 0))
    assert band.columns * 8 > 1000
    sizes = [re.search(r'"1;1;(\d+);(\d+)', sequence).groups() for _, sequence in band.parts]
    assert all(int(side) <= 1000 for size in sizes for side in size)
    assert [offset for offset, _ in band.parts] == [(0, 0), (125, 0)]
    decoded = [decode(sequence) for _, sequence in band.parts]
    assert sum(part.shape[1] for part in decoded) == band.columns * 8
