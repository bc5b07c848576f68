"""Presets are explained before they are started, mistakes in them too."""

from pathlib import Path

import pytest
from screen_text import text_of
from textual.widgets import OptionList

from aetui.ui.menu.preset_list import offered_presets
from aetui.ui.menu.screen import MenuScreen


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (200, 60)])
async def test_the_menu_explains_a_preset_before_it_is_started(app, size):
    async with app().run_test(size=size) as pilot:
        await pilot.press(*["down"] * 4)
        await pilot.pause()
        text = text_of(pilot)
        for words in ("mnist-conv", "to download", "11.6 MB", "conv 16 k3 s2 p1", "64x1x1", "210k"):
            assert words in text, words


async def test_the_menu_says_which_host_answers_or_that_none_does(app, answering):
    async with app().run_test(size=(140, 40)) as pilot:
        await pilot.press(*["down"] * 4)
        while "from a.example" not in text_of(pilot):
            await pilot.pause(0.02)
        await pilot.press("end", "up")
        while "cannot be reached now" not in text_of(pilot):
            await pilot.pause(0.02)
        assert "generated shapes" in text_of(pilot)


async def test_a_preset_with_mistakes_is_listed_with_them(app, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text('# Mine.\n[data]\nname = "mnits"\n[model]\nencoder = ["[/x]"]\n')
    async with app().run_test(size=(140, 40)) as pilot:
        choices = pilot.app.screen.query_one(OptionList)
        choices.highlighted = choices.get_option_index("preset:mine.toml")
        await pilot.pause()
        text = text_of(pilot)
        assert "mine (own)" in text
        assert "did you mean mnist?" in text
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MenuScreen)


def test_presets_that_lead_in_circles_and_folders_that_may_not_be_entered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    (tmp_path / "mine.toml").write_text("[model]")
    assert [one.listed.name for one in offered_presets() if one.own] == ["mine"]

    glob = Path.glob

    def refused(path: Path, pattern: str):
        if not path.is_absolute():
            raise PermissionError(13, "Permission denied", str(path))
        return glob(path, pattern)

    monkeypatch.setattr(Path, "glob", refused)
    assert not [one for one in offered_presets() if one.own]
