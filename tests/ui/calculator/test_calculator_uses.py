"""What the shape calculator is asked: the inverse, a preset taken, a preset written."""

import pytest
from calculator_pilot import LINE, SIZES, calculator, line_of, said, type_text
from screen_text import text_of
from textual.widgets import Input, OptionList

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.ui.calculator.inverse_screen import InverseScreen
from aetui.ui.calculator.screen import CalculatorScreen


async def test_the_inverse_replaces_the_options_of_the_row(tmp_path):
    async with calculator(tmp_path, LINE, in_rows=True) as pilot:
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
async def test_sizes_that_are_none_are_said_in_the_inverse(sizes, tmp_path):
    async with calculator(tmp_path, "28 convt 1 k3", in_rows=True) as pilot:
        await pilot.press("end", "i")
        await pilot.pause()
        pilot.app.screen.query_one("#to", Input).value = sizes
        await pilot.pause()
        assert "write" in text_of(pilot)
        assert not pilot.app.screen.query_one(OptionList).option_count
        await pilot.press("escape")
        await pilot.pause()
        assert line_of(pilot) == "28 convt 1 k3"


async def test_the_inverse_is_asked_of_convolutions_alone(tmp_path):
    async with calculator(tmp_path, LINE, in_rows=True) as pilot:
        await pilot.press("i")
        await pilot.pause()
        assert "conv or a convt" in said(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_chosen_preset_is_taken_and_used_as_a_new_one(size, tmp_path):
    preset = read_preset(find_preset("digits-conv"))
    async with calculator(tmp_path, size=size, preset=preset) as pilot:
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert "1x28x28 → 1x28x28, back at its size" in text_of(pilot)
        await pilot.press("down", "right", "up", "escape", "u")
        await pilot.pause()
        start = "Start it from the menu or with:\naetui --preset my-digits-conv-1.toml"
        assert said(pilot) == f"A new preset: my-digits-conv-1.toml\n{start}"
        await pilot.press("u")
        await pilot.pause()
        assert f"This preset is here already: my-digits-conv-1.toml\n{start}" in said(pilot)
        await pilot.press("right", "up", "u")
        await pilot.pause()
    assert sorted(path.name for path in tmp_path.glob("*.toml")) == [
        f"my-digits-conv-{n}.toml" for n in (1, 2)
    ]
    for number in (1, 2):
        made = read_preset(tmp_path / f"my-digits-conv-{number}.toml")
        assert made.model.encoder == [f"conv {16 + number} k3 s2 p1", *preset.model.encoder[1:]]
        assert made.model.decoder == preset.model.decoder


async def test_without_a_preset_or_with_a_mistake_a_word_is_said(tmp_path):
    async with calculator(tmp_path, "28 conv 1 k99", in_rows=True) as pilot:
        await pilot.press("t", "u")
        await pilot.pause()
        assert "Choose a preset in the menu first" in said(pilot)
        assert "mend the red row first" in said(pilot)
    assert not list(tmp_path.glob("*.toml"))


@pytest.mark.parametrize("line", ["28 conv 1 k99", "1x28x28 relu", "2x28x28 conv 1 k3"])
async def test_notices_begin_with_a_capital_letter(tmp_path, line):
    async with calculator(tmp_path, line, in_rows=True) as pilot:
        await pilot.press("u")
        await pilot.pause()
        assert [notice.message[0].isupper() for notice in pilot.app._notifications] == [True]


async def test_a_preset_that_cannot_be_written_is_a_sentence(tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("aetui.ui.calculator.preset_files.write_whole", full)
    async with calculator(tmp_path, LINE, in_rows=True) as pilot:
        await pilot.press("u")
        await pilot.pause()
        assert f"Cannot write {tmp_path / 'my-digits-conv-1.toml'}: No space left on device" in said(pilot)
