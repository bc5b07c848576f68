"""The shape calculator's screen, driven by keys."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.pictures.halfblocks import MOST_ERROR
from aetui.pictures.sheet import Sample, Sheet, to_png
from aetui.ui.app import AetuiApp
from aetui.ui.screens.calculator import CalculatorScreen
from aetui.ui.screens.inverse import InverseScreen
from aetui.ui.settings import Settings
from aetui.ui.widgets.chain_line import ChainLine
from aetui.ui.widgets.chain_table import ChainTable
from aetui.ui.widgets.field_drawing import FRAME
from aetui.ui.widgets.window_drawing import WindowDrawing

LINE = "1x28x28 conv 16 k3 s2 p1, relu, conv 32 k3 s2 p1"
SIZES = [(80, 24), (140, 40)]


@pytest.fixture
def calculator(tmp_path, monkeypatch) -> Callable[..., object]:
    """The app with the calculator on top; the working folder is empty and nothing plays."""
    monkeypatch.chdir(tmp_path)

    @asynccontextmanager
    async def opened(line="", size=(80, 24), preset=None):
        app = AetuiApp(Settings(tmp_path / "runs", tmp_path / "data"))
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            left: list[str | None] = []
            app.push_screen(CalculatorScreen(tmp_path / "runs", preset, line), left.append)
            await pilot.pause()
            pilot.left = left
            yield pilot

    return opened


def text_of(pilot: Pilot[None]) -> str:
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def line_of(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one(ChainLine).value


def said(pilot: Pilot[None]) -> str:
    """What the notices say."""
    return "\n".join(notice.message for notice in pilot.app._notifications)


async def type_text(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*({" ": "space", ",": "comma"}.get(char, char) for char in text))
    await pilot.pause()


def colours_of(pilot: Pilot[None], words: str) -> set[str]:
    """The colours in which these words stand on the screen."""
    return {
        segment.style.color.name
        for strip in pilot.app.screen._compositor.render_strips()
        for segment in strip
        if words in segment.text and segment.style and segment.style.color
    }


@pytest.mark.parametrize("size", SIZES)
async def test_results_come_as_you_type(calculator, size):
    async with calculator(size=size) as pilot:
        assert "Type a size and layers" in text_of(pilot)
        await type_text(pilot, "1x9x9 conv 4 k3")
        assert "4x7x7" in text_of(pilot)
        await type_text(pilot, ", maxpool k2")
        text = text_of(pilot)
        for words in ("1x9x9 → 4x3x3", "40", "1.76k", "4x4", "1x1", "40 parameters, 1.76k MACs"):
            assert words in text, words


@pytest.mark.parametrize("size", SIZES)
async def test_a_row_that_cannot_be_is_red_with_its_reason_and_mended_by_the_up_key(calculator, size):
    async with calculator("1x7x7 conv 8 k9, relu, tanh", size) as pilot:
        text = " ".join(text_of(pilot).split())
        assert "✗ a kernel over 9 does not fit into 7 → use k7 or smaller, or p1 or" in text
        normal = colours_of(pilot, "1x7x7")
        assert colours_of(pilot, "conv 8 k9") - normal == colours_of(pilot, "✗")
        assert len(colours_of(pilot, "tanh") - normal - colours_of(pilot, "✗")) == 1
        await pilot.press("down", "right", "right", "right", "right", "up")
        await pilot.pause()
        assert line_of(pilot) == "1x7x7 conv 8 k9 p1, relu, tanh"
        assert "✗" not in text_of(pilot)
        assert "1x7x7 → 8x1x1" in text_of(pilot)
        await pilot.press("left", "left", "down", "escape", "down")
        await pilot.pause()
        assert line_of(pilot) == "1x7x7 conv 8 k8 p1, relu, tanh"
        assert pilot.app.screen.query_one(ChainTable).row == 2


async def test_rows_are_edited_added_moved_and_deleted(calculator):
    async with calculator(LINE) as pilot:
        await pilot.press("end", "enter")
        await type_text(pilot, "linear 5")
        assert line_of(pilot) == "1x28x28 conv 16 k3 s2 p1, relu, linear 5"
        await pilot.press("enter", "a")
        await type_text(pilot, "tanh")
        assert line_of(pilot).endswith("linear 5, tanh")
        await pilot.press("down", "K", "K", "J")
        await pilot.pause()
        assert line_of(pilot) == "1x28x28 conv 16 k3 s2 p1, relu, tanh, linear 5"
        await pilot.press("home", "a")
        await type_text(pilot, "gelu")
        assert line_of(pilot).startswith("1x28x28 gelu, conv")
        await pilot.press("enter", "d", "d")
        await pilot.pause()
        assert line_of(pilot) == "1x28x28 relu, tanh, linear 5"
        await pilot.press("home", "d")
        assert line_of(pilot) == "1x28x28 relu, tanh, linear 5"


async def test_the_row_under_the_cursor_of_the_line_is_the_chosen_one(calculator):
    async with calculator() as pilot:
        await type_text(pilot, "28 relu, tanh")
        table = pilot.app.screen.query_one(ChainTable)
        assert table.row == 2
        await pilot.press(*["left"] * 7)
        assert table.row == 1
        await pilot.press("home")
        assert table.row == 0


async def test_pasted_code_of_many_lines_is_read(calculator):
    async with calculator() as pilot:
        await type_text(pilot, "1x28x28 ")
        code = "from torch import nn\nm = nn.Sequential(\n  nn.Conv2d(1, 16, 3),  # first\n  nn.ReLU(),\n)\n"
        pilot.app.screen.query_one(ChainLine).post_message(events.Paste(code))
        await pilot.pause()
        assert "1x28x28 → 16x26x26" in text_of(pilot)


async def test_the_inverse_replaces_the_options_of_the_row(calculator):
    async with calculator(LINE) as pilot:
        await pilot.press("end", "i")
        await pilot.pause()
        assert isinstance(pilot.app.screen, InverseScreen)
        assert [field.value for field in pilot.app.screen.query(Input)] == ["14x14", "7x7"]
        assert pilot.app.focused.id == "to"
        await pilot.press("ctrl+u")
        await type_text(pilot, "5x5")
        await pilot.press("enter", "down", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CalculatorScreen)
        assert line_of(pilot).startswith("1x28x28 conv 16 k3 s2 p1, relu, conv 32 k")
        assert "1x28x28 → 32x5x5" in text_of(pilot)


@pytest.mark.parametrize("sizes", ["", "0", "28x", "9999999", "1x2x3x4", "-3", "[/x]"])
async def test_sizes_that_are_none_are_said_in_the_inverse(calculator, sizes):
    async with calculator("28 convt 1 k3") as pilot:
        await pilot.press("end", "i")
        await pilot.pause()
        pilot.app.screen.query_one("#to", Input).value = sizes
        await pilot.pause()
        assert "write" in text_of(pilot)
        assert not pilot.app.screen.query_one(OptionList).option_count
        await pilot.press("escape")
        await pilot.pause()
        assert line_of(pilot) == "28 convt 1 k3"


async def test_the_inverse_is_asked_of_convolutions_alone(calculator):
    async with calculator(LINE) as pilot:
        await pilot.press("i")
        await pilot.pause()
        assert "conv or a convt" in said(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_chosen_preset_is_taken_and_used_as_a_new_one(calculator, size, tmp_path):
    preset = read_preset(find_preset("digits-conv"))
    async with calculator(size=size, preset=preset) as pilot:
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert "1x28x28 → 1x28x28, back at its size" in text_of(pilot)
        await pilot.press("down", "right", "up", "escape", "u", "u")
        await pilot.pause()
        assert f"{tmp_path / 'my-digits-conv-2.toml'}\nIt trains as it is." in said(pilot)
    for number in (1, 2):
        made = read_preset(tmp_path / f"my-digits-conv-{number}.toml")
        assert made.model.encoder == ["conv 17 k3 s2 p1", *preset.model.encoder[1:]]
        assert made.model.decoder == preset.model.decoder


async def test_without_a_preset_or_with_a_mistake_a_word_is_said(calculator, tmp_path):
    async with calculator("28 conv 1 k99") as pilot:
        await pilot.press("t", "u")
        await pilot.pause()
        assert "Choose a preset in the menu first" in said(pilot)
        assert "mend the red row first" in said(pilot)
    assert not list(tmp_path.glob("*.toml"))


async def test_escape_leaves_and_hands_the_line_back(calculator):
    async with calculator(LINE) as pilot:
        await pilot.press("end", "d", "escape")
        await pilot.pause()
        assert pilot.left == ["1x28x28 conv 16 k3 s2 p1, relu"]


async def test_the_windows_are_stepped_through_by_keys(calculator):
    async with calculator("7 conv 1 k3 s2 p1 d2") as pilot:
        await pilot.press("end", "tab")
        await pilot.pause()
        assert "output 1 of 3 reads inputs 2 to 4, every 2nd and 1 of padding" in text_of(pilot)
        await pilot.press("right")
        await pilot.pause()
        assert "output 2 of 3 reads inputs 2 to 6, every 2nd" in text_of(pilot)
        await pilot.press("left", "left")
        await pilot.pause()
        assert "output 3 of 3" in text_of(pilot)


async def test_the_windows_play_only_where_animations_are_on(calculator, monkeypatch):
    monkeypatch.setattr("aetui.ui.widgets.window_drawing.STEP_SECONDS", 0.01)
    async with calculator("1x4x4 conv 1 k3", (140, 40)) as pilot:
        await pilot.press("end")
        await pilot.pause(0.1)
        assert "rows: output 1 of 2 reads inputs 1 to 3" in text_of(pilot)
        assert "columns: output 1 of 2" in text_of(pilot)
        pilot.app.animation_level = "full"
        while "rows: output 2 of 2" not in text_of(pilot):
            await pilot.pause(0.01)
        await pilot.press("tab", "space")
        held = text_of(pilot)
        await pilot.pause(0.1)
        assert text_of(pilot) == held


@pytest.mark.parametrize(
    "line",
    ["", "[/x]", "28 [@click=app.quit]", "28 [bold", "3x9x9 conv 1 [/x", "\x1b[31m relu", "28 \u202eevil"],
)
async def test_text_of_any_kind_is_shown_literally(calculator, line):
    async with calculator(line, (140, 40)) as pilot:
        for key in ("end", "right", "up", "i", "escape"):
            text = text_of(pilot)
            assert not any(ord(char) < 32 for char in text.replace("\n", ""))
            assert "\u202e" not in text
            await pilot.press(key)
            await pilot.pause()


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (49, 13), (50, 14), (120, 14), (500, 200)])
async def test_any_size(calculator, size):
    async with calculator(LINE, size) as pilot:
        await pilot.press("end", "tab", "right", "i")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()


def test_every_key_has_an_id_and_a_tooltip():
    for owner in (CalculatorScreen, ChainTable, ChainLine, WindowDrawing, InverseScreen):
        for binding in owner.BINDINGS:
            assert binding.id, binding
            assert binding.tooltip, binding


async def test_the_footer_fits_the_narrow_screen(calculator):
    async with calculator(LINE) as pilot:
        footer = text_of(pilot).splitlines()[-1]
        for words in ("Value", "Edit", "Add", "Del", "Inverse", "Field", "Take", "Use", "Back", "Help"):
            assert words in footer


async def test_typing_at_fifty_layers_answers_in_the_next_frame(calculator, monkeypatch):
    fifty = "1x28x28 " + ", ".join(["conv 16 k3 p1", "relu"] * 25)
    frames: list[object] = []
    display = AetuiApp._display
    monkeypatch.setattr(AetuiApp, "_display", lambda *args: (display(*args), frames.append(args)))
    async with calculator(fifty, (140, 40)) as pilot:
        pilot.app.screen.query_one(ChainLine).focus()
        await pilot.pause()
        for key in ["backspace", "u"] * 5:
            frames.clear()
            pilot.app.post_message(events.Key(key, key if key == "u" else None))
            while not frames:
                await asyncio.sleep(0)
            assert ("'rel' is not a layer" in text_of(pilot)) == (key == "backspace")
            await pilot.pause()


async def test_the_receptive_field_is_drawn_on_a_picture_of_a_run(calculator, tmp_path):
    folder = tmp_path / "runs" / "20260101-000000-x-aaaa" / "previews"
    folder.mkdir(parents=True)
    async with calculator("1x28x28 conv 16 k5 s2 p2, conv 1 k3 s3", (140, 40)) as pilot:
        await pilot.press("end", "f")
        await pilot.pause()
        assert "No picture of 1x28x28 yet" in text_of(pilot)
        image = np.full((1, 28, 28, 1), 200, np.uint8)
        sheet = Sheet({"original": image, "reconstruction": image}, (Sample(0, "7"),))
        (folder / "epoch_0001.png").write_bytes(to_png(sheet))
        await pilot.press("f", "f")
        await pilot.pause()
        drawing = pilot.app.screen.query_one(WindowDrawing)
        assert "output 1, 1 depends on 9x9 pixels" in text_of(pilot)
        drawing.focus()
        await pilot.press("down", "right")
        await pilot.pause()
        assert "output 2, 2 depends on 9x9 pixels" in text_of(pilot)
        drawn = drawing.render().split("\n")
        framed = [_runs_in_frame(line) for line in drawn[1:29]]
        # output 2 starts at 1 * jump 6 - padding 2: rows and columns 4 to 12, drawn twice as large
        assert [cells for cells in framed if cells] == [18, *[4] * 7, 18]


def _runs_in_frame(line):
    """Cells of a line with about the frame's colour above or below."""
    return sum(span.end - span.start for span in line.spans if any(map(_is_frame, _colours(span.style))))


def _colours(style):
    return [colour.triplet for colour in (style.color, style.bgcolor) if colour]


def _is_frame(colour):
    return all(abs(one - other) <= MOST_ERROR for one, other in zip(colour, FRAME, strict=True))
