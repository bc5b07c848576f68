"""A grid of pictures, and what a terminal without graphics gets of it."""

import gc
import weakref

import numpy as np
import pyte
import pytest
from picture_host import CELL, Dialog, Host, enlarged, images, settled
from textual.app import ComposeResult
from textual.screen import Screen

from aetui.pictures.halfblocks import MOST_ERROR
from aetui.terminal.choice import Choice, Protocol
from aetui.ui.pictures.picture_grid import OFF, PictureGrid


@pytest.fixture(autouse=True)
def _a_terminal_with_all_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


def shown_pixels(screen: pyte.Screen, column: int, row: int, columns: int, rows: int) -> np.ndarray:
    """Half blocks on the screen as pixels (2 * rows, columns, 3)."""
    pixels = np.zeros((2 * rows, columns, 3), int)
    for y in range(rows):
        for x in range(columns):
            cell = screen.buffer[row + y][column + x]
            assert cell.data in "▀ ", cell.data
            upper = cell.fg if cell.data == "▀" else cell.bg
            pixels[2 * y, x], pixels[2 * y + 1, x] = list(bytes.fromhex(upper)), list(bytes.fromhex(cell.bg))
    return pixels


@pytest.mark.parametrize("channels", [1, 3])
async def test_half_blocks_decode_to_the_pictures(channels: int) -> None:
    """At first, after changes, after a dialog and after the grid was hidden."""
    async with Host("half").run_test(size=(70, 40)) as pilot:
        screen = pyte.Screen(70, 40)
        stream = pyte.Stream(screen)
        size = 14
        views = {"original": images(3, channels, size), "reconstruction": images(3, channels, size)}

        async def compare() -> int:
            written = await settled(pilot)
            stream.feed(written)
            layout = pilot.app.grid._layout
            assert len(layout.samples) == 3
            for sample, places in enumerate(layout.samples):
                for view, place in zip(views.values(), places.views, strict=True):
                    source = enlarged(view[sample], layout.tile_width // size)
                    found = shown_pixels(
                        screen, place.column + 1, place.row + 1, layout.tile_columns, layout.tile_rows
                    )
                    assert np.abs(found - source.astype(int)).max() <= MOST_ERROR
            return len(written)

        grid = pilot.app.grid
        captions = ["one", "two", "three"]
        grid.show(views, captions)
        first = await compare()
        for _ in range(3):
            views["reconstruction"] = views["reconstruction"].copy()
            views["reconstruction"][1, 3:6, 5:9] = 255 - views["reconstruction"][1, 3:6, 5:9]
            grid.show(views, captions)
            assert await compare() < first / 8
        grid.screen.refresh()
        await compare()
        pilot.app.push_screen(Dialog())
        await settled(pilot)
        views["original"] = images(3, channels, size)
        grid.show(views, captions)
        assert pilot.app.screen is not grid.screen
        pilot.app.pop_screen()
        await compare()
        grid.add_class("hidden")
        views["original"] = images(3, channels, size)
        grid.show(views, captions)
        grid.remove_class("hidden")
        await compare()


async def test_half_blocks_change_around_a_toast() -> None:
    async with Host("half").run_test(size=(70, 19), notifications=True) as pilot:
        screen = pyte.Screen(70, 19)
        stream = pyte.Stream(screen)
        pilot.app.grid.show({"a": images(8, size=14)}, ["x"] * 8)
        stream.feed(await settled(pilot))
        pilot.app.notify("a toast")
        stream.feed(await settled(pilot))
        before = screen.display
        pilot.app.grid.show({"a": images(8, size=14)}, ["y"] * 8)
        stream.feed(await settled(pilot))
        assert "▀▀▀▀" in screen.display[16][:30]
        assert "▌ a toast     " in screen.display[16]
        assert screen.display[1] == before[1].replace("x", "y")


async def test_greys_are_palette_numbers() -> None:
    async with Host("half").run_test(size=(80, 30)) as pilot:
        pilot.app.grid.show({"a": images(1)}, [""])
        written = await settled(pilot)
        assert "38;5;" in written
        assert "48;5;" in written


async def test_ascii() -> None:
    async with Host("ascii").run_test(size=(80, 40)) as pilot:
        black, white = np.zeros((1, 12, 12, 1), np.uint8), np.full((1, 12, 12, 1), 255, np.uint8)
        pilot.app.grid.show({"a": black, "b": white}, ["caption"])
        lines = [pilot.app.grid.render_line(y).text for y in range(pilot.app.grid.size.height)]
        assert lines[0].startswith("caption ")
        assert lines[1].rstrip().endswith("@" * 24)
        assert set(lines[1]) == {" ", "@"}


@pytest.mark.parametrize("protocol", ["half", "ascii", "sixel", "kitty", "off"])
async def test_captions_are_literal_cut_and_highlighted(protocol: Protocol) -> None:
    async with Host(protocol).run_test(size=(100, 40)) as pilot:
        grid = pilot.app.grid
        grid.show({"a": images(3)}, ["[red]\x1b[31m", "数字" * 40, "plain"])
        await settled(pilot)
        text = "\n".join(grid.render_line(y).text for y in range(grid.size.height))
        assert "[red]␛[31m" in text
        assert "数字" in text
        assert all(grid.render_line(y).cell_length == grid.size.width for y in range(grid.size.height))
        if protocol == "off":
            assert text.startswith(OFF)
            return
        assert grid.shown == 3
        assert not [s for s in grid.render_line(0) if s.style and s.style.reverse]
        grid.chosen = 1
        await pilot.pause()
        assert [s.text[:2] for s in grid.render_line(0) if s.style and s.style.reverse] == ["数字"]


async def test_an_empty_grid_says_what_will_come() -> None:
    async with Host("half").run_test(size=(60, 20)) as pilot:
        grid = pilot.app.grid
        grid.clear("[b]Pictures[/x] come after the first epoch.")
        assert grid.render_line(0).text.startswith("[b]Pictures[/x] come after the first epoch.")
        grid.show({"a": images(4)}, ["x"] * 4)
        assert grid.shown == 4
        grid.clear("none\x1b")
        assert grid.render_line(0).text.strip() == "none␛"
        assert grid.shown == 0


@pytest.mark.parametrize("protocol", ["half", "ascii", "sixel", "kitty", "off"])
async def test_any_size(protocol: Protocol) -> None:
    async with Host(protocol).run_test(size=(40, 20)) as pilot:
        for size in ((1, 1), (2, 3), (3, 2), (200, 60), (17, 5), (4, 50), (120, 4)):
            await pilot.resize_terminal(*size)
            for count, channels, side in ((1, 1, 1), (16, 3, 8), (3, 1, 300)):
                view = images(count, channels, side)
                pilot.app.grid.show({"a": view, "b": view}, ["[x"] * count, count)
                await settled(pilot)
                assert pilot.app.grid.shown <= count


@pytest.mark.parametrize("protocol", ["half", "sixel"])
async def test_a_huge_picture(protocol: Protocol) -> None:
    async with Host(protocol).run_test(size=(80, 30)) as pilot:
        pilot.app.grid.show({"a": np.full((1, 4096, 4096, 3), 7, np.uint8)}, ["huge"])
        await settled(pilot)
        assert pilot.app.grid.shown == 1


class Closable(Screen[None]):
    def compose(self) -> ComposeResult:
        yield PictureGrid(Choice("half", "asked for", CELL))


async def test_a_screen_that_is_closed_takes_its_grid_along():
    """The app's signals hold all who listen until they are published next, which may be never."""
    async with Host("half").run_test(size=(70, 40)) as pilot:
        grids = []
        for _ in range(4):
            await pilot.app.push_screen(Closable())
            grid = pilot.app.screen.query_one(PictureGrid)
            grid.show({"original": images(2)}, ["one", "two"])
            await settled(pilot)
            grids.append(weakref.ref(grid))
            del grid
            await pilot.app.pop_screen()
        await pilot.pause()
        gc.collect()
        assert sum(grid() is not None for grid in grids) <= 1
