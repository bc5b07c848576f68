"""What a terminal gets of a grid of pictures."""

import base64
import io
import re

import numpy as np
import pyte
import pytest
from PIL import Image
from sixel_decoder import decode
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Footer, Label

from aetui.pictures.halfblocks import MOST_ERROR
from aetui.pictures.layout import arrange, real_pixels
from aetui.terminal.choice import Choice, Protocol
from aetui.ui.terminal_graphics import SixelGraphics, TerminalGraphics
from aetui.ui.widgets.picture_grid import OFF, PictureGrid

RANDOM = np.random.default_rng(0)
CELL = (6, 12)
SIXEL = re.compile(r"\x1b7\x1b\[(\d+);(\d+)H(\x1bP[^\x1b]*\x1b\\)\x1b8")
KITTY = re.compile(r"\x1b_Ga=(\w)[^;\x1b]*?,i=(\d+)")


@pytest.fixture(autouse=True)
def _a_terminal_with_all_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


class Host(App[None]):
    """An app that keeps what it writes, like a terminal with scrollback."""

    CSS = "PictureGrid { border: round white; } .hidden { display: none; }"

    def __init__(self, protocol: Protocol) -> None:
        super().__init__()
        self._protocol = protocol
        self.frames: list[str] = []

    def compose(self) -> ComposeResult:
        yield PictureGrid(Choice(self._protocol, "asked for", CELL))
        yield Footer()

    def on_mount(self) -> None:
        self._driver.write = self.frames.append

    def _display(self, screen, renderable) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.frames.append(renderable.render_segments(self.console))
        super()._display(screen, renderable)

    @property
    def grid(self) -> PictureGrid:
        return self.screen_stack[0].query_one(PictureGrid)


class Dialog(ModalScreen[None]):
    def compose(self) -> ComposeResult:
        yield Label("a dialog")


def images(count: int, channels: int = 1, size: int = 28, top: int = 256) -> np.ndarray:
    return RANDOM.integers(0, top, (count, size, size, channels), dtype=np.uint8)


def enlarged(image: np.ndarray, times: int) -> np.ndarray:
    return image.repeat(times, axis=0).repeat(times, axis=1)


async def settled(pilot: Pilot[None]) -> str:
    """All that has been written since the last call, when nothing more is to come."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    written = "".join(pilot.app.frames)
    pilot.app.frames.clear()
    return written


# ── cells ──────────────────────────────────────────────────────────────────


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


# ── pixels ─────────────────────────────────────────────────────────────────


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
        assert encoded[-1] is shown[-1]
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


# ── anything ───────────────────────────────────────────────────────────────


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
