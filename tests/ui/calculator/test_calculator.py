"""The shape calculator's screen, driven by keys: its rows, its footer and its help."""

import re

import pytest
from calculator_pilot import LINE, SIZES, calculator, footer_of, line_of, said, type_text
from screen_text import text_of
from textual.pilot import Pilot

from aetui.ui.calculator.chain_line import ChainLine
from aetui.ui.calculator.chain_table import ChainTable
from aetui.ui.calculator.inverse_screen import InverseScreen
from aetui.ui.calculator.screen import CalculatorScreen
from aetui.ui.calculator.window_drawing import WindowDrawing


def colours_of(pilot: Pilot[None], words: str) -> set[str]:
    """The colours in which these words stand on the screen."""
    return {
        segment.style.color.name
        for strip in pilot.app.screen._compositor.render_strips()
        for segment in strip
        if words in segment.text and segment.style and segment.style.color
    }


@pytest.mark.parametrize("size", SIZES)
async def test_results_come_as_you_type(size, tmp_path):
    async with calculator(tmp_path, size=size) as pilot:
        assert "Type a size and layers" in text_of(pilot)
        await type_text(pilot, "1x9x9 conv 4 k3")
        assert "4x7x7" in text_of(pilot)
        await type_text(pilot, ", maxpool k2")
        text = text_of(pilot)
        for words in ("1x9x9 → 4x3x3", "40", "1.76k", "4x4", "1x1", "40 parameters, 1.76k MACs"):
            assert words in text, words


@pytest.mark.parametrize("size", SIZES)
async def test_a_row_that_cannot_be_is_red_with_its_reason_and_mended_by_the_up_key(size, tmp_path):
    async with calculator(tmp_path, "1x7x7 conv 8 k9, relu, tanh", size, in_rows=True) as pilot:
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


async def test_rows_are_edited_added_moved_and_deleted(tmp_path):
    async with calculator(tmp_path, LINE, in_rows=True) as pilot:
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


async def test_escape_leaves_and_hands_the_line_back(tmp_path):
    async with calculator(tmp_path, LINE, in_rows=True) as pilot:
        await pilot.press("end", "d", "escape")
        await pilot.pause()
        assert pilot.left == ["1x28x28 conv 16 k3 s2 p1, relu"]


@pytest.mark.parametrize(
    "line",
    ["", "[/x]", "28 [@click=app.quit]", "28 [bold", "3x9x9 conv 1 [/x", "\x1b[31m relu", "28 \u202eevil"],
)
async def test_text_of_any_kind_is_shown_literally(line, tmp_path):
    async with calculator(tmp_path, line, (140, 40), in_rows=True) as pilot:
        for key in ("end", "right", "up", "i", "escape"):
            text = text_of(pilot)
            assert not any(ord(char) < 32 for char in text.replace("\n", ""))
            assert "\u202e" not in text
            await pilot.press(key)
            await pilot.pause()


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (49, 13), (50, 14), (120, 14), (500, 200)])
async def test_any_size(size, tmp_path):
    async with calculator(tmp_path, LINE, size, in_rows=True) as pilot:
        await pilot.press("end", "tab", "right", "i")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()


def test_every_key_has_an_id_and_a_tooltip():
    for owner in (CalculatorScreen, ChainTable, ChainLine, WindowDrawing, InverseScreen):
        for binding in owner.BINDINGS:
            assert binding.id, binding
            assert binding.tooltip, binding


WORDS = ("Edit", "Type", "Add", "Del", "Value", "Inverse", "Use", "Back", "Help")


@pytest.mark.parametrize(
    ("size", "words", "elsewhere"),
    [
        ((80, 24), (*WORDS, "f Rec. field"), ("Undo", "Take", "Quit")),
        ((140, 40), (*WORDS, "f Receptive field", "^z Undo", "t Take", "q Quit"), ()),
    ],
)
async def test_the_footer_of_the_rows_fits_and_leads_to_typing(tmp_path, size, words, elsewhere):
    async with calculator(tmp_path, LINE, size, in_rows=True) as pilot:
        footer = footer_of(pilot)
        for word in words:
            assert word in footer
        for word in elsewhere:
            assert word not in footer
        await pilot.press("?")
        await pilot.resize_terminal(140, 60)
        await pilot.pause()
        for word in ("^z", "take the last change back", "leave; training"):
            assert word in text_of(pilot)


async def test_the_footer_follows_the_width(tmp_path):
    async with calculator(tmp_path, LINE, in_rows=True) as pilot:
        await pilot.resize_terminal(140, 40)
        await pilot.pause()
        assert "Receptive field" in footer_of(pilot)


async def test_no_letter_in_the_rows_reaches_the_training_below(app, scripted):
    async with app(watch=scripted()).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("k", "enter")
        line = line_of(pilot)
        await pilot.press("space", *"ceglmprsvwxzk")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CalculatorScreen)
        assert (line_of(pilot), said(pilot)) == (line, "")


async def test_the_help_shows_the_keys_of_the_footer(tmp_path):
    async with calculator(tmp_path, LINE, (140, 60), in_rows=True) as pilot:
        await pilot.press("?")
        await pilot.pause()
        keys = dict(re.findall(r"│ +([^│\s]+) [^│\n]* chain\.(\w+)", text_of(pilot)))
        assert {"d": "delete", "J": "down", "K": "up"}.items() <= keys.items()


@pytest.mark.parametrize("size", SIZES)
async def test_no_line_of_the_table_is_wasted_while_rows_are_hidden(tmp_path, size):
    line = "28 " + ", ".join(["relu"] * 60) + ", tanh"
    async with calculator(tmp_path, line, size) as pilot:
        await pilot.press("end")
        await pilot.pause()
        table = pilot.app.screen.query_one(ChainTable)
        assert "tanh" in table.render_line(table.size.height - 1).text
        await type_text(pilot, ", nothing")
        await pilot.press(*["backspace"] * len(", nothing"))
        await pilot.pause()
        assert "tanh" in table.render_line(table.size.height - 1).text
