"""The form of settings: typed values are read at once; what stands there is started, saved and copied."""

import shlex
from pathlib import Path

import pytest
from screen_text import text_of
from textual import events
from textual.widgets import Input

from aetui.config.fields import every_setting
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs import enqueue
from aetui.runs.folder import RunFolder
from aetui.runs.waiting import read_queue
from aetui.ui.app import AetuiApp
from aetui.ui.editor.screen import EditorScreen
from aetui.ui.editor.settings_list import NAME_CELLS, SettingsList

NAMES = {"-": "minus", ".": "full_stop", ",": "comma", " ": "space"}
"""Of keys, for the pilot."""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def opened(pilot, presses: int = 0) -> EditorScreen:
    """The editor on the menu's preset so many lines below the first."""
    await pilot.pause()
    await pilot.press(*["down"] * presses, "e")
    await pilot.pause()
    assert isinstance(pilot.app.screen, EditorScreen)
    return pilot.app.screen


async def go_to(pilot, screen: EditorScreen, key: str) -> None:
    settings = screen.query_one(SettingsList)
    settings.highlighted = settings.get_option_index(key)
    await pilot.pause()


async def typed(pilot, text: str) -> None:
    """Into the line, over what stands there."""
    await pilot.press("enter")
    await pilot.pause()
    await pilot.press(*(NAMES.get(letter, letter) for letter in text))
    await pilot.pause()


async def pasted(pilot, values: int) -> None:
    """So many values into the line, over what stands there."""
    await pilot.press("enter")
    await pilot.pause()
    pilot.app.focused.post_message(events.Paste(",".join(map(str, range(values)))))
    await pilot.pause()


async def test_a_mistake_is_told_beside_the_field_as_typed_and_nothing_starts(app, started):
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await go_to(pilot, screen, "train.epochs")
        await typed(pilot, "-3")
        assert "✗ expected greater than or equal" in text_of(pilot.app)
        await pilot.press("backspace", "backspace", "2", "0", "enter")
        await pilot.pause()
        assert screen.preset.train.epochs == 20
        await typed(pilot, "-3")
        await pilot.press("enter", "s")
        await pilot.pause()
        assert not started
        assert screen.preset is None
        await typed(pilot, "9")
        await pilot.press("escape")
        await pilot.pause()
        assert screen.preset is None, "giving up goes back to the value of before"


async def test_a_run_starts_with_what_was_changed_and_everything_else_as_it_was(app, started):
    async with app().run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot)
        for key, value in {
            "train.epochs": "3",
            "noise.std": "0.25",
            "--threads": "2",
            "name": "mine",
        }.items():
            await go_to(pilot, screen, key)
            await typed(pilot, value)
            await pilot.press("enter")
        await go_to(pilot, screen, "train.optimizer")
        await pilot.press("right")
        await go_to(pilot, screen, "augment.flip")
        await pilot.press("space", "backspace")
        await pilot.pause()
        assert "5 changed" in text_of(pilot.app)
        await pilot.press("s")
        await pilot.pause()
        (folder,) = started
    trained = read_preset(folder.config)
    assert (trained.name, trained.train.epochs, trained.noise.std) == ("mine", 3, 0.25)
    assert (trained.train.optimizer, trained.augment.flip) == ("adamw", False)
    assert trained.model == read_preset(find_preset("digits-mlp")).model
    assert folder.read_meta().threads == 2


async def test_several_values_make_a_run_of_each(app, monkeypatch, tmp_path):
    monkeypatch.setattr(enqueue, "start_worker", lambda *folders: None)
    async with app().run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot)
        for key, value in {"model.latent": "2,8", "train.seed": "0,1,1", "train.epochs": "3"}.items():
            await go_to(pilot, screen, key)
            await typed(pilot, value)
            await pilot.press("enter")
            await pilot.pause()
        assert "3 changed, 4 runs" in text_of(pilot)
        assert shlex.split(screen._draft.command)[1:] == [
            *("sweep", "digits-mlp", "--vary", "model.latent=2,8", "--vary", "train.seed=0,1"),
            *("--set", "train.epochs=3"),
        ]
        await pilot.press("w")
        await pilot.pause()
        assert not screen.query_one(Input).display, "a preset has one value each"
        await go_to(pilot, screen, "train.seed")
        await typed(pilot, "0,-1")
        assert "✗ expected greater than or equal" in text_of(pilot)
        await pilot.press("escape", "s")
        await pilot.pause()
        assert "4 runs wait in the queue" in [note.message for note in pilot.app._notifications][-1]
        assert not isinstance(pilot.app.screen, EditorScreen)
    waiting = [RunFolder(tmp_path / "runs" / name) for name in read_queue(tmp_path / "runs").waiting]
    trained = [read_preset(folder.config) for folder in waiting]
    assert [(one.model.encoder[-1], one.train.seed, one.train.epochs) for one in trained] == [
        ("linear 2", 0, 3),
        ("linear 2", 1, 3),
        ("linear 8", 0, 3),
        ("linear 8", 1, 3),
    ]


async def test_more_runs_than_the_screen_waits_for(app, tmp_path):
    async with app().run_test() as pilot:
        screen = await opened(pilot)
        for key, most in (("train.seed", 11), ("train.epochs", 10)):
            await go_to(pilot, screen, key)
            await pasted(pilot, most)
            await pilot.press("enter")
            await pilot.pause()
        await pilot.press("s")
        await pilot.pause()
        assert "110 runs are more than 100" in [note.message for note in pilot.app._notifications][-1]
        await go_to(pilot, screen, "train.seed")
        await pasted(pilot, 101)
        assert "101 values are more than 100" in text_of(pilot)
    assert not (tmp_path / "runs").exists()


async def test_another_kind_has_other_settings(app):
    async with app().run_test(size=(80, 50)) as pilot:
        screen = await opened(pilot, presses=2)
        ids = {option.id for option in screen.query_one(SettingsList).options}
        assert {"mask.ratio", "mask.patch"} <= ids
        assert not ids & {"noise.std", "finetune.drop_path", "model.vit.width"}
        await go_to(pilot, screen, "mask.ratio")
        await typed(pilot, "1.5")
        assert "✗ expected less than 1" in text_of(pilot.app)


async def test_a_saved_preset_trains_the_same_and_none_is_overwritten(app, here):
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await go_to(pilot, screen, "train.learning_rate")
        await typed(pilot, "0.01")
        await pilot.press("enter", "w")
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "my-digits-mlp.toml"
        await pilot.press("enter", "w", "enter")
        await pilot.pause()
        assert screen.query_one(Input).display, "the name is taken; another can be typed"
        expected = screen.preset
    saved = read_preset(here / "my-digits-mlp.toml")
    assert saved.model_copy(update={"name": expected.name}) == expected
    assert saved.name == "my-digits-mlp"


async def test_the_command_that_is_copied_trains_the_same(app, monkeypatch):
    copied = []
    monkeypatch.setattr(AetuiApp, "copy_to_clipboard", lambda self, text: copied.append(text))
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await go_to(pilot, screen, "model.decoder")
        await typed(pilot, "mirror")
        await pilot.press("enter")
        await go_to(pilot, screen, "--device")
        await pilot.press("right", "y")
        await pilot.pause()
    assert copied == ["aetui train digits-mlp --set model.decoder=mirror --device cpu"]


async def test_layers_are_edited_in_the_calculator_and_come_back(app):
    async with app().run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, presses=1)
        await pilot.press("k")
        await pilot.pause()
        line = pilot.app.screen.query_one(Input)
        line.value = line.value.replace("conv 16", "conv 24").replace("convt 16", "convt 24")
        await pilot.pause()
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert screen.preset.model.encoder[0] == "conv 24 k3 s2 p1"
        assert screen.preset.model.decoder[-1] == "sigmoid"
        assert "2 changed" in text_of(pilot.app)


async def test_a_preset_with_mistakes_is_mended_first_and_a_run_is_no_preset(app, here):
    (here / "broken.toml").write_text("[model]\nencoder = 3\n")
    async with app().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        choices = pilot.app.screen.query_one("#choices")
        choices.highlighted = next(n for n, one in enumerate(choices.options) if "broken" in str(one.id))
        await pilot.press("e")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, EditorScreen)


async def test_words_of_a_foreign_preset_are_shown_and_never_sent(app, here):
    """Neither into the line, nor as a name that leads elsewhere."""
    shipped = find_preset("digits-mlp").read_text()
    name = 'name = "x/../../A\\u001b]0;PWNED\\u0007\\u009b31m"\n'
    (here / "odd.toml").write_text(name + shipped)
    async with app().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        choices = pilot.app.screen.query_one("#choices")
        choices.highlighted = next(n for n, one in enumerate(choices.options) if "odd" in str(one.id))
        await pilot.press("e")
        await pilot.pause()
        screen = pilot.app.screen
        await go_to(pilot, screen, "name")
        await pilot.press("enter")
        await pilot.pause()
        line = screen.query_one(Input)
        assert line.value == "x/../../A␛]0;PWNED␇\\x9b31m"
        await pilot.press("escape", "w")
        await pilot.pause()
        assert line.value == "my-x-------A--0-PWNED--31m.toml"


def test_every_name_has_a_space_behind_it():
    assert max(len(setting.name) for setting in every_setting()) + 1 == NAME_CELLS
