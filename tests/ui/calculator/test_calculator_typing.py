"""Typing in the shape calculator: its line, and what was typed before."""

import asyncio

import pytest
from calculator_pilot import LINE, calculator, footer_of, line_of, said, type_text
from screen_text import text_of
from textual import events

from aetui.ui.app import AetuiApp
from aetui.ui.calculator.chain_line import ChainLine
from aetui.ui.calculator.chain_table import ChainTable
from aetui.ui.calculator.screen import CalculatorScreen
from aetui.ui.parts.help_screen import HelpScreen

TYPED = "1x28x28 conv 16 k3 s2 p1, relu, flatten, linear 10"


async def test_the_row_under_the_cursor_of_the_line_is_the_chosen_one(tmp_path):
    async with calculator(tmp_path) as pilot:
        await type_text(pilot, "28 relu, tanh")
        table = pilot.app.screen.query_one(ChainTable)
        assert table.row == 2
        await pilot.press(*["left"] * 7)
        assert table.row == 1
        await pilot.press("home")
        assert table.row == 0


async def test_pasted_code_of_many_lines_is_read(tmp_path):
    async with calculator(tmp_path) as pilot:
        await type_text(pilot, "1x28x28 ")
        code = "from torch import nn\nm = nn.Sequential(\n  nn.Conv2d(1, 16, 3),  # first\n  nn.ReLU(),\n)\n"
        pilot.app.screen.query_one(ChainLine).post_message(events.Paste(code))
        await pilot.pause()
        assert "1x28x28 → 16x26x26" in text_of(pilot)


async def test_typing_at_fifty_layers_answers_in_the_next_frame(monkeypatch, tmp_path):
    fifty = "1x28x28 " + ", ".join(["conv 16 k3 p1", "relu"] * 25)
    frames: list[object] = []
    display = AetuiApp._display
    monkeypatch.setattr(AetuiApp, "_display", lambda *args: (display(*args), frames.append(args)))
    async with calculator(tmp_path, fifty, (140, 40)) as pilot:
        await pilot.press("end")
        await pilot.pause()
        for key in ["backspace", "u"] * 5:
            frames.clear()
            pilot.app.post_message(events.Key(key, key if key == "u" else None))
            while not frames:
                await asyncio.sleep(0)
            assert ("'rel' is not a layer" in text_of(pilot)) == (key == "backspace")
            await pilot.pause()


@pytest.mark.parametrize("line", ["", LINE])
async def test_what_is_typed_right_after_opening_is_the_chain(tmp_path, line):
    async with calculator(tmp_path, line) as pilot:
        await type_text(pilot, TYPED)
        assert line_of(pilot) == TYPED
        assert "1x28x28 → 10" in text_of(pilot)
        assert pilot.left == []


@pytest.mark.parametrize("line", ["", LINE])
async def test_keys_that_come_before_it_is_shown_are_text_too(tmp_path, line):
    async with calculator(tmp_path) as pilot:
        app = pilot.app
        app.push_screen(CalculatorScreen(tmp_path / "runs", None, line))
        for letter in "28 kut":
            app.post_message(events.Key("space" if letter == " " else letter, letter))
        await pilot.pause()
        assert line_of(pilot) == "28 kut"
    assert not list(tmp_path.glob("*.toml"))


async def test_without_a_focus_no_letter_acts(tmp_path):
    async with calculator(tmp_path, LINE) as pilot:
        pilot.app.screen.set_focus(None)
        await pilot.press("u", "t", "i")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CalculatorScreen)
        assert not said(pilot)
    assert not list(tmp_path.glob("*.toml"))


@pytest.mark.parametrize("keys", ["right", "left", "end", "home"])
async def test_arrows_keep_the_text_that_is_selected_at_first(tmp_path, keys):
    async with calculator(tmp_path, LINE) as pilot:
        await pilot.press(keys, "backspace")
        assert line_of(pilot) in (LINE, LINE[:-1])


async def test_letters_typed_in_a_hurry_do_nothing_to_the_training_below(app, scripted):
    async with app(watch=scripted()).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        stack = pilot.app.screen_stack
        for letter in "k" + TYPED.replace(" ", "").replace(",", ""):
            pilot.app.post_message(events.Key(letter, letter))
        await pilot.pause()
        await pilot.pause()
        assert isinstance(pilot.app.screen, CalculatorScreen)
        assert pilot.app.screen_stack[:-1] == stack
        assert not said(pilot)


async def test_escape_leaves_an_untouched_line_and_an_edited_one_for_its_rows(tmp_path):
    async with calculator(tmp_path, LINE) as pilot:
        assert "esc Back" in footer_of(pilot)
        await type_text(pilot, "28 relu")
        assert "esc Rows" in footer_of(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.focused, ChainTable)
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.left == ["28 relu"]
    async with calculator(tmp_path, LINE) as pilot:
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.left == [LINE]


async def test_slash_leads_from_the_rows_to_typing(tmp_path):
    async with calculator(tmp_path, LINE, in_rows=True) as pilot:
        await pilot.press("slash")
        await type_text(pilot, "7 relu/")
        assert line_of(pilot) == "7 relu/"


async def test_a_digit_in_the_rows_changes_nothing(tmp_path):
    async with calculator(tmp_path, LINE, in_rows=True) as pilot:
        await pilot.press("5", "down", "right", "5")
        assert line_of(pilot) == LINE


async def test_an_added_row_that_is_left_empty_leaves_no_comma(tmp_path):
    async with calculator(tmp_path, "1x28x28 conv 16 k3, relu", in_rows=True) as pilot:
        await pilot.press("a", "escape")
        assert line_of(pilot) == "1x28x28 conv 16 k3, relu"


async def test_the_footer_promises_only_what_works_while_typing(tmp_path):
    async with calculator(tmp_path, LINE) as pilot:
        footer = footer_of(pilot)
        for words in ("⏎ Rows", "^t Take", "^z Undo", "esc Back", "f1 Help", "^q Quit"):
            assert words in footer
        assert not {" t ", " q ", "? ", " / ", " f "} & {footer[i : i + 3] for i in range(len(footer))}
        await pilot.press("f1")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpScreen)
        assert "on to the rows" in text_of(pilot)


async def test_a_line_that_goes_on_beyond_an_end_is_marked_there(tmp_path):
    async with calculator(tmp_path, "28 " + "relu, " * 30 + "tanh") as pilot:
        assert text_of(pilot).splitlines()[1].endswith("… │")
        assert text_of(pilot).splitlines()[1].startswith("│ 28")
        await pilot.press("end")
        await pilot.pause()
        assert text_of(pilot).splitlines()[1].startswith("│ …")
        assert text_of(pilot).splitlines()[1].rstrip("│ ").endswith("tanh")
        await pilot.press(*["ctrl+left"] * 20)
        await pilot.pause()
        assert text_of(pilot).splitlines()[1].count("…") == 2


async def test_ctrl_z_takes_back_changes_of_the_rows_one_by_one(tmp_path):
    async with calculator(tmp_path, LINE, in_rows=True) as pilot:
        lines = [LINE]
        for keys in (["end", "d"], ["K"], ["end", "right", "up", "up"]):
            await pilot.press(*keys)
            await pilot.pause()
            lines.append(line_of(pilot))
        assert len(set(lines)) == 4
        for line in reversed(lines[:-1]):
            await pilot.press("ctrl+z")
            await pilot.pause()
            assert line_of(pilot) == line
        assert "1x28x28 → 32x7x7" in text_of(pilot)
        assert pilot.app.screen.query_one(ChainTable).row == 3
        await pilot.press("ctrl+z")
        assert line_of(pilot) == LINE
        assert "nothing to undo" in said(pilot)


async def test_ctrl_z_takes_back_typing_word_by_word_and_a_replaced_line(tmp_path):
    async with calculator(tmp_path, LINE) as pilot:
        await type_text(pilot, "28 relu, tanh")
        steps = []
        for _ in range(4):
            await pilot.press("ctrl+z")
            steps.append(line_of(pilot))
        assert steps[-1] == LINE
        assert steps[0] == "28 relu,"
        assert pilot.app.screen.query_one(ChainLine).has_focus


async def test_a_pasted_model_class_becomes_layers_and_what_is_not_followed_is_said(tmp_path):
    code = (
        "class Net(nn.Module):\n  def __init__(self):\n    self.a = nn.Conv2d(1, 8, 3)\n"
        "  def forward(self, x):\n    x = F.relu(self.a(x))\n    return x + x\n"
    )
    async with calculator(tmp_path, "1x28x28 ") as pilot:
        pilot.app.screen.query_one(ChainLine).post_message(events.Paste(code.replace("\n", "\r")))
        await pilot.pause()
        assert line_of(pilot) == "1x28x28 conv 8 k3, relu"
        assert "line 6: 'x + x' joins two ways of the data" in said(pilot)


async def test_a_batch_in_front_of_the_size_is_taken_off_where_the_pasted_layers_tell(tmp_path):
    async with calculator(tmp_path, "64x3x32x32") as pilot:
        pilot.app.screen.query_one(ChainLine).post_message(events.Paste("m = nn.Conv2d(3, 8, 3)\n"))
        await pilot.pause()
        line = pilot.app.screen.query_one(ChainLine)
        line.value = "64x3x32x32"
        line.select_all()
        line.post_message(events.Paste("m = nn.Conv2d(3, 8, 3)\n"))
        await pilot.pause()
        assert line_of(pilot) == "3x32x32 conv 8 k3"
        assert "64x3x32x32 has the batch in front" in said(pilot)
