"""The app's screens, driven by keys, on run folders written for the purpose."""

import gc
import weakref

import pytest
from screen_text import text_of
from textual.widgets import OptionList

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs.create import create_run
from aetui.runs.event_log import EventWriter
from aetui.runs.events import StateChanged
from aetui.runs.folder import RunFolder
from aetui.ui.app import AetuiApp
from aetui.ui.calculator.chain_line import ChainLine
from aetui.ui.charts.loss_chart import LossChart
from aetui.ui.key_names import action_names
from aetui.ui.menu.screen import MenuScreen
from aetui.ui.monitor.screen import MonitorScreen

HOSTILE = [
    "[/x]",
    "[@click=app.quit]",
    "[bold",
    "\x1b[31m\x1b]0;x\x07",
    "\u202eevil",
    "日本語👩",
    "a\x00b",
    "x" * 4096,
]


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (200, 60)])
async def test_the_monitor_tells_what_matters_at_a_glance(app, scripted, size):
    async with app(watch=scripted()).run_test(size=size) as pilot:
        await pilot.pause(0.2)
        text = text_of(pilot)
        for words in (
            "digits-mlp",
            "running",
            "epoch  4/10",
            "32%",
            "images/s",
            "left",
            "test  0.0275",
            "best on test 0.0275",
        ):
            assert words in text, words
        if size[0] >= 120:
            for words in ("99 %", "220k", "epoch 3: train 0.0333", "the first pictures come"):
                assert words in text, words


async def test_number_keys_choose_the_panel_of_a_small_screen(app, scripted):
    async with app(watch=scripted()).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        shown = []
        for key in "2345":
            await pilot.press(key)
            shown.append(text_of(pilot))
    for text, words in zip(shown, ("train loss", "99 %", "epoch 3: train", "linear 128"), strict=True):
        assert words in text


async def test_keys_change_the_chart(app, scripted):
    async with app(watch=scripted()).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        chart = pilot.app.screen.query_one(LossChart)
        await pilot.press("l", "m", "x")
        assert (chart.log_scale, chart.smoothing > 0, chart.x_axis) == (True, True, "step")
        await pilot.press("l", "m", "m", "m", "x")
        assert chart.x_axis == "images"
        await pilot.press("x", "x", "z")
        assert (chart.log_scale, chart.smoothing, chart.x_axis) == (False, 0, "epoch")
        await pilot.pause()
        assert chart.size.width > 130


async def test_keys_become_commands_in_the_run_folder(app, scripted):
    folder = scripted()
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("space", "c", "s")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
    assert folder.control.read_text().split() == ["pause", "checkpoint", "stop"]


async def test_a_run_that_ended_takes_no_commands(app, scripted):
    folder = scripted(state="failed")
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("c", "s")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MonitorScreen)
        while "Play" not in text_of(pilot).splitlines()[-1]:
            await pilot.pause(0.05)
        assert "Stop" not in text_of(pilot).splitlines()[-1]
    assert not folder.control.exists()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("running", "{name} goes on without a screen; see it with: aetui watch {path}"),
        ("paused", "{name} stays paused without a screen; go on with: aetui control {path} resume"),
        ("finished", ""),
    ],
)
@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_leaving_a_run_that_is_watched_tells_what_becomes_of_it(app, scripted, key, state, said):
    folder = scripted(state=state)
    leaving = app(watch=folder)
    async with leaving.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
    assert leaving.farewell == said.format(name=folder.name, path=folder.path)


async def test_space_takes_up_a_run_that_ended_early(app, scripted, monkeypatch):
    begun = []
    start = lambda self, folder, repair: begun.append((folder.path, repair))  # noqa: E731
    monkeypatch.setattr(AetuiApp, "_start_training", start)
    folder = scripted(state="stopped")
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        while "space Resume" not in text_of(pilot).splitlines()[-1]:
            await pilot.pause(0.05)
        await pilot.press("space")
        await pilot.pause()
    assert begun == [(folder.path, False)]


async def test_a_finished_run_is_not_taken_up(app, scripted):
    async with app(watch=scripted(state="finished")).run_test(size=(140, 40)) as pilot:
        while "Play" not in text_of(pilot).splitlines()[-1]:
            await pilot.pause(0.05)
        assert "space" not in text_of(pilot).splitlines()[-1]
        await pilot.press("space")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MonitorScreen)


async def test_a_run_whose_process_died_is_shown_as_interrupted(app, scripted):
    folder = scripted()
    folder.change_meta(pid_started=1.0)
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        while "interrupted" not in text_of(pilot):
            await pilot.pause(0.1)


async def test_keys_can_be_changed(app, scripted, tmp_path, monkeypatch):
    (tmp_path / "keys.toml").write_text('"run.pause" = "f5"\n')
    monkeypatch.setattr("aetui.ui.app.keys_file", lambda: tmp_path / "keys.toml")
    folder = scripted()
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("space")
        assert not folder.control.exists()
        await pilot.press("f5")
        await pilot.pause()
    assert folder.control.read_text().split() == ["pause"]


async def test_every_action_of_the_help_can_be_given_another_key(app, scripted):
    async with app(watch=scripted()).run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await pilot.pause()
        bindings = [active.binding for active in pilot.app.screen.active_bindings.values()]
        listed = {binding.id for binding in bindings if binding.tooltip and binding.id}
        assert {"app.quit", "run.pause", "panel.page_up"} <= listed
        assert listed <= action_names()


def test_every_key_has_an_id_and_a_tooltip_and_none_is_double():
    for owner in (AetuiApp, MenuScreen, MonitorScreen):
        for binding in owner.BINDINGS:
            assert binding.id, binding
            assert binding.tooltip, binding
    bindings = [*AetuiApp.BINDINGS, *MonitorScreen.BINDINGS]
    keys = [key for binding in bindings if binding.action != "resume" for key in binding.key.split(",")]
    assert len(keys) == len(set(keys)), "but for pause and resume, of which one is there at a time"


async def test_escape_goes_back_to_the_menu_which_lists_the_run(app, scripted):
    folder = scripted()
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("escape")
        await pilot.pause()
        choices = pilot.app.screen.query_one(OptionList)
        assert choices.get_option(f"run:{folder.name}")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_names_of_any_kind_are_shown_literally(app, scripted, name):
    folder = scripted(name, state="failed")
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        for key in ("z", "escape", "end"):
            await pilot.press(key)
            await pilot.pause()
            text = text_of(pilot)
            assert not any(ord(char) < 32 for char in text.replace("\n", ""))
            assert "\u202e" not in text
        if name.startswith("["):
            assert name in text


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (49, 13), (50, 14), (500, 200)])
async def test_any_size(app, scripted, size):
    async with app(watch=scripted()).run_test(size=size) as pilot:
        await pilot.pause(0.2)
        small = size[0] < 50 or size[1] < 14
        assert ("too small" in text_of(pilot).replace("\n", " ")) == (small and size[0] > 10)


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.slow)])
async def test_many_resizes_in_a_row(app, scripted, count):
    async with app(watch=scripted()).run_test(size=(80, 24)) as pilot:
        for step in range(count):
            await pilot.resize_terminal(20 + step * 7 % 100, 5 + step * 5 % 30)
        await pilot.resize_terminal(80, 24)
        await pilot.pause(0.2)
        assert "epoch  4/10" in text_of(pilot)


async def test_data_that_cannot_be_had_are_offered_as_their_generated_twin(app, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(AetuiApp, "on_train_requested", lambda self, message: started.append(message.folder))
    preset = read_preset(find_preset("mnist-conv"))
    folder = create_run(preset, "", tmp_path / "runs", tmp_path)
    folder.own()
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        EventWriter(folder.events).write(StateChanged("failed", "MNIST could not be downloaded", "digits"))
        while "Train on generated digits" not in text_of(pilot):
            await pilot.pause(0.02)
        assert "MNIST could not be downloaded" in text_of(pilot)
        await pilot.press("enter")
        await pilot.pause()
    (twin,) = started
    made = read_preset(twin.config)
    assert made.data.name == "digits"
    assert made.model == preset.model


async def test_a_calculator_left_with_its_line_wiped_is_undone_when_it_is_opened_again(app):
    async with app().run_test(size=(80, 24)) as pilot:
        await pilot.press("k", "ctrl+a", "delete", *"28 relu")
        await pilot.press(*["backspace"] * len("28 relu"), "escape", "escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MenuScreen)
        await pilot.press("k")
        await pilot.pause()
        line = pilot.app.screen.query_one(ChainLine)
        for _ in range(2):
            await pilot.press("ctrl+z")
        assert line.value.startswith("28")


async def test_a_closed_monitor_is_let_go_of_though_the_terminal_was_resized_while_it_was_open(app, scripted):
    """Its history is megabytes; Textual keeps the sender of the last message that an idle widget handled."""
    async with app(watch=scripted()).run_test(size=(140, 40)) as pilot:
        await pilot.pause()
        monitor = weakref.ref(pilot.app.screen)
        assert isinstance(monitor(), MonitorScreen)
        for size in ((80, 24), (140, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        pilot.app.pop_screen()
        await pilot.pause()
        await pilot.pause()
        gc.collect()
        assert isinstance(pilot.app.screen, MenuScreen)
        assert monitor() is None


async def test_what_is_said_on_leaving_is_harmless(app, scripted):
    """A folder may have any name, and the line is printed on the bare terminal."""
    folder = scripted(state="running")
    leaving = app(watch=RunFolder(folder.path.rename(folder.path.with_name("evil\x1b]0;pwned\x07"))))
    async with leaving.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
    assert "evil␛]0;pwned␇ goes on without a screen" in leaving.farewell
    assert leaving.farewell.isprintable()
