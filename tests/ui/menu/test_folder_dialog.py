"""Where the images are is asked for, where the preset's folder is not there."""

from screen_text import text_of
from textual.widgets import Input, OptionList

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs.listing import list_runs
from aetui.ui.menu.folder_dialog import FolderScreen
from aetui.ui.menu.screen import MenuScreen


async def test_a_preset_on_a_folder_that_is_not_there_asks_for_one(app, started, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my pictures" / "of cats").mkdir(parents=True)
    (tmp_path / "my pictures" / "of cats" / "one.PNG").touch()
    (tmp_path / "empty" / ".hidden").mkdir(parents=True)
    async with app().run_test(size=(80, 24)) as pilot:
        choices = pilot.app.screen.query_one(OptionList)
        choices.highlighted = choices.get_option_index(f"preset:{find_preset('folder-conv')}")
        await pilot.pause()
        assert "Enter asks for" in text_of(pilot)
        await pilot.press("enter", "escape")
        assert isinstance(pilot.app.screen, MenuScreen)
        await pilot.press("enter", *"nowhere", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, FolderScreen)
        assert "There is no folder nowhere." in text_of(pilot)
        assert text_of(pilot).splitlines()[-1].split() == ["esc", "Cancel"]
        pilot.app.screen.query_one(Input).value = "empty"
        await pilot.press("enter")
        assert "There are no images in empty." in text_of(pilot)
        pilot.app.screen.query_one(Input).value = " my pictures"
        await pilot.press("enter")
        while not started:
            await pilot.pause(0.02)
    assert read_preset(started[0].config).data.path == str(tmp_path / "my pictures")
    assert len(list_runs(tmp_path / "runs")) == 1


async def test_of_shards_a_folder_of_shards_is_asked_for(app, tmp_path):
    chosen = []
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "one.png").touch()
    (tmp_path / "shards" / "train").mkdir(parents=True)
    (tmp_path / "shards" / "train" / "one.tar").touch()
    async with app().run_test(size=(80, 24)) as pilot:
        pilot.app.push_screen(FolderScreen("shards"), chosen.append)
        await pilot.pause()
        pilot.app.screen.query_one(Input).value = str(tmp_path / "images")
        await pilot.press("enter")
        assert "There are no shards in" in text_of(pilot)
        pilot.app.screen.query_one(Input).value = str(tmp_path / "shards")
        await pilot.press("enter")
        await pilot.pause()
    assert chosen == [str(tmp_path / "shards")]
